import { ArgumentError, checkFunctions, type random, type Tensor } from '@flowfield/tensor-webgpu';
import { returnedLike } from '../returned.ts';

/**
 * One step of a Markov chain: points (batch, …) at time t to points at tNext > t, both scalars, with randomness from the
 * key alone. It must be traceable.
 */
export interface Transition {
  (x: Tensor, t: Tensor, tNext: Tensor, key: random.Key): Tensor;
  /** Network evaluations of one step per row (1 if left out). */
  readonly evaluations?: number;
}

/** A transition that tells its cost. */
export const transitionOf = (
  evaluations: number,
  step: (x: Tensor, t: Tensor, tNext: Tensor, key: random.Key) => Tensor,
): Transition => Object.assign(step, { evaluations });

/** Throws `ArgumentError` unless `given` is a function. */
export function checkTransition(use: string, given: Transition): void {
  if (typeof given === 'function') return;
  checkFunctions(use, given);
  throw new ArgumentError(`${use}: expected a transition.`);
}

/** The points after a step, in the dtype of x. Throws `ShapeError` where the transition returned something else. */
export const moved = (
  use: string,
  transition: Transition,
  x: Tensor,
  ...[t, tNext, key]: [Tensor, Tensor, random.Key]
): Tensor => returnedLike(use, 'points after a step', transition(x, t, tNext, key), x).astype(x.dtype);
