/** The golden half of the method of power.ts, from the same equations in float64. */
import type { GoldenMethod } from "../../golden/method.ts";
import { dot, norm } from "../../golden/vectors.ts";

const scaled = (a: Float64Array, alpha: number, b: Float64Array, beta: number): Float64Array =>
  a.map((value, i) => alpha * value + beta * b[i]);

export const powerGolden: GoldenMethod = {
  keeps: "factors",
  newUnit: ({ inputs, outputs }) => {
    let X = new Float64Array(inputs);
    let D = new Float64Array(outputs);
    let c = 0;
    let count = 0;
    let ended = false;
    return {
      add: (x, delta) => {
        if (ended) [X, D, c, count, ended] = [new Float64Array(inputs), new Float64Array(outputs), 0, 0, false];
        count++;
        const y = scaled(X, c, x, c === 0 ? norm(delta) : dot(delta, D));
        const length = norm(y);
        if (length === 0) return;
        const next = y.map((value) => value / length);
        const z = scaled(D, c * dot(X, next), delta, dot(x, next));
        c = norm(z);
        X = next;
        if (c > 0) D = z.map((value) => value / c);
      },
      finish: () => {
        ended = true;
        return { u: [D], v: [X], strengths: Float64Array.of(c / count) };
      },
    };
  },
};
