import type { DType, TypedArray } from '../dtype/dtype.ts';
import type { Value } from '../program/value.ts';

/** Numbers or booleans in nested arrays of equal lengths. */
export type NestedArray = readonly (number | boolean | NestedArray)[];

/** What every function takes as a tensor. JavaScript numbers and booleans are weak: they take the other operand's dtype. */
export type TensorLike = Value | number | boolean | NestedArray | TypedArray;

/** One axis, several, or (left out) all of them; negative axes count from the back. */
export type Axes = number | readonly number[];

export interface ReduceOptions {
  readonly axis?: Axes;
  /** Reduced axes stay, with extent 1 (default false). */
  readonly keepDims?: boolean;
}

export interface AxisOption {
  readonly axis?: number;
}

export interface CreateOptions {
  readonly dtype?: DType;
  /** The name of the device; the default device when left out. Inside a trace the program's own device is used. */
  readonly device?: string;
}

export interface VarianceOptions extends ReduceOptions {
  /** Delta degrees of freedom: the sum of squares is divided by n - ddof (default 0). */
  readonly ddof?: number;
}

export interface NormOptions extends ReduceOptions {
  /** 1: Σ|x|, 2: sqrt(Σx²) (default), Infinity: max|x|, any other p > 0: (Σ|x|ᵖ)^(1/p). */
  readonly ord?: number;
}

export interface ArgReduceOptions extends AxisOption {
  readonly keepDims?: boolean;
}

export interface CumulativeOptions {
  /** The axis to run along; the flattened tensor when left out. */
  readonly axis?: number;
  /** Run from the end to the start (default false). */
  readonly reverse?: boolean;
}

export interface SortOptions {
  /** The axis to sort along (the last by default). */
  readonly axis?: number;
  /** Largest first (default false). Equal elements keep their order and NaN comes last either way. */
  readonly descending?: boolean;
}

export interface InterpOptions {
  /** The value left of the first knot (that of the first knot by default). */
  readonly left?: number;
  /** The value right of the last knot (that of the last knot by default). */
  readonly right?: number;
}

export interface GatherOptions {
  /** Leading axes that x and the indices share (default 0). */
  readonly batchDims?: number;
}

/** One width for all sides, `[before, after]` for all axes, or one such pair for each axis. */
export type PadWidths = number | readonly [number, number] | readonly (readonly [number, number])[];

/** What to fill with: a constant, the border, or the tensor mirrored (without or with its border) or repeated. */
export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap';

/** A range of one axis as in Python's `start:stop:step`; negative positions count from the end. */
export interface Range {
  readonly start?: number | null;
  readonly stop?: number | null;
  readonly step?: number;
}

/**
 * What to take of one axis: an integer (the axis goes), a range (also as `[start, stop]` or
 * `[start, stop, step]`), or `null` for a new axis of extent 1. `'...'` leaves the axes in the middle alone.
 */
export type SliceSpec = number | Range | readonly (number | null)[] | null | '...';
