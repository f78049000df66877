import { adam, bceWithLogits, cosineSchedule } from '@flowfield/nn';
import { concat, jit, oneHot, random, type Tensor, tensor, toHost, tree } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { DataFiles } from '../files.ts';
import type { Part, PartContext } from '../part.ts';
import { lossCurve } from '../pictures/lossCurve.ts';
import { EXP, readExp } from '../symmetry/expGraphs.ts';
import { DRAWS, type NodeGraphs, type RandomNetParams, randomNet } from './randomNet.ts';

const TRAINING_PAIRS = 480;
const BATCH = 32;
const STEPS = { plain: 8000, quick: 300, best: 50_000 };
/** Steps of the schedule: a quick run goes through the first of the plain one. */
const SCHEDULE = { plain: 8000, quick: 8000, best: 50_000 };
/** Steps of the network without random numbers, which has nothing to learn. */
const PLAIN_STEPS = 100;
/** Graphs in one batch of a test, and forwards that are averaged. */
const [CHUNK, FORWARDS] = [48, 10];

export const exp: Part = {
  name: 'exp',
  summary: 'EXP: pairs that message passing cannot tell apart, by random numbers at the nodes and global attention',
  minutes: 9,
  data: [EXP],
  efforts: ['quick', 'best'],
  metrics: [
    { name: 'ten', label: 'accuracy, mean of ten forwards, %', gate: { atLeast: 75 }, digits: 1 },
    { name: 'one', label: 'accuracy, one forward, %', digits: 1 },
    { name: 'plain', label: 'without random numbers, %', gate: { atLeast: 50, atMost: 50 }, baseline: true, digits: 1 },
    {
      name: 'apart',
      label: 'without: largest difference of the logits of a pair',
      gate: { atMost: 1e-4, quick: true },
      baseline: true,
      digits: 7,
    },
  ],
  async run(context) {
    const [train, test] = await readPairs(context.files, context.seed);
    const random16 = await fitted(context, DRAWS, train, test);
    const plain = await fitted(context, 0, train, test);
    const forwards = Array.from({ length: FORWARDS }, (_, i) => random16.logits(i));
    const total = forwards.reduce((sum, one) => sum.add(one));
    const accuracy = async (logits: Tensor): Promise<number> =>
      100 * (await toHost(logits.greater(0).equal(test.labels.greater(0.5)).astype('f32').mean())).item();
    const each = await Promise.all(forwards.map(accuracy));
    const same = plain.logits(0).reshape([test.labels.shape[0] / 2, 2]);
    return {
      figures: {
        ten: await accuracy(total),
        one: each.reduce((sum, one) => sum + one, 0) / FORWARDS,
        plain: await accuracy(same.flatten()),
        apart: (await toHost(same.slice('...', 0).sub(same.slice('...', 1)).abs().max())).item(),
      },
      pictures: { training: random16.curve },
    };
  },
};

type Labelled = NodeGraphs & { labels: Tensor };

/** 480 pairs to train on and 120 to test with, drawn by the seed; both graphs of a pair stand one after the other. */
async function readPairs(files: DataFiles, seed: number): Promise<[train: Labelled, test: Labelled]> {
  const { adjacency, tags, mask, labels } = await readExp(files);
  const pairs = Array.from(await random.permutation(random.key(seed), labels.shape[0] / 2).data(), Number);
  const part = (own: readonly number[]): Labelled => {
    const rows = tensor(Int32Array.from(own.flatMap((pair) => [2 * pair, 2 * pair + 1])));
    return {
      adjacency: adjacency.take(rows),
      features: oneHot(tags.take(rows).astype('i32'), 2),
      mask: mask.take(rows),
      labels: labels.take(rows),
    };
  };
  return [part(pairs.slice(0, TRAINING_PAIRS)), part(pairs.slice(TRAINING_PAIRS))];
}

async function fitted({ seed, effort, trained }: PartContext, draws: number, train: Labelled, test: Labelled) {
  const net = randomNet({ features: 2, rounds: 6, pool: 'sum', draws });
  const { params, history } = await trained(draws > 0 ? 'random' : 'plain', {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: (own: RandomNetParams, { labels, ...graphs }: Labelled, key: random.Key): Tensor =>
      bceWithLogits(net.apply(own, graphs, key), labels),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 1e-3, steps: SCHEDULE[effort] }) }),
    steps: draws > 0 ? STEPS[effort] : PLAIN_STEPS,
    innerSteps: 10,
    logEvery: 50,
  });
  const forward = jit(
    (own: RandomNetParams, graphs: NodeGraphs, key: random.Key): Tensor => net.apply(own, graphs, key),
  );
  const key = random.foldIn(random.key(seed), 1);
  const { labels, ...graphs } = test;
  const starts = Array.from({ length: labels.shape[0] / CHUNK }, (_, i) => i * CHUNK);
  return {
    /** Of all test graphs, a few at a time; pairs stay together, since normalization is by the batch. */
    logits: (i: number): Tensor =>
      concat(
        starts.map((from) =>
          forward(
            params,
            tree.map((leaf: Tensor) => leaf.slice([from, from + CHUNK]), graphs) as NodeGraphs,
            random.foldIn(random.foldIn(key, i), from),
          ),
        ),
        0,
      ),
    curve: lossCurve({
      title: 'Training on EXP with random numbers',
      steps: history.map(({ step }) => step),
      loss: history.map(({ loss }) => Number(loss)),
    }),
  };
}
