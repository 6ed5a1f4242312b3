/** Prints sensors.csv: made-up readings of 19 sensors, 5 features each, from a machine in one of 6 states.
 *  `node examples/sensors-data.mjs > examples/sensors.csv` gives the same bytes every time. */

const SENSORS = 19;
const FEATURES = ["mean", "std", "min", "max", "slope"];
const STATES = ["bearing", "gear", "loose", "misaligned", "normal", "unbalanced"];
const ROWS = 300;
/** Largest difference between two states in one feature, and largest noise. */
const SHIFT = 24;
const SPREAD = 45;

/** Mulberry32 (Tommy Ettinger): a number in [0, 1). */
let seed = 95;
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const columns = Array.from({ length: SENSORS }, (_, s) =>
  FEATURES.map((feature) => `s${String(s + 1).padStart(2, "0")}_${feature}`),
).flat();
const healthy = columns.map(() => 35 + 30 * random());
const usual = STATES.map(() => healthy.map((value) => value + SHIFT * (random() - 0.5)));

const lines = [[...columns, "state"]];
for (let row = 0; row < ROWS; row++) {
  const state = row % STATES.length;
  const readings = usual[state].map((value) => value + SPREAD * (random() + random() - 1));
  lines.push([...readings.map((v) => Math.max(0, Math.min(99, Math.round(v)))), STATES[state]]);
}
process.stdout.write(`${lines.map((cells) => cells.join(",")).join("\n")}\n`);
