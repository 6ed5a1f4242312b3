/** Values of the logic functions of a Liberty file. */

const TOKEN = /\s*([!'^&*|+()]|[\w[\]]+)/y;

/** @param logic e.g. `!(A1*A2 + B')`: inversion (! before, ' behind) binds tightest, then ^, then & * or a space, then | +
 *  @param value of a pin
 *  @throws Error where the text is no such function */
export function logicValue(logic: string, value: (pin: string) => boolean): boolean {
  let at = 0;
  const peek = (): string => {
    TOKEN.lastIndex = at;
    return TOKEN.exec(logic)?.[1] ?? "";
  };
  const take = (): void => {
    TOKEN.lastIndex = at;
    TOKEN.exec(logic);
    at = TOKEN.lastIndex;
  };
  const factor = (): boolean => {
    const token = peek();
    if (token === "" || "'^&*|+)".includes(token)) throw new Error(`no logic function: ${logic}`);
    take();
    let result: boolean;
    if (token === "!") return !factor();
    if (token === "(") {
      result = sum();
      if (peek() !== ")") throw new Error(`no logic function: ${logic}`);
      take();
    } else result = token === "1" || (token !== "0" && value(token));
    for (; peek() === "'"; take()) result = !result;
    return result;
  };
  const difference = (): boolean => {
    let result = factor();
    while (peek() === "^") {
      take();
      result = factor() !== result;
    }
    return result;
  };
  const product = (): boolean => {
    let result = difference();
    for (let token = peek(); token !== "" && !"|+)".includes(token); token = peek()) {
      if ("&*".includes(token)) take();
      result = difference() && result;
    }
    return result;
  };
  const sum = (): boolean => {
    let result = product();
    while (peek() !== "" && "|+".includes(peek())) {
      take();
      result = product() || result;
    }
    return result;
  };
  const result = sum();
  if (logic.slice(at).trim() !== "") throw new Error(`no logic function: ${logic}`);
  return result;
}

/** Its values for all inputs, the first input the lowest bit of the index; null where it is no function of them. */
export function truthTable(logic: string, inputs: readonly string[]): readonly boolean[] | null {
  try {
    return Array.from({ length: 2 ** inputs.length }, (_, row) =>
      logicValue(logic, (pin) => {
        const bit = inputs.indexOf(pin);
        if (bit < 0) throw new Error(`${pin} is no input`);
        return ((row >> bit) & 1) === 1;
      }),
    );
  } catch {
    return null;
  }
}
