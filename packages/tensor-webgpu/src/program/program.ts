import type { DType } from '../dtype/dtype.ts';
import type { Affine } from '../shape/affine.ts';
import type { Atom, Aval, Params, Var } from './aval.ts';
import type { Lax } from './lax.ts';
import type { Choice, Piece, ReduceOperation, UpdateMode } from './placing.ts';
import type { RefArray } from './refArray.ts';
import type { Tangent, Value } from './value.ts';

/** One equation: `outputs = primitive[params](inputs)`. */
export interface Eqn {
  readonly primitive: Primitive;
  readonly inputs: readonly Atom[];
  readonly params: Params;
  readonly outputs: readonly Var[];
}

/** A pure function in static single assignment form: the one program form of the library. */
export interface Program {
  readonly inputs: readonly Var[];
  readonly eqns: readonly Eqn[];
  readonly outputs: readonly Atom[];
}

export const isProgram = (value: unknown): value is Program =>
  typeof value === 'object' && value !== null && 'eqns' in value && 'inputs' in value && 'outputs' in value;

/** What a control equation does with its sub-programs. */
export type Control =
  /** Runs `body` from (constants, carry, slices) to (carry, slices) `length` times. */
  | {
      readonly kind: 'scan';
      readonly length: number;
      readonly reverse: boolean;
      readonly body: Program;
      readonly constants: number;
      readonly carries: number;
    }
  /** Runs `body` from (constants, carry) to carry while `condition` holds of (constants, carry). */
  | {
      readonly kind: 'while';
      readonly condition: Program;
      readonly body: Program;
      readonly conditionConstants: number;
      readonly bodyConstants: number;
    }
  /** Runs the branch that operand 0 chooses on the other operands. */
  | { readonly kind: 'branches'; readonly branches: readonly Program[] };

/**
 * How one backend computes a primitive, in terms of its own. The primitive carries it, so that a bundle without the primitive
 * is one without the code.
 */
export interface DeviceCode {
  /** The device that knows what to do with it. */
  readonly device: string;
}

/**
 * What the compiler asks of a primitive to make kernels of it. It stands in the primitive's own file; without one, an
 * elementwise primitive is a map under its own name, and an opaque one is called as a whole.
 */
export type Lowering =
  /** One element from one element of each operand, by the scalar code of this name (default: the primitive's). */
  | {
      readonly as: 'map';
      readonly code?: string;
      /** Floating operations of one element (default: 1). */
      readonly cost?: number;
    }
  /** The coordinate along an axis, as a number. */
  | { readonly as: 'position'; readonly axis: (params: Params) => number; readonly cost?: number }
  /** The operand seen through other coordinates. */
  | {
      readonly as: 'view';
      /**
       * The coordinates in the operand of the element at `coordinates` of the output; omitted where elements keep their
       * row-major order.
       */
      readonly through?: (
        coordinates: readonly Affine[],
        input: Aval,
        params: Params,
        rank: number,
      ) => readonly Affine[];
      /** Whether the buffer of the operand serves as it is. */
      readonly sameOrder?: boolean;
      /** Whether what is computed after it must not be computed before it. */
      readonly fence?: boolean;
    }
  | { readonly as: 'reduce'; readonly operation: ReduceOperation; readonly axes: (params: Params) => readonly number[] }
  /** A product summed over axes, with `params` of `contract` and `batch` axes of both operands. */
  | { readonly as: 'contraction' }
  /** An element of operand 0 at a place that index values choose; indices out of range take the nearest element. */
  | {
      readonly as: 'lookup';
      readonly choose: (
        coordinates: readonly Affine[],
        inputs: readonly Aval[],
        params: Params,
        rank: number,
      ) => Choice;
    }
  /** Boxes that do not overlap and fill the output; `null` when these parameters allow none. */
  | {
      readonly as: 'pieces';
      readonly pieces: (inputs: readonly Aval[], params: Params, output: Aval) => readonly Piece[] | null;
    }
  /** Operand 0 with the elements of operand `values` combined into it at places that index values choose. */
  | {
      readonly as: 'update';
      readonly values: number;
      readonly mode: (params: Params) => UpdateMode;
      /** Whether the updates of each step of axis 0 stay within that step. */
      readonly batched: (params: Params) => boolean;
      /** Whether an index out of range takes the nearest place; otherwise its update is dropped. */
      readonly clamps: boolean;
      /** Where the element at `coordinates` of the values goes. */
      readonly choose: (
        coordinates: readonly Affine[],
        inputs: readonly Aval[],
        params: Params,
        rank: number,
      ) => Choice;
    }
  | { readonly as: 'control'; readonly control: (params: Params) => Control; readonly code: readonly DeviceCode[] }
  /** As a whole: by the code of a device, or by the primitive's own evaluation. */
  | { readonly as: 'call'; readonly code?: readonly DeviceCode[] };

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
 * What holds of a primitive, for rewriting.
 * - `exact`: every device rounds its results correctly, if they are rounded at all: the same bits whether they are computed
 *   while a program is made or while it runs.
 * - `commutative`: the two operands may change places.
 * - `neverMinusZero`: no result is -0, whatever the operands.
 * - `identity`: the operand itself, once derivatives are taken.
 */
export type Law = 'exact' | 'commutative' | 'neverMinusZero' | 'identity';

/** Whether a law holds of a primitive. */
export const keeps = ({ laws }: Primitive, law: Law): boolean => laws?.includes(law) ?? false;

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

  /** What rewriting may rely on. */
  readonly laws?: readonly Law[];

  /** Two equal equations may be merged (default true; false for barriers). */
  readonly mergeable?: boolean;
}
