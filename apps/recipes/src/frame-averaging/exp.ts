import { graphFrame } from '@flowfield/equivariant-layers';
import { adam, bceWithLogits } from '@flowfield/nn';
import { jit, onHost, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { DataFiles } from '../files.ts';
import type { Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { EXP, EXP_NODES, readExp } from '../symmetry/expGraphs.ts';
import { adjacencyOf } from '../symmetry/graph8c.ts';
import { NODES, type PlacedGraphs, placedGin } from './placedGin.ts';

/** As in the paper: 200 graphs to validate with, which nothing here needs, 200 to test on, the others to train on. */
const TEST = [200, 400] as const;
const TRAIN = [400, 1200] as const;
const BATCH = 100;
const EPOCHS = { frames: 200, uniform: 100, none: 60 };
const QUICK_EPOCHS = 40;
/** Frames of a test graph that are averaged in the second reading. */
const FRAMES = 10;

type Positions = keyof typeof EPOCHS;

export const exp: Part = {
  name: 'exp',
  summary: 'EXP: pairs that message passing cannot tell apart, by a graph network that sees one element of the frame',
  minutes: 2,
  data: [EXP],
  efforts: ['quick'],
  metrics: [
    {
      name: 'frames',
      label: 'test accuracy, one element of the frame, %',
      gate: { atLeast: 97, quick: { atLeast: 90 } },
      paper: 100,
      digits: 1,
    },
    { name: 'framesTen', label: 'the same, mean of ten elements, %', digits: 1 },
    {
      name: 'none',
      label: 'no positions (GIN), %',
      gate: { atLeast: 49, atMost: 51 },
      baseline: true,
      paper: 50,
      digits: 1,
    },
    {
      name: 'uniform',
      label: 'positions at random (GA-GIN), %',
      gate: { atLeast: 44, atMost: 56 },
      baseline: true,
      paper: 50,
      digits: 1,
    },
  ],
  async run(context) {
    const graphs = await readGraphs(context.files);
    const frames = await fitted(context, graphs, 'frames');
    const none = await fitted(context, graphs, 'none');
    const uniform = await fitted(context, graphs, 'uniform');
    return {
      figures: { frames: frames.one, framesTen: frames.ten, none: none.one, uniform: uniform.one },
      pictures: {
        training: figure({
          title: 'Training on EXP',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'epoch' },
              y: { label: 'cross-entropy' },
              series: [
                { label: 'no positions', ...none.curve },
                { label: 'at random', ...uniform.curve },
                { label: 'frames', ...frames.curve },
              ],
            },
          ],
        }),
      },
    };
  },
};

/** EXP with the groups of nodes that frames may exchange. */
async function readGraphs(files: DataFiles): Promise<PlacedGraphs & { labels: Tensor }> {
  const { graphs, adjacency, tags, labels } = await readExp(files);
  // Padding comes after all nodes.
  const groups = new Float32Array(graphs.length * EXP_NODES).fill(NODES);
  const framed = onHost(() => graphs.map((graph) => graphFrame(adjacencyOf([graph]).at(0))));
  (await framed()).forEach((frame, row) => {
    frame.groups.forEach((group, place) => {
      for (const node of group) groups[row * EXP_NODES + node] = place;
    });
  });
  return { adjacency, groups: tensor(groups).reshape([graphs.length, EXP_NODES]), tags, labels };
}

/** Trains with one kind of positions and reads the last epoch. */
async function fitted(
  { seed, effort, trained }: PartContext,
  all: Awaited<ReturnType<typeof readGraphs>>,
  positions: Positions,
) {
  const net = placedGin(positions);
  const rows = ([from, to]: readonly [number, number]) => ({
    adjacency: all.adjacency.slice([from, to]),
    groups: all.groups.slice([from, to]),
    tags: all.tags.slice([from, to]),
    labels: all.labels.slice([from, to]),
  });
  const [train, test] = [rows(TRAIN), rows(TEST)];
  const perEpoch = (TRAIN[1] - TRAIN[0]) / BATCH;
  const epochs = effort === 'quick' ? Math.min(QUICK_EPOCHS, EPOCHS[positions]) : EPOCHS[positions];
  type Params = ReturnType<typeof net.init>;
  const { params, history } = await trained(positions, {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: (own: Params, { labels, ...graphs }: typeof train, key: random.Key): Tensor =>
      bceWithLogits(net.apply(own, graphs, key), labels, { reduction: 'sum' }),
    optimizer: adam({ learningRate: 1e-3 }),
    steps: epochs * perEpoch,
    innerSteps: perEpoch,
    logEvery: perEpoch,
  });
  const logits = jit((key: random.Key): Tensor => {
    const { labels: _, ...graphs } = test;
    return net.apply(params, graphs, key);
  });
  const key = random.foldIn(random.key(seed), 1);
  const draws = Array.from({ length: FRAMES }, (_, i) => logits(random.foldIn(key, i)));
  const accuracy = async (scores: Tensor) =>
    100 * (await toHost(scores.greater(0).equal(test.labels.greater(0)).astype('f32').mean())).item();
  return {
    one: await accuracy(draws[0]),
    ten: await accuracy(draws.reduce((sum, one) => sum.add(one))),
    curve: { x: history.map(({ step }) => step / perEpoch), y: history.map(({ loss }) => Number(loss) / BATCH) },
  };
}
