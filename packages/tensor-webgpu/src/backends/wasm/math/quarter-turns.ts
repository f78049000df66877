import type { FunctionBuilder } from '../assembler/index.ts';
import { Constants } from './constants.ts';
import type { Floats, Term } from './lanes.ts';
import { Doubles } from './lanes.ts';
import { demoteHalves, promoteHalves } from './widen.ts';

/** Up to here three float parts of π/2 leave an exact remainder: the count of quarter turns has 7 bits. */
const FLOAT_RANGE = 200;
/** π/2 in parts of 17, 17 and 24 bits. */
const FLOAT_PARTS = [1.5707855224609375, 1.0804273188114166e-5, 6.07710062827671e-11] as const;
/** Up to here three double parts leave an exact remainder. */
const DOUBLE_RANGE = 2 ** 25;
/** π/2 in parts of 27, 27 and 53 bits. */
const DOUBLE_PARTS = [1.570796325802803, 9.920935184482005e-10, 6.123233995736766e-17] as const;
/** Adding 1.5·2²³ rounds to an integer, which then stands in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 23;

/**
 * Splits |x| = q·π/2 + r with |r| ≤ π/4 (a little more at the edge): gives r rounded to a float, and q in the low bits.
 * Vectors with a lane beyond `FLOAT_RANGE` go through the shared function `large`.
 */
export function quarterTurns(v: Floats, magnitude: Term, large: () => FunctionBuilder): { r: Term; q: Term } {
  const r = v.variable();
  const q = v.variable();
  v.lt(FLOAT_RANGE, magnitude)();
  v.f.v128AnyTrue();
  v.f.if(
    () => {
      magnitude();
      v.f.call(large());
      v.f.localSet(q.index);
      v.f.localSet(r.index);
    },
    () => {
      q.set(v.madd(magnitude, 2 / Math.PI, ROUNDER));
      const n = v.keep(v.sub(q.get, ROUNDER));
      const [first, second, third] = FLOAT_PARTS;
      const rest = v.keep(v.nmadd(n, first, magnitude));
      const subtrahend = v.keep(v.mul(n, second));
      const difference = v.keep(v.sub(rest, subtrahend));
      // The first two steps are exact but for the rounding of `difference`, which joins the third.
      const rounding = v.sub(v.sub(rest, difference), subtrahend);
      r.set(v.add(difference, v.nmadd(n, third, rounding)));
    },
  );
  return { r: r.get, q: q.get };
}

/**
 * The function (|x|) → (r, q) for every float: doubles up to `DOUBLE_RANGE`, beyond it lane by lane, by the function `huge` of
 * one double.
 */
export function emitLargeQuarterTurns(f: FunctionBuilder, huge: FunctionBuilder): void {
  const v = new Doubles(f, new Constants());
  const remainders: Term[] = [];
  const counts: Term[] = [];
  for (const x of promoteHalves(v, v.local(0))) {
    const n = v.keep(v.nearest(v.mul(x, 2 / Math.PI)));
    counts.push(n);
    remainders.push(v.keep(DOUBLE_PARTS.reduce<Term>((rest, part) => v.nmadd(n, part, rest), x)));
  }
  const r = f.local('v128');
  const q = f.local('v128');
  demoteHalves(v, remainders);
  f.localSet(r);
  for (const n of counts) {
    n();
    f.i32x4TruncSatF64x2SZero();
  }
  f.i32x4Shuffle(0, 1, 4, 5);
  f.localSet(q);
  for (let lane = 0; lane < 4; lane++) {
    const pushLane = () => {
      f.localGet(0);
      f.f32x4ExtractLane(lane);
    };
    pushLane();
    f.f32Const(DOUBLE_RANGE);
    f.f32Ge();
    pushLane();
    f.f32Const(Infinity);
    f.f32Lt();
    f.i32And();
    f.if(() => {
      const [remainder, , count] = v.keepCall(huge, () => {
        pushLane();
        f.f64PromoteF32();
      });
      f.localGet(r);
      remainder();
      f.f32DemoteF64();
      f.f32x4ReplaceLane(lane);
      f.localSet(r);
      f.localGet(q);
      count();
      f.i32WrapI64();
      f.i32x4ReplaceLane(lane);
      f.localSet(q);
    });
  }
  f.localGet(r);
  f.localGet(q);
  v.release();
}
