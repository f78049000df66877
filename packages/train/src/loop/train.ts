import { ArgumentError, checkedOptions, checkFunctions } from '@flowfield/tensor-webgpu';
import type { TrainEvent } from './events.ts';
import { type TrainerOptions, trainerOptionNames } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';

export interface TrainOptions<P, B, S = null> extends TrainerOptions<P, B, S> {
  /** Called for every event. */
  readonly onEvent?: (event: TrainEvent) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Go on from the checkpoint in the storage, if there is one (default false: such a checkpoint is an error). */
  readonly resume?: boolean;
}

/**
 * Trains until all steps are done or the signal stops the run, and returns the trainer: `params`, `averaged`, `modelState`, `best`,
 * `step`, `diverged`.
 * @throws what `createTrainer`, `resume` and `run` throw.
 */
export async function train<P, B, S = null>(options: TrainOptions<P, B, S>): Promise<Trainer<P, B, S>> {
  const {
    onEvent,
    signal,
    resume = false,
    ...parts
  } = checkedOptions('train', options, [
    ...(trainerOptionNames as readonly (keyof TrainerOptions<P, B, S>)[]),
    'onEvent',
    'signal',
    'resume',
  ]);
  if (onEvent !== undefined) checkFunctions('train: onEvent', onEvent);
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw new ArgumentError('train: signal must be an AbortSignal. Give controller.signal of an AbortController.');
  }
  const trainer = createTrainer(parts as TrainerOptions<P, B, S>);
  if (resume) await trainer.resume();
  for await (const event of trainer.run({ signal })) await onEvent?.(event);
  return trainer;
}
