import type { FunctionBuilder } from '../assembler/index.ts';
import { erf, erfc, erfInv } from './error-function.ts';
import { exp, sigmoid, softplus, softplusSigmoid, tanh } from './exponential.ts';
import { acosh, asinh, atanh, cosh, expm1, log1p, sinh } from './hyperbolic.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import type { Floats, Term } from './lanes.ts';
import { log } from './logarithm.ts';
import { cbrt, pow, rem } from './power.ts';
import { ceil, floor, round, rsqrt, sign, sqrt, trunc } from './rounding.ts';
import { threefry2x32 } from './threefry.ts';
import { cos, sin, sinCos, tan } from './trigonometric.ts';

/** How a function of vectors is written. */
export interface MathDefinition {
  readonly operands: number;
  readonly results: number;
  /** Whether its code belongs into the loop that needs it; the others are shared functions of the module. */
  readonly inline: boolean;
  /** Terms of the results, from terms that may be read many times. `large` gives the reduction of large angles. */
  write(v: Floats, operands: readonly Term[], large: () => FunctionBuilder): readonly Term[];
}

type Unary = (v: Floats, x: Term, large: () => FunctionBuilder) => Term;
type Binary = (v: Floats, x: Term, y: Term) => Term;

const missing: Term = () => undefined;

const unary = (inline: boolean, formula: Unary): MathDefinition => ({
  operands: 1,
  results: 1,
  inline,
  write: (v, [x = missing], large) => [formula(v, x, large)],
});

const pair = (formula: (...args: Parameters<Unary>) => readonly Term[]): MathDefinition => ({
  operands: 1,
  results: 2,
  inline: true,
  write: (v, [x = missing], large) => formula(v, x, large),
});

const binary = (formula: Binary): MathDefinition => ({
  operands: 2,
  results: 1,
  inline: false,
  write: (v, [x = missing, y = missing]) => [formula(v, x, y)],
});

/** Every function of floats that the backend writes itself, by the name of its primitive. */
export const mathFunctions = {
  exp: unary(true, exp),
  log: unary(true, log),
  sin: unary(true, sin),
  cos: unary(true, cos),
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
  tan: unary(false, tan),
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
  softplusSigmoid: pair(softplusSigmoid),
  sinCos: pair(sinCos),
  threefry2x32: {
    operands: 4,
    results: 2,
    inline: true,
    write: (v, [k0 = missing, k1 = missing, c0 = missing, c1 = missing]) => threefry2x32(v, k0, k1, c0, c1),
  },
} as const satisfies Record<string, MathDefinition>;

export type MathName = keyof typeof mathFunctions;
