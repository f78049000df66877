import type { FaGnnParams } from '@flowfield/equivariant-layers';
import { adam, cosineSchedule } from '@flowfield/nn';
import { jit, onHost, random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { equivariance } from './movedParticles.ts';
import {
  framedInput,
  framedNet,
  linearBaseline,
  type Particles,
  particleFiles,
  readParticles,
  rows,
  unframed,
} from './particles.ts';

const BATCH = 100;
const EPOCHS = 300;
const QUICK_EPOCHS = 30;
const VALIDATE_EVERY = 15;
/** Simulations in one call of an evaluation. */
const CHUNK = 500;
type Predict = (params: FaGnnParams, particles: Particles, key?: random.Key) => Tensor;

export const nbody: Part = {
  name: 'nbody',
  summary: 'where five charged particles will be: a graph network with random frames in training, all frames in tests',
  minutes: 8,
  data: particleFiles,
  efforts: ['quick'],
  metrics: [
    {
      name: 'framed',
      label: 'test MSE, FA-GNN',
      gate: { atMost: 0.0065, quick: { atMost: 0.018 } },
      paper: 0.0057,
      digits: 4,
    },
    { name: 'ratio', label: 'over that of the network without frames', gate: { atMost: 0.6 }, paper: 0.53 },
    { name: 'errorF32', label: 'equivariance error, trained, float32', gate: { atMost: 1e-4, quick: true }, digits: 7 },
    {
      name: 'errorF64',
      label: 'equivariance error, trained, float64',
      gate: { atMost: 1e-10, quick: true },
      digits: 15,
    },
    { name: 'medianF64', label: 'its median over simulations', digits: 17 },
    { name: 'rotated', label: 'change of the MSE on moved data', gate: { atMost: 1e-6, quick: true }, digits: 9 },
    { name: 'plain', label: 'test MSE without frames', baseline: true, paper: 0.0107, digits: 4 },
    {
      name: 'linear',
      label: 'test MSE of x + α v',
      gate: { atLeast: 0.0848, atMost: 0.085, quick: true },
      baseline: true,
      paper: 0.0819,
      digits: 4,
    },
    { name: 'factor', label: 'α', baseline: true },
  ],
  async run(context) {
    const { train, valid, test } = await readParticles(context.files);
    const net = framedNet();
    const framed = await fitted(context, 'framed', train, valid, (params, particles, key) =>
      net.apply(params, framedInput(particles), key ? { key, frames: 'sampled' } : {}),
    );
    const plain = await fitted(context, 'plain', train, valid, unframed);
    const [framedError, plainError] = [await framed.error(test), await plain.error(test)];
    const linear = await onHost(linearBaseline)(train, test);
    return {
      figures: {
        framed: framedError,
        ratio: framedError / plainError,
        ...(await onHost(equivariance)(framed.params, test, random.foldIn(random.key(context.seed), 1))),
        plain: plainError,
        linear: linear.error,
        factor: linear.factor,
      },
      pictures: {
        training: figure({
          title: 'Validation on charged particles',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'step' },
              y: { label: 'mean squared error', log: true },
              series: [
                { label: 'no frames', ...plain.curve, marked: true },
                { label: 'frames', ...framed.curve, marked: true },
              ],
            },
          ],
        }),
      },
    };
  },
};

/** Trains one network and keeps its best validation. */
async function fitted(
  { seed, effort, trained }: PartContext,
  name: string,
  train: Particles,
  valid: Particles,
  predict: Predict,
) {
  const perEpoch = train.charges.shape[0] / BATCH;
  const error = jit(
    (params: FaGnnParams, part: Particles): Tensor => predict(params, part).sub(part.targets).square().mean(),
  );
  const errorOf = async (params: FaGnnParams, part: Particles): Promise<number> => {
    const starts = Array.from({ length: part.charges.shape[0] / CHUNK }, (_, i) => i * CHUNK);
    const errors = starts.map((start) => error(params, rows(part, start, start + CHUNK)));
    return (await toHost(errors)).reduce((sum, one) => sum + one.item(), 0) / errors.length;
  };
  const { params, history } = await trained(name, {
    params: framedNet().init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: (own: FaGnnParams, batch: Particles, key: random.Key): Tensor =>
      predict(own, batch, key).sub(batch.targets).square().mean(),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 3e-3, steps: EPOCHS * perEpoch }) }),
    steps: (effort === 'quick' ? QUICK_EPOCHS : EPOCHS) * perEpoch,
    innerSteps: perEpoch,
    logEvery: perEpoch,
    validate: (own: FaGnnParams) => errorOf(own, valid),
    validateEvery: VALIDATE_EVERY * perEpoch,
    keepBest: true,
  });
  const validations = history.filter(({ validation }) => typeof validation === 'number');
  return {
    params,
    error: (part: Particles) => errorOf(params, part),
    curve: { x: validations.map(({ step }) => step), y: validations.map(({ validation }) => Number(validation)) },
  };
}
