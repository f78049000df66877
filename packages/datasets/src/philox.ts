import { checkNumbers, wholeIn } from './arguments/checks.ts';
import { refuse } from './arguments/refuse.ts';

const MULTIPLIER = 0xd256d193;
const WEYL = 0x9e3779b9;
const ROUNDS = 10;

/** High 32 bits of the product of two unsigned 32-bit integers, from 16-bit halves so that no partial sum passes 2^53. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return (aHigh * bHigh + Math.floor((middle + aLow * bHigh) / 0x10000)) >>> 0;
}

/**
 * Philox2x32-10: a counter-based generator. The output is a fixed bijection of the counter for every key,
 * so draw number `counter` of seed `key` is the same on every machine and in any order.
 *
 * @param counter two unsigned 32-bit words
 * @param key one unsigned 32-bit word
 * @returns two unsigned 32-bit words
 * @throws DataArgumentError for anything else
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3
 */
export function philox2x32(counter: readonly [number, number], key: number): [number, number] {
  const op = 'philox2x32';
  checkNumbers(op, 'counter', counter);
  if (counter.length !== 2) refuse(op, 'a counter of two words', counter, 'Pass [low, high].');
  for (const word of [...counter, key]) wholeIn(0, 2 ** 32 - 1)(op, 'each word', word);
  return draw(counter, key);
}

/** The same, of words that are known to be such: draws are many. */
export function draw(counter: readonly [number, number], key: number): [number, number] {
  let [left, right] = counter;
  let roundKey = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high = multiplyHigh(MULTIPLIER, left >>> 0);
    const low = Math.imul(MULTIPLIER, left) >>> 0;
    left = (high ^ roundKey ^ right) >>> 0;
    right = low;
    roundKey = (roundKey + WEYL) >>> 0;
  }
  return [left >>> 0, right >>> 0];
}
