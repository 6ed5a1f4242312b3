/** Prints examples/device-curves.csv: made-up measurements of four devices, six cycles each, as a probe station would give
 *  them. Sets of 64 pulses, resets of 50, noise of 1 % of the range by pulse, 0.4 to 5 µS. */
const LOWEST = 0.4e-6;
const HIGHEST = 5e-6;
const CYCLES = 6;
const NOISE = 0.01;
/** Normalised A of each device, set and reset: of labels 2.78, 2.02, 2.27, 2.57, and −2.87, −3.34, −3.46, −3.00. */
const DEVICES = [
  [0.4232, 0.4071],
  [0.6028, 0.3402],
  [0.5302, 0.3251],
  [0.4617, 0.3865],
];

let state = 20240601;
function uniform() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

/** Part of the range after one pulse, from the end where the direction starts. */
function pulse(x, a, states) {
  const part = 1 - Math.exp(-1 / (states * a));
  const top = 1 / (1 - Math.exp(-1 / a));
  return Math.min(1, Math.max(0, x + (top - x) * part + NOISE * normal()));
}

console.log("device,cycle,direction,pulse,conductance");
DEVICES.forEach(([set, reset], device) => {
  let g = 0;
  for (let cycle = 1; cycle <= CYCLES; cycle++)
    for (const [direction, a, states] of [
      ["set", set, 64],
      ["reset", reset, 50],
    ])
      for (let n = 0; n <= states; n++) {
        if (n > 0) g = direction === "set" ? pulse(g, a, states) : 1 - pulse(1 - g, a, states);
        const siemens = LOWEST + (HIGHEST - LOWEST) * g;
        console.log([`W${device + 1}`, cycle, direction, n, siemens.toExponential(6)].join(","));
      }
});
