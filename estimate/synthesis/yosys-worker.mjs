/** Runs the Yosys of the npm package in a thread of its own, one call after the other. */
import { parentPort } from "node:worker_threads";
import { runYosys } from "@yowasp/yosys";

parentPort.on("message", async ({ args, files, result }) => {
  const decoder = new TextDecoder();
  let messages = "";
  const listen = (bytes) => {
    if (bytes) messages += decoder.decode(bytes, { stream: true });
  };
  try {
    const written = await runYosys(args, files, { stdout: listen, stderr: listen });
    const text = written?.[result];
    parentPort.postMessage({
      text: text === undefined || typeof text === "string" ? text : decoder.decode(text),
      messages,
    });
  } catch (error) {
    parentPort.postMessage({ messages: `${messages}\n${error.message}` });
  }
});
