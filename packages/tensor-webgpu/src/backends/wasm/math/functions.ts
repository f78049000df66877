import type { FunctionBuilder } from '../assembler/index.ts';
import type { DoubleName } from './double/functions.ts';
import { erf, erfc, erfInv } from './error-function.ts';
import {
  exp,
  normalExp,
  normalSigmoid,
  normalSoftplus,
  normalSoftplusSigmoid,
  sigmoid,
  softplus,
  softplusSigmoid,
  tanh,
} from './exponential.ts';
import { acosh, asinh, atanh, cosh, expm1, log1p, sinh } from './hyperbolic.ts';
import { divide, power, remainder, shiftLeft, shiftRight, sign as signOf } from './integers.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import type { Floats, Term } from './lanes.ts';
import { log } from './logarithm.ts';
import { cbrt, pow, rem } from './power.ts';
import { ceil, floor, round, rsqrt, sign, sqrt, trunc } from './rounding.ts';
import { threefry2x32 } from './threefry.ts';
import { cos, sin, sinCos, tan } from './trigonometric.ts';
import { inDoubles } from './widen.ts';

/** How a function of vectors is written. */
export interface MathDefinition {
  readonly operands: number;
  readonly results: number;
  /** Whether its code belongs into the loop that needs it; the others are shared functions of the module. */
  readonly inline: boolean;
  /** Terms of the results, from terms that may be read many times. */
  write(v: Floats, operands: readonly Term[], library: MathLibrary): readonly Term[];
}

/** Functions of the module that others are written with. */
export interface MathLibrary {
  /** The reduction of large angles. */
  readonly large: () => FunctionBuilder;
  /** The function of this name on two doubles, with the parameters of the equation. */
  readonly double: (name: DoubleName) => FunctionBuilder;
}

type Unary = (v: Floats, x: Term, library: MathLibrary) => Term;
type Binary = (v: Floats, x: Term, y: Term, library: MathLibrary) => Term;

const missing: Term = () => undefined;

const unary = (inline: boolean, formula: Unary): MathDefinition => ({
  operands: 1,
  results: 1,
  inline,
  write: (v, [x = missing], library) => [formula(v, x, library)],
});

const pair = (formula: (...args: Parameters<Unary>) => readonly Term[]): MathDefinition => ({
  operands: 1,
  results: 2,
  inline: true,
  write: (v, [x = missing], library) => formula(v, x, library),
});

const binary = (formula: Binary, inline = false): MathDefinition => ({
  operands: 2,
  results: 1,
  inline,
  write: (v, [x = missing, y = missing], library) => [formula(v, x, y, library)],
});

/** Angles of any size: those that floats do not reduce go through a function of their own. */
const turns =
  <Result>(formula: (v: Floats, x: Term, large: () => FunctionBuilder) => Result) =>
  (v: Floats, x: Term, { large }: MathLibrary): Result =>
    formula(v, x, large);

/** By the function of doubles, whose result is rounded once. */
const byDoubles = (name: DoubleName, operands: number): MathDefinition => ({
  operands,
  results: 1,
  inline: false,
  write: (v, x, { double }) => [inDoubles(v, x, (d, ...y) => d.keepCall(double(name), ...y)[0])],
});

const whole = (formula: (v: Floats, x: Term, y: Term) => Term) => binary(formula, true);

/** Every function of vectors that the backend writes itself: of floats by the name of its primitive, of integers with their type. */
export const mathFunctions = {
  exp: unary(true, exp),
  log: unary(true, log),
  sin: unary(true, turns(sin)),
  cos: unary(true, turns(cos)),
  tanh: unary(true, tanh),
  sigmoid: unary(true, sigmoid),
  softplus: unary(true, softplus),
  erf: unary(true, erf),
  sqrt: unary(true, sqrt),
  rsqrt: unary(true, rsqrt),
  sign: unary(true, sign),
  round: unary(true, round),
  floor: unary(true, floor),
  ceil: unary(true, ceil),
  trunc: unary(true, trunc),
  expm1: unary(false, expm1),
  log1p: unary(false, log1p),
  tan: unary(false, turns(tan)),
  asin: unary(false, asin),
  acos: unary(false, acos),
  atan: unary(false, atan),
  sinh: unary(false, sinh),
  cosh: unary(false, cosh),
  asinh: unary(false, asinh),
  acosh: unary(false, acosh),
  atanh: unary(false, atanh),
  erfc: unary(false, erfc),
  erfInv: unary(false, erfInv),
  cbrt: unary(false, cbrt),
  atan2: binary(atan2),
  pow: binary(pow),
  rem: binary(rem),
  lgamma: byDoubles('lgamma', 1),
  digamma: byDoubles('digamma', 1),
  polygamma: byDoubles('polygamma', 1),
  gammaQuantileSlope: byDoubles('gammaQuantileSlope', 2),
  i32Div: whole((v, x, y) => divide(v, x, y, true)),
  u32Div: whole((v, x, y) => divide(v, x, y, false)),
  i32Rem: whole((v, x, y) => remainder(v, x, y, true)),
  u32Rem: whole((v, x, y) => remainder(v, x, y, false)),
  i32Pow: binary((v, x, y) => power(v, x, y, true)),
  u32Pow: binary((v, x, y) => power(v, x, y, false)),
  i32ShiftLeft: whole(shiftLeft),
  u32ShiftLeft: whole(shiftLeft),
  i32ShiftRight: whole((v, x, y) => shiftRight(v, x, y, true)),
  u32ShiftRight: whole((v, x, y) => shiftRight(v, x, y, false)),
  i32Sign: unary(true, (v, x) => signOf(v, x, true)),
  u32Sign: unary(true, (v, x) => signOf(v, x, false)),
  softplusSigmoid: pair(softplusSigmoid),
  sinCos: pair(turns(sinCos)),
  normalExp: unary(true, normalExp),
  normalSigmoid: unary(true, normalSigmoid),
  normalSoftplus: unary(true, normalSoftplus),
  normalSoftplusSigmoid: pair(normalSoftplusSigmoid),
  threefry2x32: {
    operands: 4,
    results: 2,
    inline: true,
    write: (v, [k0 = missing, k1 = missing, c0 = missing, c1 = missing]) => threefry2x32(v, k0, k1, c0, c1),
  },
} as const satisfies Record<string, MathDefinition>;

export type MathName = keyof typeof mathFunctions;
