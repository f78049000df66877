import type { Tensor, TensorLike } from '@flowfield/tensor-webgpu';
import { PathShapeError } from './errors.ts';
import { asFloating, checkFinite, checkGiven } from './times.ts';

/** The ends of a conditional path and the time at which to look at it. */
export interface PathInput {
  /** Source points, (batch, …). */
  readonly x0: TensorLike;
  /** Data points, (batch, …). */
  readonly x1: TensorLike;
  /** From 0 (source) to 1 (data): a scalar or (batch). */
  readonly t: TensorLike;
}

/** A point of the path and its velocity, with the ends and the time they belong to. */
export interface PathSample {
  readonly xt: Tensor;
  /** d xt / dt along the path with both ends fixed. */
  readonly dxt: Tensor;
  readonly x0: Tensor;
  readonly x1: Tensor;
  /** In the dtype of x1: a scalar or (batch). */
  readonly t: Tensor;
}

/** A family of curves from source to data points. */
export interface Path {
  /** The points at times t, with any further fields of the input (labels, masks, …) passed through. */
  sample<Extra extends object>(input: PathInput & Extra): PathSample & Omit<Extra, keyof PathSample>;
}

/**
 * Both ends as floating tensors. Throws `PathShapeError` unless their shapes are equal, `NonFinitePointError` for NaN and
 * infinity where the data are known.
 */
export function checkPair(use: string, x0: TensorLike, x1: TensorLike): { x0: Tensor; x1: Tensor } {
  checkGiven(use, 'x0', x0);
  checkGiven(use, 'x1', x1);
  const [source, data] = [asFloating(x0), asFloating(x1)];
  const equal =
    source.shape.length === data.shape.length && source.shape.every((extent, i) => extent === data.shape[i]);
  if (!equal) {
    throw new PathShapeError(
      `${use}: expected x0 and x1 of one shape, got x0 [${source.shape.join(', ')}] and x1 [${data.shape.join(', ')}]. ` +
        'Pair each data point with one source point.',
    );
  }
  checkFinite(use, 'x0', source);
  checkFinite(use, 'x1', data);
  const dtype = source.dtype === 'f64' || data.dtype === 'f64' ? 'f64' : 'f32';
  return { x0: source.astype(dtype), x1: data.astype(dtype) };
}
