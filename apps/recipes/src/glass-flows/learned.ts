import { condOTScheduler } from '@flowfield/paths';
import { glass, mapBatches, sampleChain, slicedWasserstein } from '@flowfield/samplers';
import { jit, onHost, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { checkerboard } from '../flow-matching/checkerboard.ts';
import { squares } from '../flow-matching/squares.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import type { SettingValues } from '../settings/schema.ts';

const SAMPLES = 50_000;
const BATCH = 1000;
const TRANSITIONS = 5;
const INNER_STEPS = 10;
const RHO = 0.4;
/** Steps of the plain ODE (midpoint) at as many evaluations. */
const ODE_STEPS = TRANSITIONS * INNER_STEPS;
/** Where the paths of the picture fork. */
const FORK = 0.4;
const PROJECTIONS = 32;

const metrics: Metric[] = [
  { name: 'offGap', label: 'samples off the squares, GLASS minus ODE, points of %', gate: { atMost: 2, atLeast: -2 } },
  { name: 'offShare', label: 'samples off the squares, GLASS, %', digits: 2 },
  { name: 'spread', label: 'distance of two samples from one point at t = 0.4', gate: { atLeast: 0.1 } },
  { name: 'w1', label: 'sliced W1 to the data, GLASS' },
  { name: 'offShareOde', label: 'samples off the squares, ODE at as many evaluations, %', baseline: true, digits: 2 },
  { name: 'w1Ode', label: 'sliced W1 to the data, ODE', baseline: true },
];

/** Transitions of a trained field: Holderrieth et al. 2025, section 4. */
export const learned: Part = {
  name: 'learned',
  summary: 'a chain of 5 stochastic transitions of the trained checkerboard field, against its ODE',
  minutes: 2,
  efforts: ['quick'],
  metrics,
  run,
};

async function run({ trained, kept, ...context }: PartContext): Promise<Outcome> {
  const { seed, work, effort } = context;
  const count = effort === 'quick' ? SAMPLES / 10 : SAMPLES;
  const experiment = await checkerboard.open({
    ...context,
    settings: checkerboard.settings.parse(effort === 'quick' ? checkerboard.presets.quick : {}) as SettingValues,
    data: checkerboard.data.fallback,
  });
  const { params } = await trained('model', experiment.training);
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  const transition = glass((x, t) => experiment.network.apply(params, x, t), {
    scheduler: condOTScheduler(),
    rho: RHO,
    steps: INNER_STEPS,
  });
  const grid = (from: number): number[] =>
    Array.from({ length: TRANSITIONS + 1 }, (_, k) => from + ((1 - from) * k) / TRANSITIONS);
  const chain = jit(
    (x: Tensor, chainKey: random.Key): Tensor => sampleChain(transition, x, { grid: grid(0), key: chainKey }).x,
  );
  const fork = jit(
    (x: Tensor, chainKey: random.Key): Tensor => sampleChain(transition, x, { grid: grid(FORK), key: chainKey }).x,
  );

  let batch = 0;
  const samples = await mapBatches(
    (x: Tensor) => chain(x, random.foldIn(key(11), batch++)),
    random.normal(key(10), [count, 2]),
    {
      batchSize: BATCH,
      signal: work.signal,
      onProgress: ({ done, total }) => work.progress('transitions', done, total),
    },
  );
  const ode = await experiment.sample(params, { ...work, count, seed, odeSteps: ODE_STEPS });
  const data = squares.sample(key(12), count);
  const distance = (x: Tensor): Promise<number> =>
    onHost(slicedWasserstein)(x, data, { key: key(13), projections: PROJECTIONS });

  // Starts on the way: points of the path from noise to data.
  const start = random
    .normal(key(14), [BATCH, 2])
    .mul(1 - FORK)
    .add(squares.sample(key(15), BATCH).mul(FORK));
  const [one, other] = [16, 17].map((use) => fork(start, key(use)));
  const forked = start.slice([0, 1]).broadcastTo([BATCH, 2]);
  const ends = fork(forked, key(18));
  const off = { glass: 100 * squares.offShare(await samples.data()), ode: 100 * squares.offShare(ode) };
  const figures = await kept('figures', async () => ({
    offGap: off.glass - off.ode,
    offShare: off.glass,
    spread: (await toHost(one.sub(other).norm({ axis: 1 }).mean())).item(),
    w1: await distance(samples),
    offShareOde: off.ode,
    w1Ode: await distance(tensor(Float32Array.from(ode), { shape: [count, 2] })),
  }));
  const reach = 1.1 * squares.extent;
  const domain = { x: [-reach, reach], y: [-reach, reach] } as const;
  return {
    figures,
    pictures: {
      samples: figure({
        title: 'A trained field as a sampler of stochastic transitions',
        subtitle: `Off the squares: ${figures.offShare.toFixed(1)} % by ${TRANSITIONS} GLASS transitions, ${figures.offShareOde.toFixed(1)} % by the ODE`,
        caption: `${2 * ODE_STEPS} evaluations a sample, correlation ${RHO}, seed ${seed}. Right: ${BATCH.toLocaleString('en')} ends from one point at t = ${FORK} (dark).`,
        panels: [
          { kind: 'points', title: 'ODE', domain, series: [{ points: ode.slice(0, 10_000) }] },
          {
            kind: 'points',
            title: 'GLASS',
            domain,
            series: [{ points: await samples.slice([0, 5000]).data(), color: '#e0246a' }],
          },
          {
            kind: 'points',
            title: `from one point at t = ${FORK}`,
            domain,
            series: [
              { points: await ends.data(), color: '#e0246a' },
              { points: await start.slice([0, 1]).data(), color: '#16222b', radius: 4, opacity: 1 },
            ],
          },
        ],
      }),
    },
  };
}
