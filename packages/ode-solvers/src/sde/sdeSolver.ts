import { type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type StepSpan, stepSpanOf } from '../solver.ts';
import { type Field, fieldOf, type OdeFunction, type State, stateOf } from '../state.ts';
import type { Increment } from './brownian.ts';
import { type Diffusion, type Noise, type NoiseKind, noiseTerm } from './noise.ts';

/** One step to take, on leaves. */
export interface SdeTask {
  readonly drift: Field;
  readonly diffusion: Field;
  readonly span: StepSpan;
  readonly state: State;
  readonly increment: Increment;
  readonly noise: Noise;
}

/** What a method for stochastic equations is. */
export interface SdeTraits {
  readonly name: string;
  /** The sense in which it solves `dy = f dt + g dW`; 'both' where the two agree, for additive noise. */
  readonly calculus: 'ito' | 'stratonovich' | 'both';
  /** The error of a path is O(h^strongOrder). */
  readonly strongOrder: number;
  /** The kinds of noise for which it is right. */
  readonly kinds: readonly NoiseKind[];
  /** g must not depend on y. */
  readonly additive: boolean;
  /** Evaluations of f in a step. */
  readonly evaluations: number;
}

/** A solver of `dy = f(t, y) dt + g(t, y) dW` by single steps. */
export interface SdeSolver extends SdeTraits {
  leafStep(task: SdeTask): State;
  /** One step of size h by hand, with an increment of the Brownian motion over it (area: of its space-time Lévy area). */
  step<Y>(
    drift: OdeFunction<Y, undefined>,
    diffusion: Diffusion<Y, undefined>,
    t: Tensor | number,
    y: Y,
    h: Tensor | number,
    increment: { readonly w: unknown; readonly area?: unknown },
    noise?: NoiseKind,
  ): Y;
}

export function sdeSolverOf(traits: SdeTraits, leafStep: (task: SdeTask) => State): SdeSolver {
  return {
    ...traits,
    leafStep,
    step(drift, diffusion, t, y, h, { w, area }, kind = 'diagonal') {
      const { structure } = tree.flatten(y);
      const state = stateOf(y);
      const noise = noiseTerm(kind);
      const moves = stateOf(w);
      const next = leafStep({
        drift: fieldOf(drift, structure, undefined),
        diffusion: noise.fieldOf(diffusion, structure, undefined),
        span: stepSpanOf(t, h, state),
        state,
        increment: { w: moves, area: area === undefined ? moves.map((leaf) => leaf.mul(0)) : stateOf(area) },
        noise,
      });
      return tree.unflatten(structure, next) as typeof y;
    },
  };
}
