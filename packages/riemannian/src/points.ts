import {
  firstNonFinite,
  knownData,
  ShapeError,
  sum,
  type Tensor,
  type TensorLike,
  tensor,
} from '@flowfield/tensor-webgpu';
import { InvalidPointError } from './errors.ts';

/** `x` as a floating tensor whose last axis has extent `ambient`. Throws `ShapeError` otherwise. */
export function asPoints(use: string, what: string, x: TensorLike, ambient: number): Tensor {
  const points = tensor(x);
  if (points.shape.at(-1) !== ambient) {
    throw new ShapeError(
      `${use}: expected ${what} with ${ambient} coordinates along the last axis, got shape [${points.shape.join(', ')}]. ` +
        'Put the coordinates last and the batch axes first.',
    );
  }
  return points.dtype === 'f32' || points.dtype === 'f64' ? points : points.astype('f32');
}

/** The ambient inner product along the last axis, which is dropped unless `keepDims`. */
export const innerProduct = (u: Tensor, v: Tensor, keepDims = false): Tensor => sum(u.mul(v), { axis: -1, keepDims });

/** A time as a factor of vectors: a scalar, or the batch shape with a last axis of extent 1 added. */
export function asFactor(use: string, t: TensorLike, batch: readonly number[]): number | Tensor {
  if (typeof t === 'number') return t;
  const times = tensor(t);
  if (times.shape.length === 0) return times;
  const fits = times.shape.length === batch.length && times.shape.every((extent, i) => extent === batch[i]);
  if (!fits) {
    throw new ShapeError(
      `${use}: expected t as a scalar or of the batch shape [${batch.join(', ')}], got [${times.shape.join(', ')}]. ` +
        'Leave out the axis of the coordinates.',
    );
  }
  return times.expandDims(-1);
}

/** Throws `InvalidPointError` for the first of `rows` (…, D) with a number that is not finite, where it can be read at once. */
export function checkFinite(use: string, what: string, rows: Tensor): void {
  const data = knownData(rows);
  if (data === null) return;
  const index = firstNonFinite(data);
  if (index < 0) return;
  const width = rows.shape.at(-1) ?? 1;
  throw new InvalidPointError(
    `${use}: expected finite coordinates of ${what}, got ${data[index]} in ${positionOf(Math.floor(index / width), rows.shape.slice(0, -1))}. ` +
      'Look for divisions by 0, or leave such rows out.',
  );
}

/**
 * The batch position of the first `true` in `flags` where it can be read at once; `null` if there is none, and
 * inside a trace or on a device that is read asynchronously.
 */
export function firstFlagged(flags: Tensor): string | null {
  const index = knownData(flags)?.findIndex((flag) => flag !== 0) ?? -1;
  return index < 0 ? null : positionOf(index, flags.shape);
}

/** Words for the place of element `index` in a batch. */
function positionOf(index: number, batch: readonly number[]): string {
  let rest = index;
  const position: number[] = [];
  for (const extent of batch.toReversed()) {
    position.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return position.length === 0 ? 'the only row' : `row ${position.join(', ')}`;
}
