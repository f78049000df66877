import type { Lax } from '../program/lax.ts';
import { argMax, argMin } from './argReduce.ts';
import { add, div, mul, neg, rem, sub } from './arithmetic.ts';
import { broadcastInDim } from './broadcast.ts';
import { bitcast, cast } from './cast.ts';
import { eq, ge, gt, isFinite, isNaN, le, lt, ne } from './comparison.ts';
import { concat } from './concat.ts';
import { cumLogSumExp, cumMax, cumMin, cumProd, cumSum } from './cumulative.ts';
import { dotGeneral } from './dotGeneral.ts';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice.ts';
import { erf, erfc, erfInv } from './errorFunction.ts';
import { exp, expm1, log, log1p, sigmoid, softplus } from './exponential.ts';
import { max, min } from './extremes.ts';
import { digamma, lgamma, polygamma } from './gamma.ts';
import { gather } from './gather.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts';
import { barrier, stopGradient } from './identity.ts';
import { full, iota, zeros } from './iota.ts';
import { and, not, or, shiftLeft, shiftRight, xor } from './logic.ts';
import { pad } from './pad.ts';
import { cbrt, pow, rsqrt, sqrt } from './power.ts';
import { reduceMax, reduceMin, reduceProd, reduceSum } from './reduce.ts';
import { reshape } from './reshape.ts';
import { rev } from './rev.ts';
import { abs, ceil, floor, round, sign, trunc } from './rounding.ts';
import { scatter } from './scatter.ts';
import { select } from './select.ts';
import { slice } from './slice.ts';
import { sort } from './sort.ts';
import { threefry2x32 } from './threefry.ts';
import { transpose } from './transpose.ts';
import { acos, asin, atan, atan2, cos, sin, tan } from './trigonometric.ts';

/** The table of primitives: what `Lax` says. */
export const lax: Lax = {
  abs,
  acos,
  acosh,
  add,
  and,
  argMax,
  argMin,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  barrier,
  bitcast,
  broadcastInDim,
  cast,
  cbrt,
  ceil,
  concat,
  cos,
  cosh,
  cumLogSumExp,
  cumMax,
  cumMin,
  cumProd,
  cumSum,
  digamma,
  div,
  dotGeneral,
  dynamicSlice,
  dynamicUpdateSlice,
  eq,
  erf,
  erfc,
  erfInv,
  exp,
  expm1,
  floor,
  full,
  gather,
  ge,
  gt,
  iota,
  isFinite,
  isNaN,
  le,
  lgamma,
  log,
  log1p,
  lt,
  max,
  min,
  mul,
  ne,
  neg,
  not,
  or,
  pad,
  polygamma,
  pow,
  reduceMax,
  reduceMin,
  reduceProd,
  reduceSum,
  rem,
  reshape,
  rev,
  round,
  rsqrt,
  scatter,
  select,
  shiftLeft,
  shiftRight,
  sigmoid,
  sign,
  sin,
  sinh,
  slice,
  softplus,
  sort,
  sqrt,
  stopGradient,
  sub,
  tan,
  tanh,
  threefry2x32,
  transpose,
  trunc,
  xor,
  zeros,
};
