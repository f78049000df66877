import { adam, bceWithLogits, cosineSchedule } from '@flowfield/nn';
import { jit, ones, random, type Tensor, tensor, toHost, where } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import type { Part, PartContext } from '../part.ts';
import { lossCurve } from '../pictures/lossCurve.ts';
import { DRAWS, type NodeGraphs, type RandomNetParams, randomNet } from './randomNet.ts';

const N = 6;
const BATCH = 32;
const STEPS = { plain: 2000, quick: 1000, best: 2000 };
/** Steps of the network without random numbers, which has nothing to learn. */
const PLAIN_STEPS = 200;
/** Copies of each graph in a test, and forwards that are averaged. */
const [COPIES, FORWARDS] = [32, 10];

export const cycles: Part = {
  name: 'cycles',
  summary: 'a hexagon or two triangles, which message passing cannot tell apart, by random numbers at the nodes',
  minutes: 0.5,
  seeds: [0, 1, 2, 3, 4],
  efforts: ['quick'],
  metrics: [
    { name: 'one', label: 'accuracy, one forward, %', gate: { atLeast: 97 }, digits: 1 },
    { name: 'ten', label: 'accuracy, mean of ten forwards, %', gate: { atLeast: 100 }, digits: 1 },
    { name: 'plain', label: 'without random numbers, %', gate: { atLeast: 50, atMost: 50 }, baseline: true, digits: 1 },
    {
      name: 'apart',
      label: 'without: difference of the two logits',
      gate: { atMost: 1e-5, quick: true },
      baseline: true,
      digits: 8,
    },
  ],
  async run(context) {
    const random16 = await fitted(context, DRAWS, STEPS[context.effort]);
    const plain = await fitted(context, 0, PLAIN_STEPS);
    const forwards = Array.from({ length: FORWARDS }, (_, i) => random16.logits(i));
    const total = forwards.reduce((sum, one) => sum.add(one));
    const same = plain.logits(0);
    const each = await Promise.all(forwards.map(accuracy));
    return {
      figures: {
        one: each.reduce((sum, one) => sum + one, 0) / FORWARDS,
        ten: await accuracy(total),
        plain: await accuracy(same),
        apart: (await toHost(same.max().sub(same.min()))).item(),
      },
      pictures: { training: random16.curve },
    };
  },
};

const ring = (size: number): number[][] =>
  Array.from({ length: N }, (_, i) =>
    Array.from({ length: N }, (__, j) => {
      const [start, a, b] = [Math.floor(i / size) * size, i % size, j % size];
      return Number(j >= start && j < start + size && ((a + 1) % size === b || (b + 1) % size === a));
    }),
  );

/** Graphs of six nodes: a hexagon where `labels` [batch] is 1, two triangles where it is 0. */
export const cycleGraphs = (labels: Tensor): NodeGraphs => {
  const [count] = labels.shape;
  return {
    adjacency: where(labels.greater(0.5).reshape([count, 1, 1]), tensor(ring(6)), tensor(ring(3))),
    features: ones([count, N, 1]),
    mask: ones([count, N]).greater(0),
  };
};

const TEST_LABELS = tensorOfPairs(COPIES);

function tensorOfPairs(copies: number): Float32Array {
  return Float32Array.from({ length: 2 * copies }, (_, i) => i % 2);
}

const accuracy = async (logits: Tensor): Promise<number> =>
  100 * (await toHost(logits.greater(0).equal(tensor(TEST_LABELS).greater(0.5)).astype('f32').mean())).item();

async function fitted({ seed, trained }: PartContext, draws: number, steps: number) {
  const net = randomNet({ features: 1, rounds: 4, pool: 'mean', draws });
  const { params, history } = await trained(draws > 0 ? 'random' : 'plain', {
    params: net.init(random.key(seed)),
    batches: generated((key): Tensor => random.bernoulli(key, 0.5, [BATCH]).astype('f32')),
    loss: (own: RandomNetParams, labels: Tensor, key: random.Key): Tensor =>
      bceWithLogits(net.apply(own, cycleGraphs(labels), key), labels),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 1e-3, steps }) }),
    steps,
    innerSteps: 50,
    logEvery: 50,
  });
  const forward = jit(
    (own: RandomNetParams, labels: Tensor, key: random.Key): Tensor => net.apply(own, cycleGraphs(labels), key),
  );
  const key = random.foldIn(random.key(seed), 1);
  return {
    /** Of 32 copies of each graph, in turn, in one batch. */
    logits: (i: number): Tensor => forward(params, tensor(TEST_LABELS), random.foldIn(key, i)),
    curve: lossCurve({
      title: 'A hexagon or two triangles',
      steps: history.map(({ step }) => step),
      loss: history.map(({ loss }) => Number(loss)),
    }),
  };
}
