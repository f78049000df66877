import { checkedWhole, zerosLike } from '@flowfield/tensor-webgpu';
import { adamsWeights } from '../adamsWeights.ts';
import { multistepStep, multistepTraits, weightedStep } from '../multistep.ts';
import { remembered } from '../remembered.ts';
import { type OdeSolver, solverOf } from '../solver.ts';
import { rk4 } from './rk4.ts';

/**
 * Adams-Bashforth: explicit, of order 1 to 5 (default 4), from the slopes of `order` steps, whose sizes may differ; one
 * evaluation a step. The first steps are those of `rk4()`. Fixed steps (Hairer, Nørsett, Wanner, Solving ODEs I, III.1).
 *
 * @throws ArgumentError for another order.
 */
export const adamsBashforth = remembered((order: number | undefined = 4): OdeSolver => {
  const traits = multistepTraits('adamsBashforth', checkedWhole('adamsBashforth: order', order), 1, order - 1);
  return solverOf(
    {
      ...traits,
      leafStepFrom(task, slopes, nodes) {
        const first = task.first ?? task.field(task.span.start, task.state);
        const weights = adamsWeights([zerosLike(task.span.h), ...nodes]);
        return multistepStep(task, first, weightedStep(task, weights, [first, ...slopes]));
      },
    },
    rk4().leafStep,
  );
});
