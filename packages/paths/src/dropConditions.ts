import {
  ArgumentError,
  checkedOptions,
  random,
  ShapeError,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { checkedNumber } from './choices.ts';

export interface DropOptions {
  readonly key: random.Key;
  /** The probability that a row loses its condition (default 0.2). */
  readonly rate?: number;
  /** What takes its place: one condition, without the batch axis, that no real condition equals. */
  readonly empty: TensorLike;
}

/**
 * Conditions (batch, …) in which each row is replaced by `empty` with the given probability, independently: what a model
 * needs in training to be guided later. `empty` may be a trained embedding: gradients reach it from dropped rows only.
 *
 * Source: Ho and Salimans 2022, "Classifier-Free Diffusion Guidance".
 * @throws ArgumentError for a rate outside [0, 1], ShapeError for an `empty` of another shape.
 */
export function dropConditions(conditions: TensorLike, options: DropOptions): Tensor {
  const use = 'dropConditions';
  const { key, rate = 0.2, empty } = checkedOptions(use, options, ['key', 'rate', 'empty']);
  checkedNumber(`${use}: rate`, rate, 0, 1);
  const given = tensor(conditions);
  if (given.shape.length === 0) throw new ArgumentError(`${use}: expected one condition per row, got a scalar.`);
  const other = tensor(empty);
  if (other.shape.join() !== given.shape.slice(1).join()) {
    throw new ShapeError(
      `${use}: expected an empty condition of shape [${given.shape.slice(1).join(', ')}], that of one row, got [${other.shape.join(', ')}].`,
    );
  }
  const rows = [given.shape[0], ...given.shape.slice(1).map(() => 1)];
  const dropped = random.bernoulli(key, rate, [given.shape[0]]).reshape(rows);
  return where(dropped, other.astype(given.dtype), given);
}
