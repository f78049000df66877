import type { DType } from '../dtype/dtype.ts';
import type { Shape } from '../shape/shape.ts';
import type { Aval } from './aval.ts';
import type { UpdateMode } from './placing.ts';
import type { Operand, Value } from './value.ts';

type Unary = (x: Operand) => Value;
type Binary = (x: Operand, y: Operand) => Value;
/** A reduction over `axes`, which are dropped. */
type Reduction = (x: Value, axes: readonly number[]) => Value;
/** The place along `axis`, which is dropped, of the first element that wins. */
type ArgReduction = (x: Value, axis: number) => Value;
/** Running results along `axis`, from its end where `reverse` says so. */
type Cumulative = (x: Value, axis: number, reverse?: boolean) => Value;

/** Pairs of axes of the left and the right operand: summed over (`contract`) or kept side by side (`batch`). */
export interface DotAxes {
  readonly contract: readonly [readonly number[], readonly number[]];
  readonly batch: readonly [readonly number[], readonly number[]];
}

export interface ScatterParams {
  readonly batchDims: number;
  /** What an update does to the element it meets. */
  readonly mode: UpdateMode;
}

/**
 * Primitives as functions on values of exact shapes and dtypes: the language that derivative rules are written in. What
 * only some programs need (linear algebra) is not in it, so that others do not carry it.
 */
export interface Lax {
  readonly abs: Unary;
  readonly acos: Unary;
  readonly acosh: Unary;
  readonly add: Binary;
  readonly and: Binary;
  readonly argMax: ArgReduction;
  readonly argMin: ArgReduction;
  readonly asin: Unary;
  readonly asinh: Unary;
  readonly atan: Unary;
  readonly atan2: Binary;
  readonly atanh: Unary;
  /** The value itself, which nothing is moved across. */
  readonly barrier: (x: Value) => Value;
  /** The same bits as another dtype of the same size. */
  readonly bitcast: (x: Value, dtype: DType) => Value;
  /** `x` repeated to `shape`; axis i of it becomes axis `dims[i]`. */
  readonly broadcastInDim: (x: Value, shape: Shape, dims: readonly number[]) => Value;
  readonly cast: (x: Value, dtype: DType) => Value;
  readonly cbrt: Unary;
  readonly ceil: Unary;
  readonly concat: (values: readonly Value[], axis: number) => Value;
  readonly cos: Unary;
  readonly cosh: Unary;
  readonly cumLogSumExp: Cumulative;
  readonly cumMax: Cumulative;
  readonly cumMin: Cumulative;
  readonly cumProd: Cumulative;
  readonly cumSum: Cumulative;
  readonly digamma: Unary;
  readonly div: Binary;
  readonly dotGeneral: (x: Value, y: Value, axes: DotAxes) => Value;
  readonly dynamicSlice: (x: Value, starts: readonly Operand[], sizes: Shape) => Value;
  readonly dynamicUpdateSlice: (x: Value, update: Value, starts: readonly Operand[]) => Value;
  readonly eq: Binary;
  readonly erf: Unary;
  readonly erfc: Unary;
  readonly erfInv: Unary;
  readonly exp: Unary;
  readonly expm1: Unary;
  readonly floor: Unary;
  readonly full: (shape: Shape, value: number, dtype: DType) => Value;
  /** Rows of `operand` by their places along axis `batchDims`; places out of range take the nearest row. */
  readonly gather: (operand: Value, indices: Value, batchDims?: number) => Value;
  readonly ge: Binary;
  readonly gt: Binary;
  /** The coordinate along `axis` as a number. */
  readonly iota: (shape: Shape, axis: number, dtype: DType) => Value;
  readonly isFinite: Unary;
  readonly isNaN: Unary;
  readonly le: Binary;
  readonly lgamma: Unary;
  readonly log: Unary;
  readonly log1p: Unary;
  readonly lt: Binary;
  readonly max: Binary;
  readonly min: Binary;
  readonly mul: Binary;
  readonly ne: Binary;
  readonly neg: Unary;
  readonly not: Unary;
  readonly or: Binary;
  /** `low` and `high` elements of `value` around each axis, `interior` of them between neighbours. */
  readonly pad: (
    x: Value,
    low: readonly number[],
    high: readonly number[],
    value?: number,
    interior?: readonly number[],
  ) => Value;
  readonly polygamma: (order: number, x: Operand) => Value;
  readonly pow: Binary;
  readonly reduceMax: Reduction;
  readonly reduceMin: Reduction;
  readonly reduceProd: Reduction;
  readonly reduceSum: Reduction;
  readonly rem: Binary;
  readonly reshape: (x: Value, shape: Shape) => Value;
  /** The elements in reverse order along `axes`. */
  readonly rev: Reduction;
  readonly round: Unary;
  readonly rsqrt: Unary;
  /** `operand` with `updates` combined into its rows at `indices`; those out of range are dropped. */
  readonly scatter: (operand: Value, indices: Value, updates: Value, params: ScatterParams) => Value;
  /** `a` where the condition holds, else `b`. */
  readonly select: (condition: Operand, a: Operand, b: Operand) => Value;
  readonly shiftLeft: Binary;
  readonly shiftRight: Binary;
  readonly sigmoid: Unary;
  readonly sign: Unary;
  readonly sin: Unary;
  readonly sinh: Unary;
  readonly slice: (x: Value, start: Shape, limit: Shape, strides?: readonly number[]) => Value;
  readonly softplus: Unary;
  /** The operands in the order of the first `numKeys` of them, along the last axis. */
  readonly sort: (operands: readonly Value[], numKeys?: number) => Value[];
  readonly sqrt: Unary;
  readonly stopGradient: (x: Value) => Value;
  readonly sub: Binary;
  readonly tan: Unary;
  readonly tanh: Unary;
  /** Two words of random bits from two words of a key and two of a counter. */
  readonly threefry2x32: (key0: Operand, key1: Operand, counter0: Operand, counter1: Operand) => [Value, Value];
  readonly transpose: (x: Value, permutation: readonly number[]) => Value;
  readonly trunc: Unary;
  readonly xor: Binary;
  readonly zeros: (aval: Aval) => Value;
}
