import { adam, cosineSchedule, type EmbeddingParams, ema, embedding, type MlpParams, mlp } from '@flowfield/nn';
import {
  generalizedKLLoss,
  maskSource,
  mixturePath,
  polynomialScheduler,
  tokenCrossEntropyLoss,
} from '@flowfield/paths';
import { discreteEuler, mapBatches, sampleChain, slicedWasserstein } from '@flowfield/samplers';
import { concat, jit, onHost, random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { squares } from './squares.ts';

/** Cells of a side of the board; a point is two tokens, its column and its row. */
const CELLS = 128;
/** One more token stands for what is not known yet. */
const VOCABULARY = CELLS + 1;
const FEATURES = 32;
/** Steps of a sample, one evaluation each: both tokens of a point may be drawn in one, without knowing of each other. */
const STEPS = [4, 16, 64, 256] as const;
const SOLVER_BATCH = 5000;
const PROJECTIONS = 32;
/** κ' / (1 - κ) is infinite at t = 1. */
const LAST_TIME = 1 - 1e-3;
const SIZES = {
  plain: { width: 256, batch: 1024, steps: 8000, average: 0.999, samples: 20_000 },
  quick: { width: 64, batch: 512, steps: 1000, average: 0.98, samples: 2000 },
} as const;

/** ln of the number of cells on squares, half of all. */
const ENTROPY = Math.log(CELLS ** 2 / 2);
const source = () => maskSource(VOCABULARY);
const scheduler = polynomialScheduler(2);
const path = mixturePath(scheduler);

const metrics: Metric[] = [
  { name: 'bound', label: `bound of the NLL of fresh points, nats (at least ${ENTROPY.toFixed(3)})` },
  { name: 'boundError', label: 'standard error of that mean', digits: 4 },
  ...STEPS.map(
    (count): Metric => ({ name: `off${count}`, label: `samples off the squares, ${count} steps, %`, digits: 2 }),
  ),
  { name: 'w1', label: `sliced W1 to the data, ${STEPS.at(-1)} steps` },
  { name: 'floor', label: 'sliced W1 of two samples of the data', baseline: true },
  { name: 'entropy', label: 'entropy of the data', baseline: true },
];

/** The mixture path over tokens, which the squares of a board are made of: Gat et al. 2024, "Discrete Flow Matching". */
export const discreteCheckerboard: Part = {
  name: 'discrete-checkerboard',
  summary: `the checkerboard as pairs of ${CELLS} tokens, from masks along a mixture path`,
  minutes: 6,
  efforts: ['quick'],
  metrics,
  run,
};

type Params = { readonly table: EmbeddingParams; readonly net: MlpParams };

async function run({ seed, effort, trained, kept, work }: PartContext): Promise<Outcome> {
  const { width, batch, steps, average, samples } = effort === 'quick' ? SIZES.quick : SIZES.plain;
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  const table = embedding({ count: VOCABULARY, size: FEATURES });
  const net = mlp({
    inputs: 2 * FEATURES + 1,
    hidden: [width, width, width],
    outputs: 2 * VOCABULARY,
    activation: 'silu',
  });
  const logits = (params: Params, tokens: Tensor, t: Tensor): Tensor => {
    const rows = tokens.shape[0];
    const known = table.apply(params.table, tokens).reshape([rows, 2 * FEATURES]);
    return net.apply(params.net, concat([known, t.reshape([rows, 1])], -1)).reshape([rows, 2, VOCABULARY]);
  };
  /** The bound of each row: what all jumps on the way to its tokens cost. */
  const cost = (params: Params, x1: Tensor, lossKey: random.Key): Tensor => {
    const [times, tokens] = random.split(lossKey);
    const rows = x1.shape[0];
    const options = { logits: (xt: Tensor, t: Tensor) => logits(params, xt, t), path, reduction: 'none' } as const;
    const t = random.uniform(times, [rows]).mul(LAST_TIME);
    return generalizedKLLoss(options, { x0: source().sample(key(0), [rows, 2]), x1, t, key: tokens }).mul(2);
  };
  const { params } = await trained('model', {
    params: { table: table.init(key(1)), net: net.init(key(2)) },
    // The bound has the same minimum, but its rare large weights make gradients of little use.
    loss: (own: Params, x1: Tensor, lossKey: random.Key): Tensor => {
      const [times, tokens] = random.split(lossKey);
      const options = { logits: (xt: Tensor, t: Tensor) => logits(own, xt, t), path };
      const t = random.uniform(times, [batch]);
      return tokenCrossEntropyLoss(options, { x0: source().sample(key(0), [batch, 2]), x1, t, key: tokens });
    },
    batches: generated((batchKey) => tokensOf(squares.sample(batchKey, batch))),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 2e-3, steps }) }),
    ema: ema({ decay: average }),
    steps,
    innerSteps: 20,
    logEvery: 20,
  });

  const { bound, error } = await kept('bound', async () => {
    const compiled = jit((x1: Tensor, rowKey: random.Key): Tensor => cost(params, x1, rowKey));
    let turn = 0;
    const fresh = tokensOf(squares.sample(key(3), 4 * samples));
    const found = await mapBatches((x1: Tensor) => compiled(x1, random.foldIn(key(4), turn++)), fresh, {
      batchSize: SOLVER_BATCH,
      signal: work.signal,
      onProgress: ({ done, total }) => work.progress('likelihood', done, total),
    });
    const values = (await toHost(found)).astype('f64');
    const mean = values.mean();
    return { bound: mean.item(), error: Math.sqrt(values.sub(mean).square().mean().item() / (4 * samples)) };
  });
  const transition = discreteEuler((tokens, t) => logits(params, tokens, t), { scheduler });
  const figures: Record<string, number> = { bound, boundError: error, entropy: ENTROPY };
  const clouds: { count: number; points: number[] }[] = [];
  for (const count of STEPS) {
    const found = await kept(`steps-${count}`, async () => {
      const draw = jit(
        (x0: Tensor, chainKey: random.Key): Tensor =>
          pointsOf(sampleChain(transition, x0, { steps: count, key: chainKey }).x, random.foldIn(chainKey, count)),
      );
      let turn = 0;
      const x = await mapBatches(
        (x0: Tensor) => draw(x0, random.foldIn(key(5), turn++)),
        source().sample(key(0), [samples, 2]),
        {
          batchSize: SOLVER_BATCH,
          signal: work.signal,
          onProgress: ({ done, total }) => work.progress(`${count} steps`, done, total),
        },
      );
      const data = squares.sample(key(6), samples);
      const points = await x.data();
      return {
        off: 100 * squares.offShare(points),
        w1: await onHost(slicedWasserstein)(x, data, { key: key(7), projections: PROJECTIONS }),
        points: Array.from(points.slice(0, 8000)),
      };
    });
    figures[`off${count}`] = found.off;
    figures.w1 = found.w1;
    clouds.push({ count, points: found.points });
  }
  figures.floor = await kept('floor', () =>
    onHost(slicedWasserstein)(squares.sample(key(8), samples), squares.sample(key(6), samples), {
      key: key(7),
      projections: PROJECTIONS,
    }),
  );
  const reach = 1.1 * squares.extent;
  const domain = { x: [-reach, reach], y: [-reach, reach] } as const;
  return {
    figures,
    pictures: {
      samples: figure({
        title: 'A checkerboard of tokens',
        subtitle: `Bound of the negative log-likelihood ${bound.toFixed(2)} ± ${error.toFixed(2)} nats; the entropy of the data is ${ENTROPY.toFixed(2)}`,
        caption: `Two tokens of ${CELLS}; 3 x ${width}, ${steps.toLocaleString('en')} steps of ${batch} points, seed ${seed}.`,
        panels: clouds.slice(0, 3).map(({ count, points }) => ({
          kind: 'points',
          title: `${count} steps: ${figures[`off${count}`].toFixed(1)} % off`,
          domain,
          series: [{ points }],
        })),
      }),
    },
  };
}

/** The cells of points, i32 (n, 2). */
const tokensOf = (points: Tensor): Tensor =>
  points
    .div(squares.extent)
    .add(1)
    .mul(CELLS / 2)
    .floor()
    .clip(0, CELLS - 1)
    .astype('i32');

/** A point of each cell. */
const pointsOf = (tokens: Tensor, key: random.Key): Tensor =>
  tokens
    .astype('f32')
    .add(random.uniform(key, tokens.shape))
    .div(CELLS / 2)
    .sub(1)
    .mul(squares.extent);
