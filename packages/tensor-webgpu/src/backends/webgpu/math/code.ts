import type { DType } from '../../../dtype/dtype.ts';
import type { Params } from '../../../program/aval.ts';
import { type WgslCode, wgslBitcast, wgslCast } from './casts.ts';
import { erf, erfc, erfInv } from './error-function.ts';
import { exp, expm1, sigmoid, softplus, tanh } from './exponential.ts';
import { max, min, sign } from './extremes.ts';
import type { WgslFunction } from './function.ts';
import { digamma, lgamma, polygamma } from './gamma.ts';
import { gammaQuantileSlope } from './gamma-quantile.ts';
import { acosh, asinh, atanh, cosh, sinh } from './hyperbolic.ts';
import { divI32, divU32, powI32, powU32, remI32, remU32 } from './integers.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import { log, log1p } from './logarithm.ts';
import { isFinite, isNaN } from './numbers.ts';
import { cbrt, cube, pow, rem, square } from './power.ts';
import { threefry } from './threefry.ts';
import { cos, sin, tan } from './trigonometric.ts';

const text = (call: (...args: string[]) => string): WgslCode => ({ call: (args) => call(...args), needs: [] });
const infix = (operator: string): WgslCode => text((x, y) => `(${x} ${operator} ${y})`);
const test = (operator: string): WgslCode => text((x, y) => `select(0u, 1u, ${x} ${operator} ${y})`);
const builtin = (name: string): WgslCode => text((...args) => `${name}(${args.join(', ')})`);
const function_ = (own: WgslFunction): WgslCode => ({
  call: (args) => `${own.name}(${args.join(', ')})`,
  needs: [own],
});
const testFunction = (own: WgslFunction, wrap: (call: string) => string): WgslCode => ({
  call: ([x]) => wrap(`${own.name}(${x})`),
  needs: [own],
});

type Table = Readonly<Record<string, WgslCode>>;

const everyType: Table = {
  select: text((condition, yes, no) => `select(${no}, ${yes}, ${condition} != 0u)`),
  eq: test('=='),
  ne: test('!='),
  lt: test('<'),
  le: test('<='),
  gt: test('>'),
  ge: test('>='),
};

const f32: Table = {
  ...everyType,
  // Devices differ on whether NaN is unequal to itself by `!=`.
  ne: text((x, y) => `select(1u, 0u, ${x} == ${y})`),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  neg: text((x) => `(-(${x}))`),
  abs: builtin('abs'),
  sqrt: builtin('sqrt'),
  rsqrt: builtin('inverseSqrt'),
  floor: builtin('floor'),
  ceil: builtin('ceil'),
  trunc: builtin('trunc'),
  round: builtin('round'),
  isNaN: testFunction(isNaN, (call) => `select(0u, 1u, ${call})`),
  isFinite: testFunction(isFinite, (call) => `select(0u, 1u, ${call})`),
  max: function_(max),
  min: function_(min),
  sign: function_(sign),
  rem: function_(rem),
  cbrt: function_(cbrt),
  exp: function_(exp),
  expm1: function_(expm1),
  log: function_(log),
  log1p: function_(log1p),
  sigmoid: function_(sigmoid),
  softplus: function_(softplus),
  sin: function_(sin),
  cos: function_(cos),
  tan: function_(tan),
  asin: function_(asin),
  acos: function_(acos),
  atan: function_(atan),
  atan2: function_(atan2),
  sinh: function_(sinh),
  cosh: function_(cosh),
  tanh: function_(tanh),
  asinh: function_(asinh),
  acosh: function_(acosh),
  atanh: function_(atanh),
  erf: function_(erf),
  erfc: function_(erfc),
  erfInv: function_(erfInv),
  lgamma: function_(lgamma),
  digamma: function_(digamma),
  gammaQuantileSlope: function_(gammaQuantileSlope),
  // A small whole exponent, as a literal, is a product.
  pow: {
    call: ([x, y]) => {
      const exponent = /^\(?(-?[\d.]+)f\)?$/.exec(y)?.[1];
      if (exponent === undefined || ![2, 3].includes(Number(exponent))) return `${pow.name}(${x}, ${y})`;
      return `${Number(exponent) === 2 ? square.name : cube.name}(${x})`;
    },
    needs: [pow, square, cube],
  },
};

const integers: Table = {
  ...everyType,
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  max: builtin('max'),
  min: builtin('min'),
  and: infix('&'),
  or: infix('|'),
  xor: infix('^'),
  not: text((x) => `(~${x})`),
};

const i32: Table = {
  ...integers,
  neg: text((x) => `(0i - ${x})`),
  abs: builtin('abs'),
  sign: builtin('sign'),
  div: function_(divI32),
  rem: function_(remI32),
  pow: function_(powI32),
  shiftLeft: text((x, y) => `(${x} << (bitcast<u32>(${y}) & 31u))`),
  shiftRight: text((x, y) => `(${x} >> (bitcast<u32>(${y}) & 31u))`),
};

const u32: Table = {
  ...integers,
  neg: text((x) => `(0u - ${x})`),
  abs: text((x) => x),
  sign: text((x) => `min(${x}, 1u)`),
  div: function_(divU32),
  rem: function_(remU32),
  pow: function_(powU32),
  shiftLeft: text((x, y) => `(${x} << (${y} & 31u))`),
  shiftRight: text((x, y) => `(${x} >> (${y} & 31u))`),
  threefry2x32: function_(threefry),
};

const bool: Table = {
  ...everyType,
  eq: text((x, y) => `(1u ^ ${x} ^ ${y})`),
  ne: infix('^'),
  and: infix('&'),
  or: infix('|'),
  xor: infix('^'),
  not: text((x) => `(1u ^ ${x})`),
  max: infix('|'),
  min: infix('&'),
  mul: infix('&'),
};

const tables: Readonly<Record<DType, Table>> = { f32, i32, u32, bool, f64: {} };

/**
 * The scalar code of this name on operands of these types: `call` gives the expression of its value from those of its
 * operands, which must be names or literals (an operand may be written twice); the module must hold `needs`. Bool is 0 or 1
 * in a u32. `threefry2x32` gives a `vec2u` of its two outputs. `undefined` where this device has no such code.
 */
export function wgslCode(
  code: string,
  args: readonly DType[],
  result: DType,
  params: Params = {},
): WgslCode | undefined {
  if (code === 'cast') return wgslCast(args[0], result);
  if (code === 'bitcast') return wgslBitcast(args[0], result);
  // The type of the last operand: the first of a selection is its condition.
  const dtype = args.at(-1) ?? result;
  if (code === 'polygamma' && dtype === 'f32') return function_(polygamma((params as { order: number }).order));
  const table = tables[dtype];
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
