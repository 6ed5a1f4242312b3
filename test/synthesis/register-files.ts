/** Readers of what describes a design's registers to other programs: SystemRDL, IP-XACT and the table. Each knows the
 *  part of its language that a generated file may use, and refuses the rest. */

/** A register as a file describes it; `reset` null where the file gives none. */
export interface ReadRegister {
  name: string;
  address: number;
  fields: { name: string; high: number; low: number; writable: boolean; reset: number | null; description: string }[];
}

/** SystemRDL: one addrmap of registers of fields, with properties that the language has for each. */
export function readRdl(text: string): ReadRegister[] {
  const tokens =
    text.replace(/\/\/.*$/gm, "").match(/"(?:[^"\\]|\\.)*"|0x[0-9a-f]+|[A-Za-z_]\w*|\d+|[{}[\];:=@]/g) ?? [];
  const rest = text
    .replace(/\/\/.*$/gm, "")
    .replace(/"(?:[^"\\]|\\.)*"|0x[0-9a-f]+|[A-Za-z_]\w*|\d+|[{}[\];:=@]|\s/g, "");
  if (rest !== "") throw new Error(`not SystemRDL: ${rest}`);
  let at = 0;
  const next = () => tokens[at++];
  const expect = (token: string) => {
    const found = next();
    if (found !== token) throw new Error(`${found} where ${token} should be, after ${tokens.slice(at - 8, at - 1)}`);
  };
  const optional = (token: string) => tokens[at] === token && ++at > 0;
  const name = () => {
    const found = next();
    if (!/^[A-Za-z_]\w*$/.test(found)) throw new Error(`${found} is no name`);
    return found;
  };
  const number = () => {
    const found = Number(next());
    if (!Number.isInteger(found)) throw new Error(`no number after ${tokens.slice(at - 4, at)}`);
    return found;
  };
  const string = () => JSON.parse(next()) as string;
  const properties = (allowed: Readonly<Record<string, () => unknown>>) => {
    const found: Record<string, unknown> = {};
    while (tokens[at] in allowed) {
      const property = next();
      if (property === "default") {
        name();
        expect("=");
        number();
      } else {
        found[property] = allowed[property]();
      }
      expect(";");
    }
    return found;
  };
  const assigned = (value: () => unknown) => () => {
    expect("=");
    return value();
  };
  const one = (...values: string[]) =>
    assigned(() => {
      const found = next();
      if (!values.includes(found)) throw new Error(`${found} is none of ${values}`);
      return found;
    });
  const registers: ReadRegister[] = [];
  expect("addrmap");
  name();
  expect("{");
  const set = () => true;
  properties({ name: assigned(string), desc: assigned(string), littleendian: set, lsb0: set, default: set });
  while (!optional("}")) {
    optional("external");
    expect("reg");
    expect("{");
    properties({ desc: assigned(string) });
    const fields: ReadRegister["fields"] = [];
    while (optional("field")) {
      expect("{");
      const { desc, sw } = properties({
        desc: assigned(string),
        sw: one("r", "rw"),
        hw: one("r", "w", "rw", "na"),
      });
      expect("}");
      const fieldName = name();
      expect("[");
      const high = number();
      expect(":");
      const low = number();
      expect("]");
      const reset = optional("=") ? number() : null;
      expect(";");
      fields.push({ name: fieldName, high, low, writable: sw === "rw", reset, description: String(desc) });
    }
    expect("}");
    const registerName = name();
    expect("@");
    registers.push({ name: registerName, address: number(), fields });
    expect(";");
  }
  expect(";");
  if (at !== tokens.length) throw new Error(`more after the addrmap: ${tokens[at]}`);
  return registers;
}

