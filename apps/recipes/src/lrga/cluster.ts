import { adam, cosineSchedule, crossEntropy } from '@flowfield/nn';
import { argmax, jit, oneHot, random, type Tensor, toHost, tree } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { BLOCKS, type BlockGraphs, blockGraphs } from './blockGraphs.ts';
import { type ClusterParams, type Context, clusterNet } from './clusterNets.ts';

const [TRAINING_GRAPHS, TEST_GRAPHS] = [1000, 500];
const BATCH = 16;
const EPOCHS = 20;
/** Epochs that a quick run goes through of the same schedule, on a quarter of the graphs. */
const QUICK = { epochs: 10, graphs: 256 };
/** Training graphs whose statistics are those of the evaluation, and graphs in one call. */
const [MEASURED, CHUNK] = [320, 20];

export const cluster: Part = {
  name: 'cluster',
  summary: 'the blocks of random graphs from one hint in each: convolutions with and without global attention',
  minutes: 7,
  efforts: ['quick'],
  metrics: [
    {
      name: 'attention',
      label: 'balanced accuracy with attention, %',
      gate: { atLeast: 60 },
      paper: '76.01 (10,000 graphs, 16 layers)',
      digits: 2,
    },
    { name: 'gain', label: 'minus that without', gate: { atLeast: 4 }, paper: '7.52', digits: 2 },
    {
      name: 'none',
      label: 'without attention (GCN), %',
      gate: { atLeast: 54, atMost: 59 },
      baseline: true,
      paper: '68.49 (10,000 graphs, 16 layers)',
      digits: 2,
    },
    {
      name: 'mean',
      label: 'the mean over the graph in place of attention, %',
      baseline: true,
      digits: 2,
      quick: false,
    },
  ],
  async run(context) {
    const key = random.key(context.seed);
    const count = context.effort === 'quick' ? QUICK.graphs : TRAINING_GRAPHS;
    const train = await blockGraphs(random.foldIn(key, 0), count);
    const test = await blockGraphs(random.foldIn(key, 1), context.effort === 'quick' ? 100 : TEST_GRAPHS);
    const none = await fitted(context, 'none', train, test);
    const attention = await fitted(context, 'attention', train, test);
    const mean = context.effort === 'quick' ? null : await fitted(context, 'mean', train, test);
    return {
      figures: {
        attention: attention.accuracy,
        gain: attention.accuracy - none.accuracy,
        none: none.accuracy,
        ...(mean && { mean: mean.accuracy }),
      },
      pictures: {
        training: figure({
          title: 'Training on graphs of six blocks',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'epoch' },
              y: { label: 'cross-entropy, classes weighted' },
              series: [
                { label: 'no context', ...none.curve },
                ...(mean ? [{ label: 'mean', ...mean.curve }] : []),
                { label: 'attention', ...attention.curve },
              ],
            },
          ],
        }),
      },
    };
  },
};

/** Trains one network and measures it on the test graphs after the last epoch. */
async function fitted({ seed, effort, trained }: PartContext, context: Context, train: BlockGraphs, test: BlockGraphs) {
  const net = clusterNet(context);
  const perEpoch = Math.floor(train.blocks.shape[0] / BATCH);
  const { params, history } = await trained(context, {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: (own: ClusterParams, batch: BlockGraphs): Tensor => weightedLoss(net.apply(own, batch)[0], batch.blocks),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 1e-3, steps: EPOCHS * perEpoch }) }),
    steps: (effort === 'quick' ? QUICK.epochs : EPOCHS) * perEpoch,
    innerSteps: Math.ceil(perEpoch / 4),
    logEvery: Math.ceil(perEpoch / 4),
  });
  return {
    accuracy: await balancedAccuracy(net, params, train, test),
    curve: { x: history.map(({ step }) => step / perEpoch), y: history.map(({ loss }) => Number(loss)) },
  };
}

/** Cross-entropy of real nodes; class c weighs (N - N_c) / N, weights of nodes divided by their sum. */
function weightedLoss(scores: Tensor, blocks: Tensor): Tensor {
  const real = blocks.greaterEqual(0).astype('f32');
  const labels = blocks.maximum(0);
  const classes = oneHot(labels, BLOCKS).mul(real.expandDims(-1));
  const total = real.sum();
  const weights = classes.mul(total.sub(classes.sum({ axis: [0, 1] })).div(total)).sum({ axis: -1 });
  return crossEntropy(scores, labels, { reduction: 'none' }).mul(weights).sum().div(weights.sum());
}

/** The mean over blocks of the share of their nodes that are found, %, with statistics of normalization pooled over training graphs. */
async function balancedAccuracy(
  net: ReturnType<typeof clusterNet>,
  params: ClusterParams,
  train: BlockGraphs,
  test: BlockGraphs,
): Promise<number> {
  const rows = (graphs: BlockGraphs, from: number): BlockGraphs =>
    tree.map((leaf: Tensor) => leaf.slice([from, from + CHUNK]), graphs) as BlockGraphs;
  const starts = (count: number) => Array.from({ length: Math.floor(count / CHUNK) }, (_, i) => i * CHUNK);
  const sums = jit((own: ClusterParams, graphs: BlockGraphs) => {
    const nodes = graphs.blocks.greaterEqual(0).astype('f32').sum();
    // States hold unbiased variances.
    return net.apply(own, graphs)[1].map(({ mean, variance }) => ({
      mean: mean.mul(nodes),
      square: variance.mul(nodes.sub(1)).add(mean.square().mul(nodes)),
      nodes,
    }));
  });
  const pooled = starts(Math.min(MEASURED, train.blocks.shape[0]))
    .map((from) => sums(params, rows(train, from)))
    .reduce((total, one) => tree.map((a: Tensor, b: Tensor) => a.add(b), total, one) as typeof total)
    .map(({ mean, square, nodes }) => {
      const center = mean.div(nodes);
      return { mean: center, variance: square.div(nodes).sub(center.square()) };
    });
  const counts = jit((own: ClusterParams, norms: typeof pooled, graphs: BlockGraphs) => {
    const [scores] = net.apply(own, graphs, norms);
    const found = argmax(scores, { axis: -1 }).equal(graphs.blocks).astype('f32').expandDims(-1);
    const classes = oneHot(graphs.blocks.maximum(0), BLOCKS).mul(
      graphs.blocks.greaterEqual(0).astype('f32').expandDims(-1),
    );
    return { found: classes.mul(found).sum({ axis: [0, 1] }), all: classes.sum({ axis: [0, 1] }) };
  });
  const { found, all } = starts(test.blocks.shape[0])
    .map((from) => counts(params, pooled, rows(test, from)))
    .reduce((total, one) => ({ found: total.found.add(one.found), all: total.all.add(one.all) }));
  return 100 * (await toHost(found.div(all).mean())).item();
}
