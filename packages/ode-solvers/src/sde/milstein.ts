import { checkedOptions, jvp } from '@flowfield/tensor-webgpu';
import { increment } from '../polynomial.ts';
import { remembered } from '../remembered.ts';
import type { State } from '../state.ts';
import { refuse } from './brownian.ts';
import { type SdeSolver, sdeSolverOf } from './sdeSolver.ts';

export interface MilsteinOptions {
  /** The sense of the equation (default 'ito'). */
  readonly calculus?: 'ito' | 'stratonovich';
}

/**
 * Milstein's method, Euler-Maruyama and `1/2 g' g (dW^2 - h)` (Stratonovich: `1/2 g' g dW^2`), the derivative of g being
 * exact: strong order 1 for diagonal and scalar noise (Milstein 1974; Kloeden and Platen, 10.3).
 */
export const milstein = remembered((options: MilsteinOptions = {}): SdeSolver => {
  const { calculus = 'ito' } = checkedOptions('milstein', options, ['calculus']);
  if (calculus !== 'ito' && calculus !== 'stratonovich')
    refuse('milstein', `calculus must be 'ito' or 'stratonovich', got '${calculus}'.`);
  return sdeSolverOf(
    { name: 'milstein', calculus, strongOrder: 1, kinds: ['diagonal', 'scalar'], additive: false, evaluations: 1 },
    ({ drift, diffusion, span, state, increment: { w }, noise }) => {
      const moved = increment(state, span.h, [1], [drift(span.start, state)]);
      const g = diffusion(span.start, state);
      const bend = jvp((at: State) => diffusion(span.start, at), [state], [g])[1];
      const driven = noise.times(g, w);
      const squares = w.map((leaf) => {
        const square = leaf.square();
        return (calculus === 'ito' ? square.sub(span.h.astype(leaf.dtype)) : square).mul(0.5);
      });
      const corrected = noise.times(bend, squares);
      return state.map((leaf, n) => leaf.add(moved[n]).add(driven[n]).add(corrected[n]));
    },
  );
});
