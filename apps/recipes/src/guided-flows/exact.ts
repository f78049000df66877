import { dopri5, midpoint } from '@flowfield/ode-solvers';
import { condOTScheduler, cosineScheduler, type Scheduler } from '@flowfield/paths';
import { guided, sampleOde, type Velocity } from '@flowfield/samplers';
import { jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture } from '../mixtures/gaussianMixture.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { exactFields, polarMoments, shareOf } from './ringData.ts';

/** Unequal Gaussians N(.3, 1.2²) and N(1, .5²) at ω = 1.8: the end law, and the product of densities that it is not. */
const UNEQUAL = { weight: 1.8, all: [0.3, 1.2], one: [1, 0.5], mean: 1.182077, deviation: 0.2482 } as const;
const PRODUCT_DEVIATION = 0.387945;
/** ω, mean radius, radial and tangential deviation, share nearest to the class: the guided class at angle 0. */
const RING = [
  [1, 2, 0.3, 0.3, 0.989],
  [1.5, 2.19, 0.244, 0.187, 1],
  [2, 2.32, 0.218, 0.14, 1],
  [3, 2.52, 0.189, 0.093, 1],
  [4, 2.69, 0.173, 0.07, 1],
] as const;
const SAMPLES = 20_000;

const metrics: Metric[] = [
  { name: 'equal', label: 'equal variances: error of mean and deviation', gate: { atMost: 1e-6 }, digits: 9 },
  { name: 'unequal', label: 'unequal variances: error of mean and deviation', gate: { atMost: 1e-5 }, digits: 8 },
  { name: 'single', label: 'equal variances, float32', gate: { atMost: 1e-4 }, digits: 7 },
  { name: 'product', label: 'distance of the deviation to that of the product of densities', gate: { atLeast: 0.1 } },
  { name: 'ends', label: 'ω = 0 and ω = 1 against the fields themselves', gate: { atMost: 0 }, digits: 9 },
  { name: 'ring', label: 'ring: radius and deviations for five ω, largest error', gate: { atMost: 0.01 }, digits: 4 },
  { name: 'share', label: 'ring: share nearest to the class, largest error', gate: { atMost: 0.005 }, digits: 4 },
];

/** Closed forms of guidance between Gaussians, and the exact guided flow of a ring: Zheng et al. 2023, section 3. */
export const exact: Part = {
  name: 'exact',
  summary: 'guidance between two Gaussians against its closed form, and on a ring of 8',
  minutes: 0.5,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics,
  run,
};

async function run({ seed, work }: PartContext): Promise<Outcome> {
  const schedulers = [condOTScheduler(), cosineScheduler()];
  const normal = ([mean, deviation]: readonly [number, number] | readonly number[], scheduler: Scheduler): Velocity =>
    gaussianMixture({ weights: [1], means: [[mean]], variances: [deviation ** 2] }).velocity(scheduler);
  /** The flow of a linear field is affine: where it takes 0 and 1. */
  const law = (field: Velocity, dtype: 'f32' | 'f64'): [number, number] => {
    const tolerance = dtype === 'f64' ? 1e-8 : 1e-6;
    const solve = { solver: dopri5(), rtol: tolerance, atol: tolerance };
    const [at0, at1] = sampleOde(field, tensor([[0], [1]], { dtype }), solve).ys.dataSync();
    return [at0, at1 - at0];
  };
  const equal = (scheduler: Scheduler, dtype: 'f32' | 'f64'): number => {
    const fields = { conditional: normal([1.3, 0.7], scheduler), unconditional: normal([0, 0.7], scheduler) };
    const [mean, deviation] = law(guided(fields, 2.5), dtype);
    return Math.max(Math.abs(mean - 3.25), Math.abs(deviation - 0.7));
  };
  const unequal = schedulers.map((scheduler) => {
    const fields = { conditional: normal(UNEQUAL.one, scheduler), unconditional: normal(UNEQUAL.all, scheduler) };
    return law(guided(fields, UNEQUAL.weight), 'f64');
  });
  const fields = exactFields(schedulers[0], 0);
  const x = random.normal(random.key(seed), [100, 2]);
  const t = random.uniform(random.key(seed + 1), [100]);
  const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

  const noise = random.normal(random.key(seed + 2), [SAMPLES, 2]);
  const solve = { solver: midpoint(), steps: 200 };
  const errors = { ring: [] as number[], share: [] as number[] };
  for (const [i, [weight, ...expected]] of RING.entries()) {
    const sample = jit((x0: Tensor): Tensor => sampleOde(guided(fields, weight), x0, solve).ys);
    const points = sample(noise).dataSync();
    const { radius, radial, tangential } = polarMoments(points);
    errors.ring.push(...[radius, radial, tangential].map((value, j) => Math.abs(value - expected[j])));
    errors.share.push(Math.abs(shareOf(0, points) - expected[3]));
    work.progress('ring', i + 1, RING.length);
    await new Promise((resolve) => setTimeout(resolve));
    work.signal.throwIfAborted();
  }
  return {
    figures: {
      equal: Math.max(...schedulers.map((scheduler) => equal(scheduler, 'f64'))),
      unequal: Math.max(...unequal.flatMap(([m, s]) => [Math.abs(m - UNEQUAL.mean), Math.abs(s - UNEQUAL.deviation)])),
      single: Math.max(...schedulers.map((scheduler) => equal(scheduler, 'f32'))),
      product: Math.min(...unequal.map(([, deviation]) => Math.abs(deviation - PRODUCT_DEVIATION))),
      ends: Math.max(
        gap(guided(fields, 1)(x, t), fields.conditional(x, t)),
        gap(guided(fields, 0)(x, t), fields.unconditional(x, t)),
      ),
      ring: Math.max(...errors.ring),
      share: Math.max(...errors.share),
    },
  };
}
