/** A Liberty library of no technology, so that ABC maps where the user has none: areas in NAND2 gates of smallest drive,
 *  times in τ, capacitances in inputs of the smallest inverter. What a technology makes of these units is in
 *  `constants.json`.
 *
 *  Delays are those of logical effort (Sutherland, Sproull, Harris, "Logical Effort", 1999, ch. 1 and table 1.2): a gate of
 *  drive x has the inverter's resistance / x, so that d = p + load / x in τ, inputs of g · x and p the parasitic delay of its
 *  kind. An inverter that drives four of its like takes 5 τ: one FO4. Areas are on the grid of a standard-cell row, a third
 *  of a NAND2 each (two transistors of a column and their share of the gap), as in Nangate's 45 nm library, where INV,
 *  NAND2, NAND3, AOI21, XOR2, MUX2 and DFF are 2, 3, 4, 4, 6, 7 and 17 such columns. Slopes of edges are left out. */

/** Name of the cell that counts as one gate. */
export const GATE = "NAND2_X1";

interface Gate {
  readonly function: string;
  readonly inputs: readonly string[];
  /** Columns of the row, a third of a NAND2 each. */
  readonly columns: number;
  /** g: input capacitance by that of an inverter of the same drive. */
  readonly effort: number;
  /** p, in τ. */
  readonly parasitic: number;
  readonly drive?: number;
}

const AB = ["A", "B"];
const ABC = ["A", "B", "C"];
const ABCD = ["A", "B", "C", "D"];

const GATES: Readonly<Record<string, Gate>> = {
  INV_X1: { function: "!A", inputs: ["A"], columns: 2, effort: 1, parasitic: 1 },
  INV_X4: { function: "!A", inputs: ["A"], columns: 5, effort: 1, parasitic: 1, drive: 4 },
  BUF_X1: { function: "A", inputs: ["A"], columns: 3, effort: 1, parasitic: 3 },
  BUF_X4: { function: "A", inputs: ["A"], columns: 7, effort: 0.4, parasitic: 4, drive: 4 },
  BUF_X16: { function: "A", inputs: ["A"], columns: 23, effort: 0.25, parasitic: 5, drive: 16 },
  NAND2_X1: { function: "!(A&B)", inputs: AB, columns: 3, effort: 4 / 3, parasitic: 2 },
  NAND2_X4: { function: "!(A&B)", inputs: AB, columns: 9, effort: 4 / 3, parasitic: 2, drive: 4 },
  NAND3_X1: { function: "!(A&B&C)", inputs: ABC, columns: 4, effort: 5 / 3, parasitic: 3 },
  NAND4_X1: { function: "!(A&B&C&D)", inputs: ABCD, columns: 5, effort: 2, parasitic: 4 },
  NOR2_X1: { function: "!(A|B)", inputs: AB, columns: 3, effort: 5 / 3, parasitic: 2 },
  NOR3_X1: { function: "!(A|B|C)", inputs: ABC, columns: 4, effort: 7 / 3, parasitic: 3 },
  AND2_X1: { function: "A&B", inputs: AB, columns: 4, effort: 4 / 3, parasitic: 5 },
  OR2_X1: { function: "A|B", inputs: AB, columns: 4, effort: 5 / 3, parasitic: 5 },
  AOI21_X1: { function: "!((A&B)|C)", inputs: ABC, columns: 4, effort: 2, parasitic: 3 },
  OAI21_X1: { function: "!((A|B)&C)", inputs: ABC, columns: 4, effort: 2, parasitic: 3 },
  AOI22_X1: { function: "!((A&B)|(C&D))", inputs: ABCD, columns: 5, effort: 2, parasitic: 4 },
  OAI22_X1: { function: "!((A|B)&(C|D))", inputs: ABCD, columns: 5, effort: 2, parasitic: 4 },
  XOR2_X1: { function: "A^B", inputs: AB, columns: 6, effort: 2.5, parasitic: 4 },
  XNOR2_X1: { function: "!(A^B)", inputs: AB, columns: 6, effort: 2.5, parasitic: 4 },
  MUX2_X1: { function: "(S&B)|(!S&A)", inputs: ["A", "B", "S"], columns: 7, effort: 2, parasitic: 5 },
};

/** Flip-flop: clock to output and set-up, in τ. */
const FLOP = { columns: 17, effort: 1, clockToOutput: 8, setUp: 4 };

const number = (value: number): string => String(Number(value.toFixed(6)));

/** Two points of a straight line in the load, for any slope of the input. */
const table = (name: string, intercept: number, slope: number): string => {
  const row = `"${number(intercept)}, ${number(intercept + 64 * slope)}"`;
  return `        ${name} (by_load) { values (${row}, ${row}); }`;
};

function arc(related: string, kind: string, parasitic: number, drive: number, sense: string): string {
  return [
    "      timing () {",
    `        related_pin : "${related}"; ${kind}`,
    ...(sense === "" ? [] : [`        timing_sense : ${sense};`]),
    table("cell_rise", parasitic, 1 / drive),
    table("cell_fall", parasitic, 1 / drive),
    table("rise_transition", 0, 0),
    table("fall_transition", 0, 0),
    "      }",
  ].join("\n");
}

function senseOf(gate: string): string {
  if (/^(XOR|XNOR|MUX)/.test(gate)) return "non_unate";
  return /^(BUF|AND|OR)/.test(gate) ? "positive_unate" : "negative_unate";
}

function cell(name: string, gate: Gate): string {
  const drive = gate.drive ?? 1;
  const arcs = gate.inputs.map((pin) => arc(pin, "", gate.parasitic, drive, senseOf(name)));
  return [
    `  cell (${name}) {`,
    `    area : ${number(gate.columns / 3)};`,
    ...gate.inputs.map(
      (pin) => `    pin (${pin}) { direction : input; capacitance : ${number(gate.effort * drive)}; }`,
    ),
    `    pin (Y) {\n      direction : output; function : "${gate.function}"; max_capacitance : ${64 * drive};`,
    ...arcs,
    "    }",
    "  }",
  ].join("\n");
}

function flop(): string {
  const { columns, effort, clockToOutput, setUp } = FLOP;
  const set = `"${setUp}, ${setUp}"`;
  return `  cell (DFF_X1) {
    area : ${number(columns / 3)};
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }
    pin (CK) { direction : input; clock : true; capacitance : ${effort}; }
    pin (D) {
      direction : input; capacitance : ${effort};
      timing () {
        related_pin : "CK"; timing_type : setup_rising;
        rise_constraint (by_load) { values (${set}, ${set}); }
        fall_constraint (by_load) { values (${set}, ${set}); }
      }
    }
    pin (Q) {
      direction : output; function : "IQ"; max_capacitance : 64;
${arc("CK", "timing_type : rising_edge;", clockToOutput, 1, "non_unate")}
    }
  }`;
}

export const genericLiberty = (): string => `library (generic) {
  delay_model : table_lookup;
  time_unit : "1ps";
  voltage_unit : "1V";
  current_unit : "1mA";
  leakage_power_unit : "1nW";
  pulling_resistance_unit : "1kohm";
  capacitive_load_unit (1, ff);
  nom_process : 1; nom_voltage : 1; nom_temperature : 25;
  default_max_transition : 1000;
  lu_table_template (by_load) {
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0, 1000"); index_2 ("0, 64");
  }
${Object.entries(GATES)
  .map(([name, gate]) => cell(name, gate))
  .join("\n")}
${flop()}
}
`;
