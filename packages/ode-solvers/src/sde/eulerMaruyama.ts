import { increment } from '../polynomial.ts';
import { remembered } from '../remembered.ts';
import { type SdeSolver, sdeSolverOf } from './sdeSolver.ts';

/**
 * Euler-Maruyama, `y + f h + g dW`: Itô, strong order 1/2 (1 for additive noise), weak order 1 (Maruyama 1955; Kloeden and
 * Platen, Numerical Solution of SDEs, 10.2).
 */
export const eulerMaruyama = remembered(
  (): SdeSolver =>
    sdeSolverOf(
      {
        name: 'eulerMaruyama',
        calculus: 'ito',
        strongOrder: 0.5,
        kinds: ['diagonal', 'scalar', 'general'],
        additive: false,
        evaluations: 1,
      },
      ({ drift, diffusion, span, state, increment: { w }, noise }) => {
        const moved = increment(state, span.h, [1], [drift(span.start, state)]);
        const driven = noise.times(diffusion(span.start, state), w);
        return state.map((leaf, n) => leaf.add(moved[n]).add(driven[n]));
      },
    ),
);
