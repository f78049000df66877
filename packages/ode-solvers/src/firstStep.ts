import { maximum, minimum, stopGradient, type Tensor, where } from '@flowfield/tensor-webgpu';
import type { Field, FloatType, State } from './state.ts';
import { scaledNorm, type Tolerances } from './stepControl.ts';

export interface Beginning {
  readonly t: Tensor;
  readonly state: State;
  readonly slope: State;
  /** 1 or -1. */
  readonly forward: Tensor;
  /** The length of the interval. */
  readonly span: Tensor;
  readonly t1: Tensor;
  readonly errorOrder: number;
}

/** A first step size (positive) from the sizes of y, y' and y'' (Hairer, Nørsett, Wanner, II.4); costs one evaluation. */
export function firstStep(field: Field, start: Beginning, tolerances: Tolerances, dtype: FloatType): Tensor {
  const { t, t1, forward, span } = start;
  const [state, slope] = stopGradient([start.state, start.slope]);
  const size = scaledNorm(state, [state], tolerances, dtype);
  const speed = scaledNorm(slope, [state], tolerances, dtype);
  const still = size.less(1e-5).logicalOr(speed.less(1e-5));
  const guess = minimum(positive(where(still, 1e-6, size.mul(0.01).div(where(still, 1, speed)))), span);
  const h = guess.mul(forward);
  const moved = state.map((leaf, n) => leaf.add(slope[n].mul(h.astype(leaf.dtype))));
  const time = where(guess.less(span), t.add(h), t1);
  const change = stopGradient(field(time, moved)).map((leaf, n) => leaf.sub(slope[n]));
  const bend = scaledNorm(change, [state], tolerances, dtype).div(where(guess.equal(0), 1, guess));
  const most = maximum(speed, bend);
  const flat = most.lessEqual(1e-15);
  const fine = where(
    flat,
    maximum(guess.mul(1e-3), 1e-6),
    where(flat, 1, most)
      .reciprocal()
      .mul(0.01)
      .pow(1 / start.errorOrder),
  );
  return stopGradient(minimum(minimum(guess.mul(100), positive(fine)), span));
}

/** `h` where it is a positive number, else a small step. */
const positive = (h: Tensor): Tensor => where(h.isFinite().logicalAnd(h.greater(0)), h, 1e-6);
