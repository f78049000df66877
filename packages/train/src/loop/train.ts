import { checkedOptions } from '@flowfield/tensor-webgpu';
import type { TrainEvent } from './events.ts';
import { createTrainer, type Trainer, type TrainerOptions, trainerOptionNames } from './trainer.ts';

export interface TrainOptions<P, B> extends TrainerOptions<P, B> {
  /** Called for every event. */
  readonly onEvent?: (event: TrainEvent) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Go on from the checkpoint in the storage, if there is one (default false: such a checkpoint is an error). */
  readonly resume?: boolean;
}

/**
 * Trains until all steps are done or the signal stops the run, and returns the trainer: `params`, `averaged`, `best`, `step`.
 * @throws what `createTrainer`, `resume` and `run` throw.
 */
export async function train<P, B>(options: TrainOptions<P, B>): Promise<Trainer<P, B>> {
  const {
    onEvent,
    signal,
    resume = false,
    ...parts
  } = checkedOptions('train', options, [...trainerOptionNames, 'onEvent', 'signal', 'resume']);
  const trainer = createTrainer(parts);
  if (resume) await trainer.resume();
  for await (const event of trainer.run({ signal })) await onEvent?.(event);
  return trainer;
}
