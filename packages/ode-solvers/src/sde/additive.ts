import { advance } from '../polynomial.ts';
import { timeAt } from '../solver.ts';
import type { State } from '../state.ts';
import type { SdeTask } from './sdeSolver.ts';

const plus = (a: State, b: State): State => a.map((leaf, n) => leaf.add(b[n]));
const scaled = (a: State, factor: number): State => a.map((leaf) => leaf.mul(factor));

/** Two stages of an additive method: where they stand, and their shares of dW and of its Lévy area. */
export interface TwoStages {
  readonly second: number;
  readonly weights: readonly [number, number];
  readonly firstArea: number;
  readonly secondArea: number;
}

/**
 * A stochastic Runge-Kutta step of strong order 1.5 for `dy = f(t, y) dt + g(t) dW`. Where g changes with time its integral
 * `int g dW` is that of the line through both ends: `g0 (dW/2 + A) + g1 (dW/2 - A)`.
 */
export function additiveStep({ second, weights, firstArea, secondArea }: TwoStages, task: SdeTask): State {
  const { drift, diffusion, span, state, increment, noise } = task;
  const [g0, g1] = [diffusion(span.start, state), diffusion(span.end, state)];
  const [byW, byArea] = [noise.times(g0, increment.w), noise.times(g0, increment.area)];
  const first = firstArea === 0 ? state : plus(state, scaled(byArea, firstArea));
  const f1 = drift(span.start, first);
  const noisy = plus(plus(state, scaled(byW, second)), scaled(byArea, secondArea));
  const f2 = drift(timeAt(span, second), advance(noisy, span.h, [second], [f1]));
  const halves = increment.w.map((leaf) => leaf.mul(0.5));
  const early = noise.times(g0, plus(halves, increment.area));
  const late = noise.times(g1, plus(halves, scaled(increment.area, -1)));
  return plus(advance(state, span.h, weights, [f1, f2]), plus(early, late));
}
