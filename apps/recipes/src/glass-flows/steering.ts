import { condOTScheduler } from '@flowfield/paths';
import { ancestral, bestOfN, glass, slicedWasserstein, steer, type Velocity } from '@flowfield/samplers';
import { jit, onHost, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture, ringParts, type Tilt } from '../mixtures/gaussianMixture.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';

const PARTICLES = 2000;
const TRANSITIONS = 10;
const INNER_STEPS = 5;
const RUNS = 12;
/** Samples of the tilted mixture that a run is compared with. */
const REFERENCE = 20_000;
const PROJECTIONS = 64;
/** Exact samples of the mixture among which the best one is kept, for comparison. */
const CANDIDATES = 4;

const tilt: Tilt = { c: 2, m: [1.5, 0.5] };
const mixture = gaussianMixture(
  ringParts({ count: 6, radius: 2, deviation: 0.25, weights: [0.1, 0.2, 0.15, 0.25, 0.1, 0.2] }),
);
const target = gaussianMixture(mixture.tilted(tilt));
const scheduler = condOTScheduler();
const model = mixture.denoiser(scheduler);
const reward = (x: Tensor): Tensor =>
  x
    .sub(tensor(tilt.m as number[], { dtype: x.dtype }))
    .square()
    .sum({ axis: -1 })
    .mul(-tilt.c / 2);
const value: Velocity = mixture.value(scheduler, tilt);
const predicted: Velocity = (x, t) => reward(model(x, t));

const metrics: Metric[] = [
  {
    name: 'glass',
    label: 'sliced W1 to the tilted mixture, GLASS with the exact value, mean of 12',
    gate: { atMost: 0.05 },
  },
  { name: 'glassError', label: 'standard error of that mean', digits: 4 },
  { name: 'glassPredicted', label: 'GLASS with the reward of the predicted data' },
  { name: 'ancestral', label: 'ancestral (DDPM) steps with the exact value, as many evaluations', baseline: true },
  { name: 'best', label: `the best of each ${CANDIDATES} samples of the mixture, without steering`, baseline: true },
  { name: 'untilted', label: 'the mixture before it is tilted', baseline: true },
  { name: 'floor', label: `${PARTICLES} samples of the tilted mixture itself`, baseline: true },
];

/** Feynman-Kac steering to a tilted mixture: Holderrieth et al. 2025, section 5. */
export const steering: Part = {
  name: 'steering',
  summary: 'steering of a mixture of 6 to a tilted one: 2,000 particles, 10 transitions of 5 midpoint steps',
  minutes: 0.5,
  metrics,
  run,
};

async function run({ seed, work, kept }: PartContext): Promise<Outcome> {
  const key = (use: number, turn = 0): random.Key => random.foldIn(random.foldIn(random.key(seed), use), turn);
  const reference = target.sample(key(1), REFERENCE);
  const distance = (x: Tensor): Promise<number> =>
    onHost(slicedWasserstein)(x, reference, { key: key(2), projections: PROJECTIONS });
  const noise = (turn: number): Tensor => random.normal(key(3, turn), [PARTICLES, 2]);

  const inner = glass(model, { scheduler, prediction: 'data', rho: 0.4, steps: INNER_STEPS });
  const plain = ancestral(model, { scheduler, prediction: 'data' });
  const evaluations = TRANSITIONS * (inner.evaluations ?? 1);
  const runs = {
    glass: { transition: inner, steps: TRANSITIONS, value },
    glassPredicted: { transition: inner, steps: TRANSITIONS, value: predicted },
    ancestral: { transition: plain, steps: evaluations, value },
  };
  const distances: Record<string, number[]> = {};
  const total = RUNS * Object.keys(runs).length;
  for (const [i, [name, { transition, steps, value }]] of Object.entries(runs).entries()) {
    distances[name] = await kept(name, async () => {
      const found: number[] = [];
      for (let turn = 0; turn < RUNS; turn++) {
        const { x } = await steer(transition, noise(turn), {
          steps,
          key: key(4 + i, turn),
          reward,
          value,
          signal: work.signal,
        });
        found.push(await distance(x));
        work.progress('steering', i * RUNS + turn + 1, total);
      }
      return found;
    });
  }
  const shown = await steer(inner, noise(0), {
    steps: TRANSITIONS,
    key: key(4, 0),
    reward,
    value,
    signal: work.signal,
  });
  const candidates = mixture.sample(key(7), CANDIDATES * PARTICLES);
  const scores = jit(reward)(candidates);
  const floors: number[] = [];
  for (let turn = 0; turn < RUNS; turn++) floors.push(await distance(target.sample(key(9, turn), PARTICLES)));
  const average = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const glassMean = average(distances.glass);
  const figures = {
    glass: glassMean,
    glassError: Math.sqrt(average(distances.glass.map((one) => (one - glassMean) ** 2)) / (RUNS - 1)),
    glassPredicted: average(distances.glassPredicted),
    ancestral: average(distances.ancestral),
    best: await distance((await onHost(bestOfN)(candidates, scores, CANDIDATES)).x),
    untilted: await distance(mixture.sample(key(8), PARTICLES)),
    floor: average(floors),
  };
  const domain = { x: [-3, 3], y: [-3, 3] } as const;
  return {
    figures,
    pictures: {
      particles: figure({
        title: 'Steering a mixture to a reward',
        subtitle: `Sliced W1 to the tilted mixture ${figures.glass.toFixed(3)}; of ${PARTICLES.toLocaleString('en')} exact samples ${figures.floor.toFixed(3)}`,
        caption: `r(x) = -|x - (1.5, 0.5)|²; ${TRANSITIONS} transitions, ${evaluations} evaluations a particle, seed ${seed}.`,
        panels: [
          {
            kind: 'points',
            title: 'data',
            domain,
            series: [{ points: await mixture.sample(key(8), PARTICLES).data() }],
          },
          {
            kind: 'points',
            title: 'steered by GLASS',
            domain,
            series: [{ points: await shown.x.data(), color: '#e0246a' }],
          },
          {
            kind: 'points',
            title: 'exact',
            domain,
            series: [{ points: await target.sample(key(9), PARTICLES).data() }],
          },
        ],
      }),
    },
  };
}
