import type { Affine } from '../shape/affine.ts';
import type { Shape } from '../shape/shape.ts';
import type { Primitive } from './primitive.ts';
import type { Aval, Params, Program } from './program.ts';

/** Where an element lies in an operand: the coordinates that are known, and those that index values choose. */
export interface Choice {
  /** One per axis of the operand; 0 along an axis that an index value alone decides. */
  readonly coordinates: readonly Affine[];
  readonly chosen: readonly {
    readonly axis: number;
    /** Which operand of the equation holds the index, and where in it the index lies. */
    readonly input: number;
    readonly at: readonly Affine[];
    /** The largest index that is in range. */
    readonly limit: number;
  }[];
}

/** A box of an output, from `start` on, and what fills it: all of an operand, or a number. */
export interface Piece {
  readonly start: readonly number[];
  readonly extents: Shape;
  readonly from: { readonly input: number } | { readonly value: number };
}

export type ReduceOperation = 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'argMax' | 'argMin';

export type UpdateMode = 'add' | 'set' | 'mul' | 'min' | 'max';

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
  | { readonly as: 'control'; readonly control: (params: Params) => Control }
  /** By the primitive's own evaluation. */
  | { readonly as: 'call' };

const CALL: Lowering = { as: 'call' };
const MAP: Lowering = { as: 'map' };

/** How a primitive is lowered. */
export function loweringOf({ lowering, kind }: Primitive): Lowering {
  return lowering ?? (kind === 'elementwise' ? MAP : CALL);
}

/** The lowering of a primitive, if it is of this form. */
export function loweringAs<K extends Lowering['as']>(
  primitive: Primitive,
  form: K,
): Extract<Lowering, { as: K }> | null {
  const lowering = loweringOf(primitive);
  return lowering.as === form ? (lowering as Extract<Lowering, { as: K }>) : null;
}
