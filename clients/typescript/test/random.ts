// Repeatable random numbers: ASSAY_SEED repeats a run.

import { Context } from "node:test";

/** A generator of whole numbers below a limit. The test says the seed for a repetition. */
export function seeded(context: Context): (limit: number) => number {
  const seed = Number(process.env["ASSAY_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed | 0;
  context.diagnostic(`ASSAY_SEED=${seed}`);
  return (limit) => {
    // A Weyl sequence with mixing: good enough to make shapes, not secrets.
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return ((word ^ (word >>> 15)) >>> 0) % limit;
  };
}
