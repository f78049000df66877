import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
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
/** The first 256 binary digits of 2/π after the point. */
const TWO_OVER_PI = [0xa2f9836e4e441529n, 0xfc2757d1f534ddc0n, 0xdb6295993c439041n, 0xfe5163abdebbc561n] as const;
/** Adding 1.5·2²³ rounds to an integer, which then stands in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 23;

const signed = (word: bigint) => BigInt.asIntN(64, word);

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

/** The function (|x|) → (r, q) for every float: doubles up to `DOUBLE_RANGE`, beyond it integers, lane by lane. */
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
  const fraction = f.local('i64');
  const quarter = f.local('i64');
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
      pushLane();
      f.call(huge);
      f.localTee(fraction);
      f.i64Const(1n << 61n);
      f.i64Add();
      f.i64Const(62n);
      f.i64ShrU();
      f.localSet(quarter);
      f.localGet(q);
      f.localGet(quarter);
      f.i32WrapI64();
      f.i32x4ReplaceLane(lane);
      f.localSet(q);
      f.localGet(r);
      f.localGet(fraction);
      f.localGet(quarter);
      f.i64Const(62n);
      f.i64Shl();
      f.i64Sub();
      f.f64ConvertI64S();
      f.f64Const(Math.PI / 2 / 2 ** 62);
      f.f64Mul();
      f.f32DemoteF64();
      f.f32x4ReplaceLane(lane);
      f.localSet(r);
    });
  }
  f.localGet(r);
  f.localGet(q);
  v.release();
}

/** Adds the function (|x| f32, from `DOUBLE_RANGE` up) → |x|/(2π) modulo 1 in units of 2⁻⁶⁴ (Payne and Hanek 1983). */
export function hugeTurns(module: ModuleBuilder): FunctionBuilder {
  const f = module.func('hugeTurns', ['f32'], ['i64']);
  const bits = f.local('i32');
  const skip = f.local('i32');
  const later = f.local('i32');
  const mantissa = f.local('i64');
  const words = f.locals('i64', 3);
  f.localGet(0);
  f.i32ReinterpretF32();
  f.localTee(bits);
  f.i32Const(0x7fffff);
  f.i32And();
  f.i32Const(0x800000);
  f.i32Or();
  f.i64ExtendI32U();
  f.localSet(mantissa);
  // |x| = mantissa · 2^(e − 150): digits of 2/π of weight 4 and more after that shift give whole turns.
  f.localGet(bits);
  f.i32Const(23);
  f.i32ShrU();
  f.i32Const(152);
  f.i32Sub();
  f.localTee(skip);
  f.i32Const(63);
  f.i32GtS();
  f.localSet(later);
  words.forEach((word, i) => {
    f.i64Const(signed(TWO_OVER_PI[i + 1] ?? 0n));
    f.i64Const(signed(TWO_OVER_PI[i] ?? 0n));
    f.localGet(later);
    f.select();
    f.localSet(word);
  });
  /** 64 digits from digit `skip` of the words i and i + 1. */
  const digits = (i: number) => {
    const shift = () => {
      f.localGet(skip);
      f.i64ExtendI32U();
      f.i64Const(63n);
      f.i64And();
    };
    f.localGet(words[i] ?? 0);
    shift();
    f.i64Shl();
    f.localGet(words[i + 1] ?? 0);
    f.i64Const(1n);
    f.i64ShrU();
    f.i64Const(63n);
    shift();
    f.i64Sub();
    f.i64ShrU();
    f.i64Or();
  };
  digits(0);
  f.localGet(mantissa);
  f.i64Mul();
  digits(1);
  f.i64Const(32n);
  f.i64ShrU();
  f.localGet(mantissa);
  f.i64Mul();
  f.i64Const(32n);
  f.i64ShrU();
  f.i64Add();
  return f;
}
