import { DataArgumentError } from './arguments/argumentError.ts';
import { type Check, ofType, wholeIn } from './arguments/checks.ts';
import { checkedOptions } from './arguments/options.ts';
import { refuse } from './arguments/refuse.ts';
import { draw } from './philox.ts';

/** Shares of the rows, each in 0..1, with sum 1. */
export interface SplitFractions {
  train: number;
  validation: number;
  test: number;
}

export interface SplitOptions {
  /** Unsigned 32-bit integer; 0 when left out. */
  seed?: number;
  /** 0.8 / 0.1 / 0.1 when left out. */
  fractions?: SplitFractions;
}

/** Row numbers of the three parts, each in the order of the permutation. */
export interface Split {
  train: Uint32Array;
  validation: Uint32Array;
  test: Uint32Array;
}

/** Thrown by {@link splitIndices} when the split that was asked for does not exist. */
export class SplitError extends DataArgumentError {
  override name = 'SplitError';
}

const EIGHT_ONE_ONE: SplitFractions = { train: 0.8, validation: 0.1, test: 0.1 };
const UINT32_VALUES = 2 ** 32;
/** Decimal fractions such as 0.7 + 0.2 + 0.1 miss 1 by a few units in the last place. */
const SUM_TOLERANCE = 1e-9;

/**
 * Splits rows 0..n-1 into train, validation and test by a seeded random permutation.
 *
 * The permutation is Fisher-Yates with Philox2x32-10 draws (key = seed), so a seed means the same split on every
 * machine. Part ends are at `round(n * cumulative fraction)`: every row is in exactly one part.
 *
 * @throws SplitError for a bad n, seed or fraction, options that it does not have, and when a part with a positive fraction
 * would be empty
 */
export function splitIndices(n: number, options: SplitOptions = {}): Split {
  const checks = { seed: wholeIn(0, UINT32_VALUES - 1), fractions: checkFractions };
  const { seed = 0, fractions = EIGHT_ONE_ONE } = checkedOptions('splitIndices', options, checks, SplitError);
  if (!Number.isInteger(n) || n < 1 || n >= UINT32_VALUES) {
    const remedy = 'Pass the number of rows of the data set.';
    refuse('splitIndices', 'a whole number of rows of at least 1', n, remedy, SplitError);
  }
  const { train, validation, test } = fractions;
  const sum = train + validation + test;
  const inRange = [train, validation, test].every((fraction) => fraction >= 0 && fraction <= 1);
  if (!inRange || Math.abs(sum - 1) > SUM_TOLERANCE) {
    throw new SplitError(
      `splitIndices: expected fractions in 0..1 with sum 1, given train ${train}, validation ${validation}, test ${test} with sum ${sum}. Change them to sum to 1.`,
    );
  }

  const order = permutation(n, seed);
  // A zero test share must not receive a row by rounding of train + validation.
  const trainEnd = Math.round(n * train);
  const validationEnd = test === 0 ? n : Math.round(n * (train + validation));
  const split = {
    train: order.slice(0, trainEnd),
    validation: order.slice(trainEnd, validationEnd),
    test: order.slice(validationEnd),
  };
  for (const part of ['train', 'validation', 'test'] as const) {
    if (fractions[part] > 0 && split[part].length === 0) {
      throw new SplitError(
        `splitIndices: expected at least one row for ${part} (fraction ${fractions[part]}), given ${n} rows in all. Use more rows, a larger fraction, or 0 for no ${part} part.`,
      );
    }
  }
  return split;
}

const checkFractions: Check = (op, _what, given) => {
  const names = { train: ofType('number'), validation: ofType('number'), test: ofType('number') };
  checkedOptions(`${op}, fractions`, given as SplitFractions, names, SplitError);
};

/** A uniformly random order of 0..n-1. */
function permutation(n: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let counter = 0;
  for (let i = n - 1; i > 0; i--) {
    const choices = i + 1;
    // Values at or over the largest multiple of `choices` would favour small remainders: draw again.
    const limit = UINT32_VALUES - (UINT32_VALUES % choices);
    let bits: number;
    do {
      bits = draw([counter % UINT32_VALUES, Math.floor(counter / UINT32_VALUES)], seed)[0];
      counter++;
    } while (bits >= limit);
    const j = bits % choices;
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
