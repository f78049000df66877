import type { Floats, Term } from './lanes.ts';
import { Doubles } from './lanes.ts';

/** Four integers as two vectors of doubles, which hold them exactly. */
function asDoubles(d: Doubles, x: Term, signed: boolean): [Term, Term] {
  const { f } = d;
  const convert = () => (signed ? f.f64x2ConvertLowI32x4S() : f.f64x2ConvertLowI32x4U());
  const low = () => {
    x();
    convert();
  };
  const high = () => {
    x();
    x();
    f.i32x4Shuffle(2, 3, 2, 3);
    convert();
  };
  return [d.keep(low), d.keep(high)];
}

/**
 * The quotient towards zero; 0 where the divisor is 0. Of integers of 32 bits the quotient of doubles never rounds up to a
 * whole number: it is a 32nd part of a place away.
 */
export function divide(v: Floats, x: Term, y: Term, signed: boolean): Term {
  const d = new Doubles(v.f, v.constants);
  const dividends = asDoubles(d, x, signed);
  const divisors = asDoubles(d, y, signed);
  const quotient = v.keep(() => {
    dividends.forEach((dividend, half) => {
      d.div(dividend, divisors[half])();
      if (signed) v.f.i32x4TruncSatF64x2SZero();
      else v.f.i32x4TruncSatF64x2UZero();
    });
    v.f.i32x4Shuffle(0, 1, 4, 5);
  });
  d.release();
  const divided = v.andNot(quotient, v.intEq(y, v.bits(0)));
  if (!signed) return divided;
  // −2³¹ by −1 wraps to itself, where the conversion stops at 2³¹ − 1.
  const wraps = v.and(v.intEq(x, v.bits(0x80000000)), v.intEq(y, v.bits(0xffffffff)));
  return v.select(wraps, x, divided);
}

/** The remainder of the division towards zero, with the sign of x; 0 where the divisor is 0. */
export function remainder(v: Floats, x: Term, y: Term, signed: boolean): Term {
  const quotient = v.keep(divide(v, x, y, signed));
  return v.andNot(v.intSub(x, v.intMul(quotient, y)), v.intEq(y, v.bits(0)));
}

/** xʸ, wrapped to 32 bits; a negative exponent gives the quotient 1/x⁻ʸ towards zero, and 0 for x = 0. */
export function power(v: Floats, x: Term, y: Term, signed: boolean): Term {
  const result = v.variable();
  const square = v.variable();
  const rest = v.variable();
  result.set(v.bits(1));
  square.set(x);
  rest.set(y);
  const lowest = () => v.intEq(v.and(rest.get, v.bits(1)), v.bits(1));
  v.f.repeat((again) => {
    result.set(v.select(v.keep(lowest()), v.intMul(result.get, square.get), result.get));
    square.set(v.intMul(square.get, square.get));
    rest.set(v.shiftRight(rest.get, 1));
    rest.get();
    v.f.v128AnyTrue();
    v.f.brIf(again);
  });
  if (!signed) return result.get;
  // Only powers of ±1 have whole inverses: themselves.
  const unit = v.or(v.intEq(x, v.bits(1)), v.intEq(x, v.bits(0xffffffff)));
  const negative = v.shiftRightSigned(y, 31);
  return v.andNot(result.get, v.andNot(negative, unit));
}

/** Applies an instruction on one number to each lane of two operands. */
function laneByLane(v: Floats, x: Term, y: Term, instruction: () => void): Term {
  const result = v.variable();
  result.set(x);
  for (let lane = 0; lane < 4; lane++) {
    result.set(() => {
      result.get();
      for (const operand of [x, y]) {
        operand();
        v.f.i32x4ExtractLane(lane);
      }
      instruction.call(v.f);
      v.f.i32x4ReplaceLane(lane);
    });
  }
  return result.get;
}

/** x·2ʸ, with y modulo 32. */
export const shiftLeft = (v: Floats, x: Term, y: Term): Term => laneByLane(v, x, y, v.f.i32Shl);

/** ⌊x/2ʸ⌋, with y modulo 32. */
export const shiftRight = (v: Floats, x: Term, y: Term, signed: boolean): Term =>
  laneByLane(v, x, y, signed ? v.f.i32ShrS : v.f.i32ShrU);

/** 1, 0 or −1 by the sign of x. */
export function sign(v: Floats, x: Term, signed: boolean): Term {
  const one = v.andNot(v.bits(1), v.intEq(x, v.bits(0)));
  return signed ? v.or(one, v.shiftRightSigned(x, 31)) : one;
}
