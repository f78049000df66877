import { increment } from '../polynomial.ts';
import { remembered } from '../remembered.ts';
import { type SdeSolver, sdeSolverOf } from './sdeSolver.ts';

/**
 * Heun's method for Stratonovich equations, the trapezoid of an Euler step: strong order 1 for commutative noise, 1/2
 * else; weak order 1 (Rümelin 1982; Kloeden and Platen, Numerical Solution of SDEs, 11.1).
 */
export const stochasticHeun = remembered(
  (): SdeSolver =>
    sdeSolverOf(
      {
        name: 'stochasticHeun',
        calculus: 'stratonovich',
        strongOrder: 1,
        kinds: ['diagonal', 'scalar', 'general'],
        additive: false,
        evaluations: 2,
      },
      ({ drift, diffusion, span, state, increment: { w }, noise }) => {
        const [f, g] = [drift(span.start, state), diffusion(span.start, state)];
        const euler = increment(state, span.h, [1], [f]);
        const driven = noise.times(g, w);
        const guess = state.map((leaf, n) => leaf.add(euler[n]).add(driven[n]));
        const moved = increment(state, span.h, [1 / 2, 1 / 2], [f, drift(span.end, guess)]);
        const again = noise.times(diffusion(span.end, guess), w);
        return state.map((leaf, n) => leaf.add(moved[n]).add(driven[n].add(again[n]).mul(0.5)));
      },
    ),
);
