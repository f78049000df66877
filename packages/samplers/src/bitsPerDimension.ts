import { checkedOptions, checkedWhole, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from './choices.ts';

export interface BitsOptions {
  /** Coordinates of a point. */
  readonly dimensions: number;
  /** Values that a coordinate could have before noise was added (default 256). */
  readonly levels?: number;
  /** The width of the range that they were scaled to, such as 2 for [-1, 1] (default 1). */
  readonly range?: number;
}

/**
 * Bits per dimension of discrete data from the log-likelihoods (nats) of the data with uniform noise of one level width:
 * -(ln p + d ln(range / levels)) / (d ln 2), an upper bound of the true one on average (Theis et al. 2016).
 * @throws ShapeError unless the log-likelihoods are (batch); ArgumentError for other options.
 */
export function bitsPerDimension(logLikelihood: Tensor, options: BitsOptions): Tensor {
  const use = 'bitsPerDimension';
  const { dimensions, levels = 256, range = 1 } = checkedOptions(use, options, ['dimensions', 'levels', 'range']);
  checkedWhole(`${use}: dimensions`, dimensions);
  checkedWhole(`${use}: levels`, levels, 2);
  checkedNumber(`${use}: range`, range, Number.MIN_VALUE);
  if (logLikelihood.ndim !== 1) {
    throw new ShapeError(`${use}: expected log-likelihoods of shape [batch], got [${logLikelihood.shape.join(', ')}].`);
  }
  return logLikelihood
    .div(dimensions)
    .add(Math.log(range / levels))
    .div(-Math.LN2);
}
