import { dopri5, euler, heun, midpoint, type OdeSolver, rk4 } from '@flowfield/ode-solvers';
import {
  affinePath,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  convert,
  cosineScheduler,
  linearVPScheduler,
  logSnr,
  type Prediction,
  polynomialScheduler,
  type Scheduler,
  vpScheduler,
} from '@flowfield/paths';
import { logLikelihood, sampleOde } from '@flowfield/samplers';
import { jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture } from '../mixtures/gaussianMixture.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { squares } from './squares.ts';

const schedulers = [condOTScheduler(), polynomialScheduler(2), cosineScheduler(), linearVPScheduler(), vpScheduler()];
const normal = gaussianMixture({ weights: [1], means: [[0.8, -0.5]], variances: [0.36] });
const mixture = gaussianMixture({
  weights: [0.3, 0.7],
  means: [
    [-1, 0.5],
    [1, 0],
  ],
  variances: [0.09, 0.25],
});
const orders: readonly (readonly [OdeSolver, number])[] = [
  [euler(), 1],
  [midpoint(), 2],
  [heun(), 2],
  [rk4(), 4],
];
const DRAWS = 200_000;

const metrics: Metric[] = [
  { name: 'velocity', label: 'dx_t against differences, five schedules', gate: { atMost: 1e-6 }, digits: 9 },
  { name: 'conversion', label: 'conversions there and back', gate: { atMost: 1e-10 }, digits: 13 },
  { name: 'inverse', label: 'time found again from the signal-to-noise ratio', gate: { atMost: 1e-10 }, digits: 13 },
  {
    name: 'likelihood',
    label: 'log-likelihood of a Gaussian by the ODE, largest error',
    gate: { atMost: 1e-6 },
    digits: 9,
  },
  { name: 'likelihoodSingle', label: 'the same, float32', gate: { atMost: 1e-4 }, digits: 7 },
  {
    name: 'mixture',
    label: 'log-likelihood of a mixture by the ODE, largest error',
    gate: { atMost: 1e-5 },
    digits: 8,
  },
  { name: 'ends', label: 'end points of the straight and the cosine path apart', gate: { atMost: 1e-6 }, digits: 9 },
  { name: 'order', label: 'order of Euler, midpoint, Heun and RK4, largest error', gate: { atMost: 0.15 } },
  {
    name: 'leastLoss',
    label: 'loss of the exact field against E|dx|² - E|u|², standard errors off',
    gate: { atMost: 3 },
  },
  {
    name: 'entropy',
    label: 'entropy of the checkerboard minus 3.676457',
    gate: { atMost: 1e-6, atLeast: -1e-6 },
    digits: 8,
  },
];

/** Closed forms of flow matching: Lipman et al. 2022, sections 3 and 4. */
export const exact: Part = {
  name: 'exact',
  summary: 'paths, conversions, likelihoods, solver orders and the least loss, where the truth is known',
  minutes: 0.3,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics,
  run,
};

async function run({ seed }: PartContext): Promise<Outcome> {
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  const points = (use: number, dtype: 'f32' | 'f64' = 'f64'): Tensor => random.normal(key(use), [200, 2], { dtype });
  const tight = { solver: dopri5(), rtol: 1e-8, atol: 1e-8 };
  const likelihoodError = (law: typeof normal, dtype: 'f32' | 'f64'): number => {
    const x1 = law.sample(key(3), 200, dtype);
    const solve = { ...tight, ...(dtype === 'f32' && { rtol: 1e-6, atol: 1e-6 }) };
    const { logLikelihood: found } = logLikelihood(law.velocity(condOTScheduler()), x1, solve);
    return gap(found, law.logDensity(x1));
  };
  const [straight, curved] = [condOTScheduler(), cosineScheduler()].map(
    (scheduler) => sampleOde(normal.velocity(scheduler), points(4), tight).ys,
  );
  return {
    figures: {
      velocity: Math.max(...schedulers.map((scheduler) => differenceError(scheduler, points(0), points(1)))),
      conversion: Math.max(...schedulers.map((scheduler) => roundTrip(scheduler, points(0), points(1)))),
      inverse: Math.max(...schedulers.map(inverseError)),
      likelihood: likelihoodError(normal, 'f64'),
      likelihoodSingle: likelihoodError(normal, 'f32'),
      mixture: likelihoodError(mixture, 'f64'),
      ends: gap(straight, curved),
      order: Math.max(...orders.map(([solver, order]) => Math.abs(measuredOrder(solver, points(5)) - order))),
      leastLoss: leastLoss(key(6)),
      entropy: squares.entropy - 3.676457,
    },
  };
}

