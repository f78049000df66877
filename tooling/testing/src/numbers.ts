/** Numbers in [0, 1) that depend on the text alone (mulberry32 on an FNV hash). */
export function randomNumbers(text: string): () => number {
  let state = 0x811c9dc5;
  for (const char of text) state = Math.imul(state ^ (char.codePointAt(0) as number), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The largest error, and where it is. */
export interface Measured {
  readonly worst: number;
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
}

/** Smallest size that errors are measured against: the least normal f32. */
const TINY = 2 ** -126;

/**
 * The largest |actual - expected| in units of `unit` · max(|expected|, scale). Equal values, infinities and NaN at
 * the same places count as no error; NaN at one side only, or different lengths, as an infinite one.
 */
export function closeness(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  unit: number,
  scale: number,
): Measured {
  if (actual.length !== expected.length) {
    return {
      worst: Number.POSITIVE_INFINITY,
      index: Math.min(actual.length, expected.length),
      actual: actual.length,
      expected: expected.length,
    };
  }
  let result: Measured = { worst: 0, index: -1, actual: Number.NaN, expected: Number.NaN };
  for (let index = 0; index < actual.length; index++) {
    const [a, e] = [Number(actual[index]), Number(expected[index])];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    // Integers and booleans differ by whole units.
    const size = unit === 1 && scale === 0 ? 1 : Math.max(Math.abs(e), scale, TINY);
    const error = Math.abs(a - e) / (unit * size);
    const worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    if (worst > result.worst) result = { worst, index, actual: a, expected: e };
  }
  return result;
}

/** Step of the differences: the error of order h⁴ and the rounding error of order 1e-16 / h are both below 1e-12 or so. */
const STEP = 1e-3;

const POINTS = [2 * STEP, STEP, -STEP, -2 * STEP];

const slopes = ([far, near, nearBack, farBack]: readonly ArrayLike<number>[]): number[] =>
  Array.from({ length: near.length }, (_, i) => (8 * (near[i] - nearBack[i]) - (far[i] - farBack[i])) / (12 * STEP));

/** d/dt f(t) at 0 by central differences of fourth order. */
export const differences = (f: (t: number) => ArrayLike<number>): number[] => slopes(POINTS.map(f));

/** The same of a function that answers by a promise. */
export const laterDifferences = async (f: (t: number) => Promise<ArrayLike<number>>): Promise<number[]> =>
  slopes(await Promise.all(POINTS.map(f)));
