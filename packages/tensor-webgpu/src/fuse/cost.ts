import type { Eqn } from '../program/program.ts';

/** Floating operations of one element; functions not named here count as one. */
const COSTS: Readonly<Record<string, number>> = {
  cast: 0.5, bitcast: 0, iota: 0.5, select: 1, neg: 0.5, abs: 0.5,
  div: 4, sqrt: 4, rsqrt: 6, cbrt: 20, rem: 20,
  exp: 12, expm1: 16, log: 14, log1p: 18, sin: 16, cos: 16, tan: 24, asin: 20, acos: 20, atan: 20,
  sinh: 20, cosh: 20, asinh: 24, acosh: 24, atanh: 24, tanh: 14, sigmoid: 14, softplus: 24,
  erf: 20, erfc: 30, erfInv: 40, lgamma: 60, digamma: 60, polygamma1: 60, polygamma: 80, atan2: 30, pow: 40,
  threefry2x32: 100,
};

export const costOf = (eqn: Eqn): number => COSTS[eqn.primitive.name] ?? 1;
