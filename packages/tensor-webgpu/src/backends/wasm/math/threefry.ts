import type { Floats, Term } from './lanes.ts';

/** Rotation distances of the eight rounds that repeat (Salmon et al. 2011, table 2). */
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
/** The constant that makes the third key word. */
const PARITY = 0x1bd11bda;
const GROUPS = 5;

/**
 * Threefry-2x32 with 20 rounds on four lanes of u32: two key words and two counter words give two random words. Salmon,
 * Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export function threefry2x32(v: Floats, key0: Term, key1: Term, counter0: Term, counter1: Term): [Term, Term] {
  const third = v.keep(v.xor(v.xor(key0, key1), v.bits(PARITY)));
  const keys = [key0, key1, third] as const;
  const key = (i: number): Term => keys[(i % 3) as 0 | 1 | 2];
  const x0 = v.variable();
  const x1 = v.variable();
  x0.set(v.intAdd(counter0, key0));
  x1.set(v.intAdd(counter1, key1));
  for (let group = 1; group <= GROUPS; group++) {
    for (const distance of ROTATIONS[((group - 1) % 2) as 0 | 1]) {
      x0.set(v.intAdd(x0.get, x1.get));
      const turned = v.or(v.shiftLeft(x1.get, distance), v.shiftRight(x1.get, 32 - distance));
      x1.set(v.xor(turned, x0.get));
    }
    x0.set(v.intAdd(x0.get, key(group)));
    x1.set(v.intAdd(v.intAdd(x1.get, key(group + 1)), v.bits(group)));
  }
  return [x0.get, x1.get];
}
