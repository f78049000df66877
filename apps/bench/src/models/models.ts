import type { ModelName, Sizes, TrainingProblem } from '../problem.ts';
import type { Model } from './model.ts';
import { graphBlock, invariant, messages, skipNet, unetModel } from './networks.ts';
import { divergence, eikonal, flowMatching, regression } from './perceptron.ts';

export const models: Readonly<Record<ModelName, Model>> = {
  regression,
  eikonal,
  divergence,
  flowMatching,
  graphBlock,
  unet: unetModel,
  invariant,
  messages,
  skipNet,
};

/** Rates of the optimizers; small enough for losses that stay finite over many steps. */
const RATES = { descent: 0.01, adam: 1e-3 } as const;
const SMALLER_RATES: Partial<Record<ModelName, number>> = { unet: 1e-3, messages: 1e-3, skipNet: 1e-4 };

export const trainingProblem = (
  model: ModelName,
  sizes: Sizes,
  optimizer: TrainingProblem['optimizer'] = 'descent',
): TrainingProblem => ({
  kind: 'training',
  model,
  sizes,
  optimizer,
  rate: SMALLER_RATES[model] ?? RATES[optimizer],
  ...models[model].prepare(sizes),
});
