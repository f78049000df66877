import { accuracy, adam, cosineSchedule, crossEntropy, type LinearParams, linear } from '@flowfield/nn';
import { type Moments, mapBatches, momentsOf } from '@flowfield/samplers';
import { jit, onHost, random, silu, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { PartContext } from '../part.ts';
import { centered, DIGITS, type Digits } from './digitImages.ts';

const FEATURES = 256;
const BATCH = 256;
const STEPS = 2000;
/** Deviation of the noise on its pixels in training: it keeps a sharp eye for samples that are not quite digits. */
const NOISE = 0.2;
const EVALUATION_BATCH = 1000;

type ClassifierParams = { hidden: LinearParams; head: LinearParams };

/** A judge of samples, trained on the digits that the models are trained on. Images are rows of pixels in [-1, 1]. */
export interface DigitClassifier {
  /** ln p(label | x), (n, 10). */
  logits(x: Tensor): Tensor;
  /** Units of its hidden layer, (n, 256): the features of Fréchet distances. */
  features(x: Tensor): Tensor;
  /** The share of images that it takes for what they are meant to be, and the moments of their features. */
  judged(x: Tensor, label: Tensor): Promise<{ accuracy: number; moments: Moments }>;
}

/** One hidden layer of 256, the same for a seed in every part; under another name it is another one. */
export async function digitClassifier(
  { seed, trained, work }: PartContext,
  train: Digits,
  inputs: number,
  { name = 'classifier', draw = 900 } = {},
): Promise<DigitClassifier> {
  const layers = {
    hidden: linear({ inputs, outputs: FEATURES }),
    head: linear({ inputs: FEATURES, outputs: DIGITS }),
  };
  const [hidden, head] = random.split(random.foldIn(random.key(seed), draw));
  const features = (params: ClassifierParams, x: Tensor): Tensor => silu(layers.hidden.apply(params.hidden, x));
  const logits = (params: ClassifierParams, x: Tensor): Tensor => layers.head.apply(params.head, features(params, x));
  const { params } = await trained(name, {
    params: { hidden: layers.hidden.init(hidden), head: layers.head.init(head) },
    loss: (own: ClassifierParams, { x, label }: { x: Tensor; label: Tensor }, key: random.Key): Tensor =>
      crossEntropy(logits(own, x.add(random.normal(key, x.shape).mul(NOISE))), label, { labelSmoothing: 0.05 }),
    batches: shuffledRows({ x: centered(train.pixels), label: train.label }, { batchSize: BATCH, seed }),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 2e-3, steps: STEPS }) }),
    steps: STEPS,
    innerSteps: 50,
    logEvery: 200,
  });
  const seen = jit((x: Tensor) => ({ features: features(params, x), logits: logits(params, x) }));
  return {
    logits: (x) => logits(params, x),
    features: (x) => features(params, x),
    async judged(x, label) {
      const found = await mapBatches(seen, x, { batchSize: EVALUATION_BATCH, signal: work.signal });
      const right = await toHost(accuracy(found.logits, label));
      return { accuracy: right.item(), moments: await onHost(momentsOf)(found.features) };
    },
  };
}
