import { Doubles, type Floats, type Lanes, type Term } from './lanes.ts';

/** A vector of four floats as two vectors of doubles. */
export function promoteHalves(v: Doubles, x: Term): [Term, Term] {
  const low = () => {
    x();
    v.f.f64x2PromoteLowF32x4();
  };
  const high = () => {
    x();
    x();
    v.f.i32x4Shuffle(2, 3, 2, 3);
    v.f.f64x2PromoteLowF32x4();
  };
  return [v.keep(low), v.keep(high)];
}

/** Leaves two vectors of doubles on the stack as one of floats. */
export function demoteHalves(v: Lanes, halves: readonly Term[]): void {
  for (const half of halves) {
    half();
    v.f.f32x4DemoteF64x2Zero();
  }
  v.f.i32x4Shuffle(0, 1, 4, 5);
}

/**
 * Computes a function of floats in doubles, whose result is then rounded once: the way to half an ULP where speed
 * matters less.
 */
export function inDoubles(v: Floats, operands: readonly Term[], formula: (d: Doubles, ...x: Term[]) => Term): Term {
  const d = new Doubles(v.f, v.constants);
  const promoted = operands.map((x) => promoteHalves(d, x));
  const halves = [0, 1].map((half) => d.keep(formula(d, ...promoted.map((pair) => pair[half as 0 | 1]))));
  const result = v.keep(() => demoteHalves(v, halves));
  d.release();
  return result;
}
