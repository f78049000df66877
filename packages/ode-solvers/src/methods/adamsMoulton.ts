import { checkedOptions, checkedWhole, onesLike, zerosLike } from '@flowfield/tensor-webgpu';
import { adamsWeights } from '../adamsWeights.ts';
import { multistepStep, multistepTraits, weightedStep } from '../multistep.ts';
import { remembered } from '../remembered.ts';
import { type OdeSolver, solverOf } from '../solver.ts';
import { rk4 } from './rk4.ts';

export interface AdamsMoultonOptions {
  /** How often the implicit formula is applied to its own result (default 1). */
  readonly corrections?: number;
}

/**
 * Adams-Moulton: of order 2 to 5 (default 4), from `order - 1` slopes and that at the end of the step, whose sizes may
 * differ. Adams-Bashforth of one order less predicts, the implicit formula corrects; `corrections + 1` evaluations a
 * step. The first steps are those of `rk4()`. Fixed steps (Hairer, Nørsett, Wanner, Solving ODEs I, III.1).
 *
 * @throws ArgumentError for another order, fewer than one correction, or an unknown option.
 */
export const adamsMoulton = remembered(
  (order: number | undefined = 4, options: AdamsMoultonOptions = {}): OdeSolver => {
    const { corrections = 1 } = checkedOptions('adamsMoulton', options, ['corrections']);
    checkedWhole('adamsMoulton: corrections', corrections);
    const traits = multistepTraits('adamsMoulton', checkedWhole('adamsMoulton: order', order), 2, order - 2);
    return solverOf(
      {
        ...traits,
        stages: corrections + 1,
        leafStepFrom(task, slopes, nodes) {
          const { field, span } = task;
          const first = task.first ?? field(span.start, task.state);
          const known = [first, ...slopes];
          const past = [zerosLike(span.h), ...nodes];
          const weights = adamsWeights([onesLike(span.h), ...past]);
          let next = weightedStep(task, adamsWeights(past), known);
          for (let i = 0; i < corrections; i++) next = weightedStep(task, weights, [field(span.end, next), ...known]);
          return multistepStep(task, first, next, corrections);
        },
      },
      rk4().leafStep,
    );
  },
);