/** An element of XML with its elements, or with its text. */
export interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** Well-formed XML without CDATA and processing instructions. */
export function readXml(text: string): Element {
  const body = text
    .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "")
    .replace(/<!--(?:(?!--)[\s\S])*-->/g, "");
  const root: Element = { name: "", children: [], text: "" };
  const open = [root];
  let at = 0;
  for (const match of body.matchAll(/<(\/?)([A-Za-z][\w.:-]*)((?:\s+[\w:.-]+="[^"<&]*")*)\s*>/g)) {
    const [tag, end, name] = match;
    const between = body.slice(at, match.index);
    if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(between)) throw new Error(`not XML: ${between.trim()}`);
    const top = open[open.length - 1];
    top.text += between.replace(/&(\w+);/g, (_, entity: string) => ENTITIES[entity]).trim();
    at = match.index + tag.length;
    if (end) {
      if (top.name !== name) throw new Error(`</${name}> where <${top.name}> is open`);
      if (top.text !== "" && top.children.length > 0) throw new Error(`text beside elements in <${name}>`);
      open.pop();
    } else {
      const element = { name, children: [], text: "" };
      top.children.push(element);
      open.push(element);
    }
  }
  if (open.length !== 1 || body.slice(at).trim() !== "" || root.children.length !== 1 || root.text !== "")
    throw new Error("not one element");
  return root.children[0];
}

/** Elements of IEEE 1685-2014, in the order that its schema asks for; of each what a generated file may have. */
const IPXACT: Readonly<Record<string, readonly string[]>> = {
  component: ["vendor", "library", "name", "version", "memoryMaps"],
  memoryMaps: ["memoryMap"],
  memoryMap: ["name", "description", "addressBlock", "addressUnitBits"],
  addressBlock: ["name", "baseAddress", "range", "width", "usage", "register"],
  register: ["name", "description", "addressOffset", "size", "field"],
  field: ["name", "description", "bitOffset", "resets", "bitWidth", "volatile", "access"],
  resets: ["reset"],
  reset: ["value"],
};

/** IP-XACT: a component with one block of registers. */
export function readIpXact(text: string): ReadRegister[] {
  if (!text.includes('xmlns:ipxact="http://www.accellera.org/XMLSchema/IPXACT/1685-2014"'))
    throw new Error("no namespace");
  const check = ({ name, children }: Element) => {
    const order = IPXACT[name.replace("ipxact:", "")] ?? [];
    const places = children.map((child) => order.indexOf(child.name.replace(/^ipxact:/, "")));
    if (places.includes(-1) || places.some((place, k) => place < (places[k - 1] ?? 0)))
      throw new Error(`<${name}> has ${children.map((c) => c.name)}`);
    children.forEach(check);
  };
  const all = (element: Element, name: string) => element.children.filter((c) => c.name === `ipxact:${name}`);
  const textOf = (element: Element, name: string) => {
    const found = all(element, name);
    if (found.length !== 1) throw new Error(`${found.length} times ${name} in <${element.name}>`);
    return found[0].text;
  };
  const component = readXml(text);
  check(component);
  const [maps] = all(component, "memoryMaps");
  const [block] = all(all(maps, "memoryMap")[0], "addressBlock");
  return all(block, "register").map((register) => ({
    name: textOf(register, "name"),
    address: Number(textOf(register, "addressOffset")),
    fields: all(register, "field").map((field) => {
      const low = Number(textOf(field, "bitOffset"));
      const [resets] = all(field, "resets");
      return {
        name: textOf(field, "name"),
        high: low + Number(textOf(field, "bitWidth")) - 1,
        low,
        writable: textOf(field, "access") === "read-write",
        reset: resets ? Number(textOf(all(resets, "reset")[0], "value")) : null,
        description: textOf(field, "description"),
      };
    }),
  }));
}

/** The table of `register_map.md`. */
export function readTable(text: string): ReadRegister[] {
  const registers: ReadRegister[] = [];
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| address"));
  for (const row of rows) {
    const cells = row
      .slice(2, -2)
      .split("|")
      .map((cell) => cell.trim());
    if (cells.length !== 7) throw new Error(`not a row of seven cells: ${row}`);
    const [address, register, field, bits, access, reset, description] = cells;
    if (register !== "") registers.push({ name: register, address: Number(address), fields: [] });
    if (field === "") continue;
    const [high, low = high] = bits.split(":").map(Number);
    registers.at(-1)?.fields.push({
      name: field,
      high,
      low,
      writable: access === "rw",
      reset: reset === "none" ? null : Number(reset),
      description,
    });
  }
  return registers;
}
