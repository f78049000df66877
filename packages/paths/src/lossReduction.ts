import { mean, sum, type Tensor } from '@flowfield/tensor-webgpu';
import { checkOneOf } from './choices.ts';

/**
 * 'mean': the mean over the batch and all coordinates, as published losses have it. 'sum': the sum over the coordinates,
 * mean over the batch. 'none': the mean over the coordinates for each row, (batch).
 */
export type LossReduction = 'mean' | 'sum' | 'none';

/** Throws `ArgumentError` for another reduction. */
export const checkReduction = (use: string, reduction: LossReduction): void =>
  checkOneOf(use, 'a reduction', reduction, ['mean', 'sum', 'none']);

/** Errors (batch, …), weighed by row, as a loss. `coordinates` defaults to the elements of a row. */
export function reduceRows(
  use: string,
  errors: Tensor,
  reduction: LossReduction,
  weight?: Tensor,
  coordinates = errors.shape.slice(1).reduce((product, extent) => product * extent, 1),
): Tensor {
  checkReduction(use, reduction);
  const rows = errors.shape.length > 1 ? sum(errors, { axis: errors.shape.slice(1).map((_, i) => i + 1) }) : errors;
  const weighed = weight ? rows.mul(weight) : rows;
  if (reduction === 'sum') return mean(weighed);
  const perCoordinate = weighed.div(coordinates);
  return reduction === 'none' ? perCoordinate : mean(perCoordinate);
}
