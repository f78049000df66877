import type { Affine } from '../shape/affine.ts';
import type { Shape } from '../shape/shape.ts';

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
