import { checkTensor, type Tensor } from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { checkedChoice } from '../inputs/choice.ts';
import type { PointFrames } from './pointFrames.ts';

/**
 * How a quantity moves with the group: 'scalar' not at all, 'vector' turns, 'point' turns and shifts. Vectors and points have the
 * coordinates on the last axis.
 */
export type Kind = 'scalar' | 'vector' | 'point';

const KINDS: readonly Kind[] = ['scalar', 'vector', 'point'];

/** `given` itself; throws `ArgumentError` unless it is a kind. */
export const checkedKind = (what: string, given: Kind): Kind => checkedChoice(`${what}: a kind`, given, KINDS);

/**
 * Vectors or points [lead…, …, d] as each frame element sees them: [frames, lead…, …, d], g⁻¹ x = (x - t) R. Scalars stay as they are.
 * @throws ArgumentError for another kind, LayerShapeError unless the batch axes and the last axis fit the frames.
 */
export function intoFrames(x: Tensor, kind: Kind, frames: PointFrames): Tensor {
  return checkedKind('intoFrames', kind) === 'scalar' ? x : signed(alongAxes(x, kind, frames).expandDims(0), frames);
}

/** Vectors or points in coordinates along the principal axes, before the signs of the frame elements. */
export function alongAxes(x: Tensor, kind: Kind, frames: PointFrames): Tensor {
  checkTensor('intoFrames', `the ${kind}`, x);
  checkShape('intoFrames', x, kind, frames, 0);
  const { axes, center } = frames;
  const shifted = kind === 'point' && center ? x.sub(between(center, x.shape.length, frames)) : x;
  return axes ? rotated(shifted, axes, frames) : shifted;
}

/**
 * What each frame element gives, [frames, lead…, …, d], taken back and averaged: Σ_f (y_f R_fᵀ + t) / |F|. Scalars are averaged.
 * @throws ArgumentError for another kind, LayerShapeError unless the batch axes and the last axis fit the frames.
 */
export function outOfFrames(y: Tensor, kind: Kind, frames: PointFrames): Tensor {
  if (checkedKind('outOfFrames', kind) === 'scalar') return y.mean({ axis: 0 });
  checkShape('outOfFrames', y, kind, frames, 1);
  const { axes, center } = frames;
  // Signs first: they are exact, so that copies that differ by signs cancel or agree to the last bit.
  const mean = signed(y, frames).mean({ axis: 0 });
  const turned = axes ? rotated(mean, axes.matrixTranspose(), frames) : mean;
  return kind === 'point' && center ? turned.add(between(center, turned.shape.length, frames)) : turned;
}

/** x [lead…, …, d] times matrices [lead…, d, d]. */
function rotated(x: Tensor, matrices: Tensor, { lead, group }: PointFrames): Tensor {
  const rows = x.reshape([...lead, rowsAfter(x.shape, lead.length), group.dimension]);
  return rows.matmul(matrices).reshape(x.shape);
}

/** The product of the extents between the batch axes and the last; -1 in a reshape would not do for an empty batch. */
const rowsAfter = (shape: readonly number[], lead: number): number =>
  shape.slice(lead, -1).reduce((product, extent) => product * extent, 1);

/** [lead…, d] with axes of extent 1 in between, `rank` axes in all. */
const between = (center: Tensor, rank: number, { lead, group }: PointFrames): Tensor =>
  center.reshape([...lead, ...Array<number>(rank - lead.length - 1).fill(1), group.dimension]);

/**
 * Copies [frames or 1, lead…, …, d] times the signs of every frame element. All axes after the batch are one row, so that
 * the innermost loop is longer than d.
 */
export function signed(copies: Tensor, { signs, lead, group: { dimension } }: PointFrames): Tensor {
  const after = copies.shape.slice(1 + lead.length);
  const repeats = after.reduce((product, extent) => product * extent, 1) / dimension;
  const own = signs.shape.slice(0, -1);
  const row = signs
    .expandDims(-2)
    .broadcastTo([...own, repeats, dimension])
    .reshape([...own, repeats * dimension]);
  // Full frames have the same signs for every cloud.
  const spread = own.length === 1 ? row.reshape([own[0], ...lead.map(() => 1), repeats * dimension]) : row;
  const product = copies.reshape([copies.shape[0], ...lead, repeats * dimension]).mul(spread);
  return product.reshape([product.shape[0], ...lead, ...after]);
}

function checkShape(op: string, x: Tensor, kind: Kind, { lead, group }: PointFrames, skipped: number): void {
  const shape = x.shape.slice(skipped);
  const fits =
    shape.length > lead.length &&
    lead.every((extent, i) => shape[i] === extent) &&
    shape[shape.length - 1] === group.dimension;
  if (fits) return;
  throw new LayerShapeError(
    `${op}: expected a ${kind} of shape [${[...lead, '…', group.dimension].join(', ')}], got [${shape.join(', ')}]. Batch axes come first, the coordinates last.`,
  );
}
