import type { SetNetworkParams } from '@flowfield/equivariant-layers';
import { adam, mseLoss } from '@flowfield/nn';
import { jit, random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Metric, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { type NetworkName, network, networkNames } from './networks.ts';

const [TRAINING_SETS, TEST_SETS] = [10_000, 1000];
const [ELEMENTS, INPUTS, WIDTH] = [100, 4, 50];
const BATCH = 32;
const EPOCHS = { plain: 10, quick: 4, best: 10 };
/** What quick runs train. */
const QUICK: readonly NetworkName[] = ['pointNetST', 'pointNet'];
const LABELS: Readonly<Record<NetworkName, string>> = {
  pointNetST: 'PointNetST',
  deepSets: 'DeepSets',
  pointNetSeg: 'PointNetSeg',
  pointNetQT: 'PointNetQT',
  pointNet: 'PointNet',
};

export const quadratic: Part = {
  name: 'quadratic',
  summary: 'the sum of squares of a whole set at each of its elements, by five networks of width 50',
  minutes: 4,
  efforts: ['quick'],
  metrics: networkNames.map((name): Metric => {
    const own = { name, label: `1 - R² of ${LABELS[name]}`, digits: 4, quick: QUICK.includes(name) };
    if (name === 'pointNet') return { ...own, gate: { atLeast: 0.97, atMost: 1.02 }, baseline: true };
    return { ...own, gate: { atMost: 0.03 } };
  }),
  async run(context) {
    const key = random.key(context.seed);
    const sets = (count: number, seed: number) => {
      const x = random.normal(random.foldIn(key, seed), [count, ELEMENTS, INPUTS]).sub(0.5);
      return {
        x,
        y: x
          .sub(0.5)
          .square()
          .sum({ axis: [1, 2] }),
      };
    };
    const [train, test] = [sets(TRAINING_SETS, 0), sets(TEST_SETS, 1)];
    const [mean, deviation] = (await toHost([train.y.mean(), train.y.std()])).map((value) => value.item());
    const standardized = ({ x, y }: typeof train) => ({ x, y: y.sub(mean).div(deviation) });
    const names = context.effort === 'quick' ? QUICK : networkNames;
    const fits: Awaited<ReturnType<typeof fitted>>[] = [];
    for (const name of names) fits.push(await fitted(context, name, standardized(train), standardized(test)));
    return {
      figures: Object.fromEntries(names.map((name, i) => [name, fits[i].error])),
      pictures: {
        training: figure({
          title: 'Squared error over the variance',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'step' },
              y: { label: 'training loss', log: true },
              series: names.map((name, i) => ({ label: LABELS[name], ...fits[i].curve })),
            },
          ],
        }),
      },
    };
  },
};

type Sets = { x: Tensor; y: Tensor };

/** Trains one network; its squared error on the test sets over their variance. */
async function fitted({ seed, effort, trained }: PartContext, name: NetworkName, train: Sets, test: Sets) {
  const net = network(name, { inputs: INPUTS, width: WIDTH });
  const error = (params: SetNetworkParams, { x, y }: Sets): Tensor =>
    mseLoss(net.apply(params, x).squeeze(-1), y.expandDims(-1).broadcastTo(x.shape.slice(0, 2)));
  const perEpoch = Math.floor(train.x.shape[0] / BATCH);
  const { params, history } = await trained(name, {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: error,
    optimizer: adam({ learningRate: 1e-3 }),
    steps: EPOCHS[effort] * perEpoch,
    innerSteps: 24,
    logEvery: 96,
  });
  const measured = jit((own: SetNetworkParams, sets: Sets): Tensor => error(own, sets));
  const [found, variance] = await toHost([measured(params, test), test.y.var()]);
  return {
    error: found.item() / variance.item(),
    curve: { x: history.map(({ step }) => step), y: history.map(({ loss }) => Number(loss)) },
  };
}
