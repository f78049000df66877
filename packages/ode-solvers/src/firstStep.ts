import { maximum, minimum, stopGradient, type Tensor, where } from '@flowfield/tensor-webgpu';
import type { Field, FloatType, State } from './state.ts';
import { scaledNorm, type Tolerances } from './stepControl.ts';
import { smallestStep } from './stops.ts';

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

/**
 * The error of a step h in tolerances is taken to be C |y'| λ^(k-1) h^k, where λ = |y''| / |y'| is how fast the slope turns. C is
 * that of the usual methods: chosen by evaluations at equal error over DETEST and flows of mixtures.
 */
const errorConstant = 0.01;
/** Of the interval: the first step where the state or its slope is 0, or nothing else is known. */
const small = 1e-6;

/**
 * A first step size (positive) from the sizes of y, y' and y'', of which the last comes from an Euler step as in Hairer,
 * Nørsett, Wanner, II.4; costs one evaluation. It does not depend on the unit of time.
 */
export function firstStep(field: Field, start: Beginning, tolerances: Tolerances, dtype: FloatType): Tensor {
  const { t, t1, forward, span, errorOrder: k } = start;
  const [state, slope] = stopGradient([start.state, start.slope]);
  const size = scaledNorm(state, [state], tolerances, dtype);
  const speed = scaledNorm(slope, [state], tolerances, dtype);
  const least = minimum(span, maximum(span.mul(small), smallestStep(span.mul(0), dtype)));
  const positive = (h: Tensor): Tensor => where(h.isFinite().logicalAnd(h.greater(0)), h, least);
  const still = size.less(1e-5).logicalOr(speed.mul(span).less(1e-5));
  const guess = minimum(positive(where(still, least, size.mul(0.01).div(where(still, 1, speed)))), span);
  const h = guess.mul(forward);
  const moved = state.map((leaf, n) => leaf.add(slope[n].mul(h.astype(leaf.dtype))));
  const time = where(guess.less(span), t.add(h), t1);
  const change = stopGradient(field(time, moved)).map((leaf, n) => leaf.sub(slope[n]));
  const bend = scaledNorm(change, [state], tolerances, dtype).div(where(guess.equal(0), 1, guess));
  // Slopes are compared over the interval: there a slope of 0 that bends is as large as it becomes.
  const rise = where(still, maximum(speed, bend.mul(span)), speed);
  const flat = rise.mul(span).lessEqual(1e-15);
  const whole = where(span.equal(0), 1, span);
  const turning = maximum(where(still, 0, bend.div(where(still, 1, speed))), whole.reciprocal());
  const level = turning.div(where(flat, 1, rise).mul(errorConstant)).pow(1 / k);
  const fine = where(flat, least, level.div(turning));
  return stopGradient(minimum(minimum(guess.mul(100), positive(fine)), span));
}
