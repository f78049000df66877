import { DTypeError, ShapeError } from '../errors/errors.ts';
import type { Aval } from '../program/aval.ts';
import type { Lax } from '../program/lax.ts';
import type { Choice } from '../program/placing.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { type Affine, constantAffine } from '../shape/affine.ts';
import { range, type Shape, sameShape, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { repeatFirst } from './elementwise.ts';

interface GatherParams {
  readonly batchDims: number;
}

/** How rows are indexed: `operand` [B…, N, R…], `indices` [B…, I…], rows [B…, I…, R…]. */
export interface Rows {
  readonly batches: number;
  /** N: rows to choose from. */
  readonly count: number;
  /** I: rows chosen, per batch. */
  readonly chosen: number;
  /** R: elements of a row. */
  readonly width: number;
}

export const rowsOf = (operand: Shape, indices: Shape, batchDims: number): Rows => ({
  batches: sizeOf(operand.slice(0, batchDims)),
  count: operand[batchDims],
  chosen: sizeOf(indices.slice(batchDims)),
  width: sizeOf(operand.slice(batchDims + 1)),
});

/** The shape of the chosen rows. Throws when indices are no integers or the batch axes do not agree. */
export function chosenShape(name: string, operand: Aval, indices: Aval, batchDims: number): Shape {
  if (indices.dtype !== 'i32') {
    throw new DTypeError(`${name}: indices have dtype ${indices.dtype}; expected i32. Cast them first.`);
  }
  const fits =
    operand.shape.length > batchDims && sameShape(operand.shape.slice(0, batchDims), indices.shape.slice(0, batchDims));
  if (!fits || indices.shape.length < batchDims) {
    throw new ShapeError(
      `${name}: operand ${showShape(operand.shape)} and indices ${showShape(indices.shape)} must share ${batchDims} leading axes, and the operand must have one more.`,
    );
  }
  return [...indices.shape, ...operand.shape.slice(batchDims + 1)];
}

/** Where the element of chosen rows at `coordinates` lies in the operand: along axis `batchDims` an index decides. */
export const chosenRow = (
  coordinates: readonly Affine[],
  operand: Shape,
  indices: Shape,
  batchDims: number,
  rank: number,
): Choice => ({
  coordinates: [...coordinates.slice(0, batchDims), constantAffine(0, rank), ...coordinates.slice(indices.length)],
  chosen: [{ axis: batchDims, input: 1, at: coordinates.slice(0, indices.length), limit: operand[batchDims] - 1 }],
});

/** `mask`, one flag per index, repeated over the elements of the rows. */
export const overRows = (lax: Lax, mask: Value, shape: Shape): Value =>
  lax.broadcastInDim(mask, shape, range(0, mask.shape.length));

/**
 * Rows of `operand` by number: `out[b, i, r] = operand[b, indices[b, i], r]`.
 * A number outside 0 … N - 1 takes the nearest row.
 */
export const gatherPrimitive: Primitive = {
  name: 'gather',
  kind: 'opaque',
  lowering: {
    as: 'lookup',
    choose: (coordinates, [operand, indices], { batchDims }: GatherParams, rank) =>
      chosenRow(coordinates, operand.shape, indices.shape, batchDims, rank),
  },
  shape([operand, indices], { batchDims }: GatherParams) {
    const shape = chosenShape('gather', operand, indices, batchDims);
    if (operand.shape[batchDims] === 0 && sizeOf(shape) > 0) {
      throw new ShapeError(
        `gather: the operand of shape ${showShape(operand.shape)} has no rows to choose from. Give at least one.`,
      );
    }
    return [{ shape, dtype: operand.dtype }];
  },
  jvp: (lax, [operand, indices], [dx], { batchDims }: GatherParams) => ({
    outputs: [lax.gather(operand, indices, batchDims)],
    tangents: [dx && lax.gather(dx, indices, batchDims)],
  }),
  transpose(lax, [ct], [, indices], _linear, { batchDims }: GatherParams, [operand]) {
    if (!ct) return [null, null];
    const clamped = lax.min(lax.max(indices!, 0), operand.shape[batchDims] - 1);
    return [lax.scatter(lax.zeros(operand), clamped, ct, { batchDims, mode: 'add' }), null];
  },
  batch(lax, size, [operand, indices], batched, { batchDims }: GatherParams) {
    if (!batched[0] && batchDims === 0) return { outputs: [lax.gather(operand, indices, 0)], batched: [true] };
    const every = [operand, indices].map((input, i) => (batched[i] ? input : repeatFirst(lax, input, size)));
    return { outputs: [lax.gather(every[0], every[1], batchDims + 1)], batched: [true] };
  },
  evaluate([operand, indices], { batchDims }: GatherParams, [output]) {
    const { batches, count, chosen, width } = rowsOf(operand.shape, indices.shape, batchDims);
    const data = refData(output.dtype, sizeOf(output.shape));
    for (let b = 0, to = 0; b < batches; b++) {
      for (let i = 0; i < chosen; i++, to += width) {
        const row = Math.min(Math.max(indices.data[b * chosen + i], 0), count - 1);
        const from = (b * count + row) * width;
        if (width === 1) data[to] = operand.data[from];
        else data.set(operand.data.subarray(from, from + width), to);
      }
    }
    return [refArray(output.shape, output.dtype, data)];
  },
};

export const gather = (operand: Value, indices: Value, batchDims = 0): Value =>
  bind(gatherPrimitive, [operand, indices], { batchDims })[0];
