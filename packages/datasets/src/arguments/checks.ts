import type { ArgumentErrorClass } from './argumentError.ts';
import { refuse } from './refuse.ts';

/** Throws unless `given` is what it should be; `what` is its name in the message. */
export type Check = (op: string, what: string, given: unknown, Kind?: ArgumentErrorClass) => void;

/** A string, a boolean, or a number, NaN and infinity too. */
export const ofType =
  (type: 'string' | 'boolean' | 'number'): Check =>
  (op, what, given, Kind) => {
    if (typeof given !== type) refuse(op, `${what} as a ${type}`, given, `Give a ${type}.`, Kind);
  };

/** A whole number in `least` … `most`. */
export const wholeIn =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check =>
  (op, what, given, Kind) => {
    if (Number.isSafeInteger(given) && (given as number) >= least && (given as number) <= most) return;
    const upper = most < Number.MAX_SAFE_INTEGER ? ` and at most ${most}` : '';
    refuse(op, `${what} as a whole number of at least ${least}${upper}`, given, 'Give such a number.', Kind);
  };

export const oneOf =
  (choices: readonly string[]): Check =>
  (op, what, given, Kind) => {
    if (choices.includes(given as string)) return;
    refuse(op, `${what} as one of ${JSON.stringify(choices)}`, given, 'Use one of these.', Kind);
  };

/** The name of a column, or its number. */
export const checkColumn: Check = (op, what, given, Kind) => {
  if (typeof given === 'string' || typeof given === 'number') return;
  refuse(op, `${what} as the name or number of a column`, given, 'Give a string or a number.', Kind);
};

/** An array of what `check` takes. */
export const listOf =
  (check: Check): Check =>
  (op, what, given, Kind) => {
    if (!Array.isArray(given)) refuse(op, `${what} as an array`, given, 'Put it in brackets.', Kind);
    for (const [i, entry] of given.entries()) check(op, `${what}[${i}]`, entry, Kind);
  };

/** A flat list of numbers: a typed array, or an array or what is like one. Typed arrays are not looked through. */
export const checkNumbers: Check = (op, what, given, Kind) => {
  const { length } = Object(given) as { length?: unknown };
  if (typeof given !== 'object' || !Number.isSafeInteger(length)) {
    refuse(op, `${what} as a list of numbers`, given, 'Give a typed array or an array.', Kind);
  }
  const list = given as ArrayLike<unknown>;
  const looked = ArrayBuffer.isView(given) ? Math.min(1, list.length) : list.length;
  for (let i = 0; i < looked; i++) {
    if (typeof list[i] === 'number') continue;
    refuse(op, `${what}[${i}] as a number`, list[i], 'Flatten nested lists, and convert text with Number.', Kind);
  }
};
