import { adam, cosineSchedule, ema } from '@flowfield/nn';
import { affinePath, conditionalFlowMatchingLoss, condOTScheduler, dropConditions } from '@flowfield/paths';
import { random, type Tensor } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Effort, PartContext } from '../part.ts';
import { type DigitField, type DigitFieldParams, type DigitNetwork, digitField, NONE } from './digitField.ts';
import { centered, type Digits } from './digitImages.ts';

/** Pixels of a side. */
export const SIDE = 14;
const DROP = 0.2;

interface LabelledSizes {
  readonly network: DigitNetwork;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly average: number;
  /** Samples that are judged, of each kind. */
  readonly samples: number;
}

export const LABELLED_SIZES: Readonly<Record<Effort, LabelledSizes>> = {
  plain: {
    network: { hidden: [512, 512, 512] },
    steps: 20_000,
    batch: 256,
    learningRate: 1e-3,
    average: 0.999,
    samples: 2000,
  },
  quick: {
    network: { hidden: [256, 256, 256] },
    steps: 600,
    batch: 128,
    learningRate: 2e-3,
    average: 0.98,
    samples: 500,
  },
  best: {
    network: { channels: [32, 64] },
    steps: 20_000,
    batch: 64,
    learningRate: 1e-3,
    average: 0.999,
    samples: 2000,
  },
};

/** A field of digits by class along the straight path, trained with and without its labels, the same for a seed in every part. */
export async function trainedLabelledField(
  { seed, effort, trained }: PartContext,
  train: Digits,
): Promise<{ field: DigitField; params: DigitFieldParams }> {
  const { network, steps, batch, learningRate, average } = LABELLED_SIZES[effort];
  const path = affinePath(condOTScheduler());
  const field = digitField(network, { side: SIDE, labelled: true });
  const { params } = await trained('field', {
    params: field.init(random.foldIn(random.key(seed), 901)),
    loss: (own: DigitFieldParams, { x1, label }: { x1: Tensor; label: Tensor }, key: random.Key): Tensor => {
      const [noise, time, drop] = random.split(key, 3);
      const given = dropConditions(label, { key: drop, rate: DROP, empty: NONE });
      const velocity = (x: Tensor, t: Tensor): Tensor => field.velocity(own, x, t, given);
      const t = random.uniform(time, [batch]);
      return conditionalFlowMatchingLoss({ velocity, path }, random.normal(noise, x1.shape), x1, t);
    },
    batches: shuffledRows({ x1: centered(train.pixels), label: train.label }, { batchSize: batch, seed }),
    optimizer: adam({ learningRate: cosineSchedule({ initial: learningRate, steps }) }),
    ema: ema({ decay: average }),
    steps,
    innerSteps: 20,
    logEvery: 20,
  });
  return { field, params };
}