const gap = (a: Tensor, b: Tensor): number => a.astype('f64').sub(b.astype('f64')).abs().max().item();

/** Times inside (0, 1), one for each of 200 rows. */
const times = (): Tensor =>
  tensor(
    Array.from({ length: 200 }, (_, i) => 0.01 + (0.98 * (i + 0.5)) / 200),
    { dtype: 'f64' },
  );

function differenceError(scheduler: Scheduler, x0: Tensor, x1: Tensor): number {
  const [path, h, t] = [affinePath(scheduler), 1e-5, times()];
  const at = (shift: number): Tensor => path.sample({ x0, x1, t: t.add(shift) }).xt;
  return gap(
    path.sample({ x0, x1, t }).dxt,
    at(h)
      .sub(at(-h))
      .div(2 * h),
  );
}

function roundTrip(scheduler: Scheduler, x0: Tensor, x1: Tensor): number {
  const t = times();
  const { xt, dxt } = affinePath(scheduler).sample({ x0, x1, t });
  return Math.max(
    ...(['data', 'noise', 'score'] as const satisfies readonly Prediction[]).map((other) => {
      const there = convert(scheduler, dxt, { from: 'velocity', to: other, xt, t });
      const scale = Math.max(1, dxt.abs().max().item());
      return gap(convert(scheduler, there, { from: other, to: 'velocity', xt, t }), dxt) / scale;
    }),
  );
}

function inverseError(scheduler: Scheduler): number {
  const { value, inverse } = logSnr(scheduler);
  return gap(inverse(value(times())), times());
}

/** The slope of the error of the exact flow of a mixture between 100 and 200 steps. (On one Gaussian midpoint is better than its order.) */
function measuredOrder(solver: OdeSolver, x0: Tensor): number {
  const field = mixture.velocity(condOTScheduler());
  const truth = sampleOde(field, x0, { solver: dopri5(), rtol: 1e-12, atol: 1e-12 }).ys;
  const [coarse, fine] = [100, 200].map((steps) => gap(sampleOde(field, x0, { solver, steps }).ys, truth));
  return Math.log2(coarse / fine);
}

/** Standard errors by which the loss of the exact field misses E|dx|² - E|u|², per coordinate. */
function leastLoss(key: random.Key): number {
  const [dataKey, noiseKey, timeKey] = random.split(key, 3);
  const x0 = random.normal(noiseKey, [DRAWS, 2], { dtype: 'f64' });
  const x1 = mixture.sample(dataKey, DRAWS, 'f64');
  const t = random.uniform(timeKey, [DRAWS], { dtype: 'f64' });
  const path = affinePath(condOTScheduler());
  const velocity = mixture.velocity(path.scheduler);
  const measured = jit((x0: Tensor, x1: Tensor, t: Tensor) => {
    const { xt, dxt } = path.sample({ x0, x1, t });
    const u = velocity(xt, t);
    const loss = conditionalFlowMatchingLoss({ velocity, path, reduction: 'none' }, x0, x1, t);
    const difference = loss.sub(dxt.square().sub(u.square()).mean({ axis: 1 }));
    return [difference.mean(), difference.std()] as const;
  });
  const [mean, deviation] = measured(x0, x1, t).map((value) => value.item());
  return Math.abs(mean) / (deviation / Math.sqrt(DRAWS));
}
