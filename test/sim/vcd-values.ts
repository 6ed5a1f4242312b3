/** Value of every variable in every cycle of a value change dump, in binary, by cycle and path. */
export function vcdValues(text: string): Map<number, Map<string, string>> {
  const names = new Map<string, string>();
  const scope: string[] = [];
  const now = new Map<string, string>();
  const cycles = new Map<number, Map<string, string>>();
  let cycle = -1;
  for (const line of text.split("\n")) {
    const word = line.split(" ");
    if (word[0] === "$scope") scope.push(word[2]);
    else if (word[0] === "$upscope") scope.pop();
    else if (word[0] === "$var") names.set(word[3], [...scope, word[4]].join("."));
    else if (line.startsWith("#")) {
      const next = Number(line.slice(1));
      for (let c = cycle; c >= 0 && c < next; c++) cycles.set(c, new Map(now));
      cycle = next;
    } else if (/^b/.test(line)) now.set(names.get(word[1]) as string, word[0].slice(1));
    else if (/^[01]/.test(line)) now.set(names.get(line.slice(1)) as string, line[0]);
  }
  return cycles;
}
