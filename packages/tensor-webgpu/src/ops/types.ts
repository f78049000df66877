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
