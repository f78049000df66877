import type { FunctionBuilder } from '../assembler/index.ts';

type Code = (f: FunctionBuilder) => void;

/** Primitives that are one instruction on every floating type, by the end of its name. */
const INSTRUCTIONS = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  neg: 'Neg',
  abs: 'Abs',
  sqrt: 'Sqrt',
  floor: 'Floor',
  ceil: 'Ceil',
  trunc: 'Trunc',
  round: 'Nearest',
  max: 'Max',
  min: 'Min',
  eq: 'Eq',
  ne: 'Ne',
  lt: 'Lt',
  le: 'Le',
  gt: 'Gt',
  ge: 'Ge',
} as const;

/** The code of these primitives on numbers or vectors of one floating type. */
export const floatInstructions = (type: 'f32' | 'f64' | 'f32x4' | 'f64x2'): Readonly<Record<string, Code>> =>
  Object.fromEntries(
    Object.entries(INSTRUCTIONS).map(([name, instruction]) => [name, (f) => f[`${type}${instruction}`]()]),
  );
