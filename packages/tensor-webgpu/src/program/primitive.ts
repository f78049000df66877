import type { DType, TypedArray } from '../dtype/dtype.ts';
import type { Lax } from '../primitives/lax.ts';
import type { Shape } from '../shape/shape.ts';
import type { Value } from '../trace/value.ts';
import type { Lowering } from './lowering.ts';
import type { Aval, Params, Program } from './program.ts';

/** A tangent or cotangent; `null` is a symbolic zero, for which no code is ever made. */
export type Tangent = Value | null;

/** A dense row-major array of the reference backend; floats are held in float64 whatever their dtype. */
export interface RefArray extends Aval {
  readonly shape: Shape;
  readonly data: TypedArray;
}

export interface JvpResult {
  readonly outputs: readonly Value[];
  readonly tangents: readonly Tangent[];
  /**
   * Where the derivative of an output may be infinite while that of functions of all outputs is not: at inputs moved by a
   * small ε the outputs are `outputs + ε shifts`, and their tangents `doublePoles / ε² + poles / ε + tangents`, up to terms
   * that vanish with ε. Double poles are 0 themselves, and tell how poles change where derivatives are taken again.
   */
  readonly limit?: {
    readonly shifts: readonly Tangent[];
    readonly poles: readonly Tangent[];
    readonly doublePoles: readonly Tangent[];
  };
}

export interface BatchResult {
  readonly outputs: readonly Value[];
  readonly batched: readonly boolean[];
}

/** The split of an equation in a part that can run now and a part that waits for the unknown inputs. */
export interface SplitResult {
  /** Equation for the known outputs; `null` when nothing is known. Its last outputs are the residuals. */
  readonly known: {
    primitive: Primitive;
    params: Params;
    inputs: readonly number[];
    outputs: readonly number[];
  } | null;
  /** Equation for the unknown outputs (-1: an output nobody needs); its inputs are original inputs (by index), then the residuals. */
  readonly unknown: { primitive: Primitive; params: Params; inputs: readonly number[]; outputs: readonly number[] };
  readonly residuals: readonly Aval[];
}

/**
 * How the compiler treats a primitive.
 * - `elementwise`: every operand has the output's shape or is a literal; any number of outputs.
 * - `view`: the output is the input seen through other strides (reshape, transpose, broadcast, slice, rev).
 * - `reduce`, `contraction`: anchors that elementwise work may join.
 * - `opaque`: everything else with a kernel of its own (gather, sort, Cholesky, …).
 * - `control`: holds sub-programs (scan, while, cond).
 * - `inline`: replaced by its sub-program before compiling (custom rules, checkpoint).
 */
export type PrimitiveKind = 'elementwise' | 'view' | 'reduce' | 'contraction' | 'opaque' | 'control' | 'inline';

/**
 * One primitive operation: its shape rule, its derivative, transpose and batching rules, and its plain
 * evaluation, side by side. Rules are written with `lax`, the table of primitives as functions on values,
 * and only ever run while a program is being built.
 */
export interface Primitive {
  readonly name: string;
  readonly kind: PrimitiveKind;

  /** Output shapes and dtypes; throws a named error when the inputs do not fit. */
  shape(inputs: readonly Aval[], params: Params): readonly Aval[];

  /**
   * Forward derivative. Called when some tangent is not zero. Returns outputs and their tangents
   * (`null` where an output does not depend on a moving input or is not of a floating dtype).
   */
  jvp?(lax: Lax, inputs: readonly Value[], tangents: readonly Tangent[], params: Params): JvpResult;

  /**
   * Transpose of a primitive that is linear in the inputs marked in `linear`. Gets the cotangents of the
   * outputs and the values of the other inputs (`null` in place of the linear ones); returns one cotangent
   * per input (`null` for zero and for non-linear inputs).
   */
  transpose?(
    lax: Lax,
    cotangents: readonly Tangent[],
    inputs: readonly (Value | null)[],
    linear: readonly boolean[],
    params: Params,
    avals: readonly Aval[],
  ): readonly Tangent[];

  /** Batching: the mapped axis of each batched input is axis 0, and so is that of each batched output. */
  batch?(lax: Lax, size: number, inputs: readonly Value[], batched: readonly boolean[], params: Params): BatchResult;

  /** Which part of an equation can run before the `unknown` inputs are there; default: all outputs wait. */
  split?(unknown: readonly boolean[], inputs: readonly Aval[], params: Params): SplitResult;

  /** Plain evaluation in float64: the oracle of every test, and the CPU fallback of a primitive without a kernel. */
  evaluate(inputs: readonly RefArray[], params: Params, outputs: readonly Aval[]): readonly RefArray[];

  /** How kernels are made of it; the default is a map for `elementwise` and a call for `opaque`. */
  readonly lowering?: Lowering;

  /** For `elementwise`: the function on one element (several outputs give an array). */
  readonly scalar?: (...args: number[]) => number | number[];

  /** The function on one element of operands of this dtype, where that depends on it. */
  readonly scalarFor?: (dtype: DType, params: Params) => (...args: number[]) => number;

  /** For `inline`: the sub-program that stands for the equation. */
  body?(params: Params): Program;

  /** Two equal equations may be merged (default true; false for barriers). */
  readonly mergeable?: boolean;
}
