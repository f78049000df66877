import { adam, cosineSchedule, ema } from '@flowfield/nn';
import { dopri5, midpoint, rk4 } from '@flowfield/ode-solvers';
import { affinePath, conditionalFlowMatchingLoss, condOTScheduler, vpScheduler } from '@flowfield/paths';
import {
  bitsPerDimension,
  frechetDistance,
  logLikelihood,
  mapBatches,
  momentsOf,
  sampleOde,
  type Velocity,
} from '@flowfield/samplers';
import { jit, onHost, random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import { digitClassifier } from '../digits/digitClassifier.ts';
import { type DigitFieldParams, type DigitNetwork, digitField } from '../digits/digitField.ts';
import { asPixels, centered, digitFiles, LEVELS, loadDigits } from '../digits/digitImages.ts';
import type { Effort, Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';

const SIDE = 14;
const PIXELS = SIDE ** 2;
/** Steps of the likelihood (RK4), whose divergence one random vector for each image estimates. */
const LIKELIHOOD_STEPS = 50;
/** Evaluations of the field (midpoint) for samples. */
const EVALUATIONS = [4, 10, 20, 50, 100] as const;
const SOLVER_BATCH = 250;
/** Rows of the adaptive solve that counts evaluations. */
const NFE_BATCH = 256;
const SHOWN = 40;

interface Sizes {
  readonly network: DigitNetwork;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly average: number;
  /** Images that are drawn, and held-out ones whose likelihood is measured. */
  readonly samples: number;
}
const SIZES: Readonly<Record<Effort, Sizes>> = {
  plain: {
    network: { hidden: [512, 512, 512] },
    steps: 16_000,
    batch: 256,
    learningRate: 1e-3,
    average: 0.999,
    samples: 2000,
  },
  quick: {
    network: { hidden: [256, 256, 256] },
    steps: 500,
    batch: 128,
    learningRate: 2e-3,
    average: 0.98,
    samples: 250,
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

const PATHS = {
  ot: { scheduler: condOTScheduler(), last: 1, words: 'straight' },
  /** σ' of the diffusion path is infinite at t = 1. */
  vp: { scheduler: vpScheduler(), last: 1 - 1e-5, words: 'diffusion' },
} as const;

const metrics: Metric[] = [
  { name: 'bits', label: 'bits per dimension of held-out digits, 256 levels', paper: '2.99, 3.10 (CIFAR-10)' },
  { name: 'bitsError', label: 'standard error of that mean', digits: 4 },
  ...EVALUATIONS.map(
    (count): Metric => ({ name: `distance${count}`, label: `Fréchet distance, ${count} evaluations` }),
  ),
  { name: 'nfe', label: 'evaluations of dopri5 at 1e-5', digits: 0, paper: '142, 183 (CIFAR-10)' },
  { name: 'floor', label: 'Fréchet distance of as many training digits', baseline: true },
  { name: 'classifier', label: 'accuracy of the judge on held-out digits, %', baseline: true, digits: 2 },
];

/** Digits along a path: Lipman et al. 2022, section 6.1, on what a laptop can train. */
export const digitsPart = (path: keyof typeof PATHS): Part => ({
  name: `digits-${path}`,
  summary: `digits of 14 x 14 pixels along the ${PATHS[path].words} path: likelihood, and quality over evaluations`,
  minutes: 8,
  efforts: ['quick', 'best'],
  data: [digitFiles.images, digitFiles.labels],
  metrics,
  run: (context) => run(context, path),
});

async function run(context: PartContext, name: keyof typeof PATHS): Promise<Outcome> {
  const { seed, effort, files, trained, kept, work } = context;
  const { network, steps, batch, learningRate, average, samples } = SIZES[effort];
  const { scheduler, last, words } = PATHS[name];
  const path = affinePath(scheduler);
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  const { train, held } = await loadDigits(files, SIDE);
  const judge = await digitClassifier(context, train, PIXELS);
  const field = digitField(network, { side: SIDE, labelled: false });
  /** Whole levels with noise of one level, in [-1, 1]. */
  const noisy = (pixels: Tensor, noiseKey: random.Key): Tensor =>
    centered(
      pixels
        .mul(LEVELS - 1)
        .add(random.uniform(noiseKey, pixels.shape))
        .div(LEVELS),
    );
  const { params } = await trained('field', {
    params: field.init(key(1)),
    loss: (own: DigitFieldParams, { pixels }: { pixels: Tensor }, lossKey: random.Key): Tensor => {
      const [noise, time, level] = random.split(lossKey, 3);
      const velocity = (x: Tensor, t: Tensor): Tensor => field.velocity(own, x, t);
      const t = random.uniform(time, [batch]).mul(last);
      return conditionalFlowMatchingLoss(
        { velocity, path },
        random.normal(noise, pixels.shape),
        noisy(pixels, level),
        t,
      );
    },
    batches: shuffledRows({ pixels: train.pixels }, { batchSize: batch, seed }),
    optimizer: adam({ learningRate: cosineSchedule({ initial: learningRate, steps }) }),
    ema: ema({ decay: average }),
    steps,
    innerSteps: 20,
    logEvery: 20,
  });

  const velocity =
    (own: DigitFieldParams): Velocity =>
    (x, t) =>
      field.velocity(own, x, t);
  const density = jit((own: DigitFieldParams, x1: Tensor, probe: random.Key): Tensor => {
    const solve = { solver: rk4(), steps: LIKELIHOOD_STEPS, t0: last, t1: 0 };
    const divergence = { kind: 'hutchinson', key: probe } as const;
    return logLikelihood(velocity(own), x1, { ...solve, divergence }).logLikelihood;
  });
  const draw = jit(
    (own: DigitFieldParams, x0: Tensor, count: number): Tensor =>
      sampleOde(velocity(own), x0, { solver: midpoint(), steps: count / 2, t1: last }).ys,
    { staticArgnums: [2] },
  );
  const inBatches = <R>(title: string, x: Tensor, f: (x: Tensor) => R): Promise<R> =>
    mapBatches(f, x, {
      batchSize: SOLVER_BATCH,
      signal: work.signal,
      onProgress: ({ done, total }) => work.progress(title, done, total),
    });

  const likelihood = await kept('likelihood', async () => {
    let turn = 0;
    const x1 = noisy(held.pixels.slice([0, samples]), key(2));
    const logs = await inBatches('likelihood', x1, (x) => density(params, x, random.foldIn(key(3), turn++)));
    const each = bitsPerDimension(logs, { dimensions: PIXELS, levels: LEVELS, range: 2 });
    const bits = (await toHost(each)).astype('f64');
    const mean = bits.mean();
    return { bits: mean.item(), error: Math.sqrt(bits.sub(mean).square().mean().item() / samples) };
  });
  const real = await judge.judged(centered(held.pixels), held.label);
  const floor = await judge.judged(centered(train.pixels.slice([0, samples])), train.label.slice([0, samples]));
  const noise = random.normal(key(4), [samples, PIXELS]);
  const features = jit((x: Tensor): Tensor => judge.features(centered(asPixels(x))));
  const found: { count: number; distance: number; images: number[] }[] = [];
  for (const count of EVALUATIONS) {
    found.push(
      await kept(`evaluations-${count}`, async () => {
        const x = await inBatches(`samples, ${count}`, noise, (x0) => draw(params, x0, count));
        const moments = await onHost(momentsOf)(await inBatches('features', x, features));
        const shown = await asPixels(x.slice([0, SHOWN])).data();
        return {
          count,
          distance: frechetDistance(moments, real.moments),
          images: Array.from(shown, (value) => Math.round(100 * value) / 100),
        };
      }),
    );
  }
  const evaluations = onHost((own: DigitFieldParams, x0: Tensor): number => {
    const wide: Velocity = (x, t) => velocity(own)(x.astype('f32'), t.astype('f32')).astype('f64');
    return sampleOde(wide, x0.astype('f64'), { solver: dopri5(), rtol: 1e-5, atol: 1e-5, t1: last }).nfe.item();
  });
  const nfe = await kept('nfe', () => evaluations(params, random.normal(key(5), [NFE_BATCH, PIXELS])));
  const figures = {
    bits: likelihood.bits,
    bitsError: likelihood.error,
    ...Object.fromEntries(found.map(({ count, distance }) => [`distance${count}`, distance])),
    nfe,
    floor: frechetDistance(floor.moments, real.moments),
    classifier: 100 * real.accuracy,
  };
  const caption = `${field.words}, ${steps.toLocaleString('en')} steps of ${batch} images, ${words} path, seed ${seed}.`;
  const size = { width: SIDE, height: SIDE, columns: 10 } as const;
  return {
    figures,
    pictures: {
      samples: figure({
        title: 'Digits drawn with more and more evaluations',
        subtitle: `${likelihood.bits.toFixed(2)} bits per dimension; the same noise each time`,
        caption,
        panelWidth: 330,
        aspect: 0.4,
        columns: 2,
        panels: found
          .filter(({ count }) => count !== 50)
          .map(({ count, distance, images }) => ({
            kind: 'images',
            title: `${count} evaluations: Fréchet distance ${distance.toFixed(2)}`,
            values: images,
            ...size,
          })),
      }),
      evaluations: figure({
        title: 'Quality over evaluations',
        caption,
        panelWidth: 460,
        aspect: 0.6,
        panels: [
          {
            kind: 'lines',
            x: { label: 'evaluations', log: true },
            y: { label: 'Fréchet distance', log: true },
            series: [
              { label: 'samples', x: EVALUATIONS, y: found.map(({ distance }) => distance), marked: true },
              { label: 'real digits', x: [4, 100], y: [figures.floor, figures.floor], dash: '4 3' },
            ],
          },
        ],
      }),
    },
  };
}
