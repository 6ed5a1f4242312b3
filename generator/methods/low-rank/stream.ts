/** A stream as a method of its own: its columns are the outer products. */
import { factorFields, filled } from "../fields.ts";
import type { FactorMethod, Front, Stream, UnitPlan } from "../method.ts";

/** What every method that is a stream has in common. */
export function ofStream(stream: Stream): Omit<FactorMethod, "place" | "look" | "does" | "yardstick"> {
  return {
    keeps: "factors",
    stream,
    frontEnds: [],
    strengths: stream.strengths,
    fields: () => ({ ...factorFields, ...stream.fields }),
    hardware: stream.hardware,
    unit: (gradient) =>
      alone({
        stream,
        rank: filled(gradient.rank, "rank"),
        factorBits: filled(gradient.factorBits, "factorBits"),
        gradient,
      }),
  };
}

function alone(front: Front): UnitPlan {
  const { stream, rank } = front;
  return {
    columns: { rank, first: 0, outer: rank, slots: 0, rowColumns: 0, startsEmpty: stream.startsEmpty },
    programs: (a) => ({
      initial: null,
      sample: stream.sample(a, front),
      flush: null,
      batch: a.program(() => {
        stream.settle(a, front);
        for (let r = 0; r < rank; r++) a.sigma(r, a.strength(r));
      }),
    }),
  };
}
