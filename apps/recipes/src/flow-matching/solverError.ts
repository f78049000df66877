import { adam, appendTime, cosineSchedule, ema, type MlpParams, mlp } from '@flowfield/nn';
import { midpoint, rk4 } from '@flowfield/ode-solvers';
import {
  affinePath,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  convert,
  noisePredictionLoss,
  vpScheduler,
} from '@flowfield/paths';
import { mapBatches, sampleOde, type Velocity } from '@flowfield/samplers';
import { jit, random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { squares } from './squares.ts';

/** Evaluations of the field by midpoint steps. */
const EVALUATIONS = [4, 8, 16, 32, 64] as const;
/** Steps of the solution that errors are measured from (RK4). */
const REFERENCE_STEPS = 200;
const SOLVER_BATCH = 1000;
const SIZES = {
  plain: { width: 128, steps: 8000, average: 0.999, samples: 4000 },
  quick: { width: 64, steps: 1000, average: 0.98, samples: 1000 },
} as const;
const BATCH = 512;

/** σ' of the diffusion path is infinite at t = 1, and the score's velocity at both ends. */
const models = {
  ot: { words: 'flow matching, straight path', scheduler: condOTScheduler(), target: 'velocity', times: [0, 1] },
  vp: { words: 'flow matching, diffusion path', scheduler: vpScheduler(), target: 'velocity', times: [0, 1 - 1e-5] },
  sm: { words: 'score matching, diffusion path', scheduler: vpScheduler(), target: 'noise', times: [0, 1 - 1e-3] },
} as const;
type ModelName = keyof typeof models;
const names = Object.keys(models) as ModelName[];

const metrics: Metric[] = [
  ...(['vp', 'sm'] as const).map(
    (name): Metric => ({
      name: `${name}Share`,
      label: `evaluations for one error, straight path over ${models[name].words}, worst`,
      gate: { atMost: 1 },
      paper: 'about 0.6 (ImageNet-32)',
    }),
  ),
  ...names.flatMap((name) =>
    EVALUATIONS.map(
      (count): Metric => ({
        name: `${name}${count}`,
        label: `error after ${count} evaluations, ${models[name].words}`,
        digits: 4,
        ...(name !== 'ot' && { baseline: true }),
      }),
    ),
  ),
];

/** The error of few steps against a converged solution: Lipman et al. 2022, figure 7. */
export const solverError: Part = {
  name: 'solver-error',
  summary: 'how far few midpoint steps end from the converged flow, straight path against diffusion and score matching',
  minutes: 4,
  efforts: ['quick'],
  metrics,
  run,
};

async function run({ seed, effort, trained, kept, work }: PartContext): Promise<Outcome> {
  const { width, steps, average, samples } = effort === 'quick' ? SIZES.quick : SIZES.plain;
  const net = mlp({ inputs: 3, hidden: Array(4).fill(width), outputs: 2, activation: 'silu' });
  const noise = random.normal(random.foldIn(random.key(seed), 1), [samples, 2]);
  const errors: Record<ModelName, number[]> = { ot: [], vp: [], sm: [] };
  for (const name of names) {
    const { scheduler, target, times, words } = models[name];
    const [first, last] = times;
    const path = affinePath(scheduler);
    const predict = (params: MlpParams, x: Tensor, t: Tensor): Tensor => net.apply(params, appendTime(x, t));
    const { params } = await trained(name, {
      params: net.init(random.key(seed)),
      loss: (own: MlpParams, x1: Tensor, lossKey: random.Key): Tensor => {
        const [noiseKey, timeKey] = random.split(lossKey);
        const x0 = random.normal(noiseKey, x1.shape);
        const t = random.uniform(timeKey, [BATCH]).mul(last);
        const network = (x: Tensor, at: Tensor): Tensor => predict(own, x, at);
        return target === 'velocity'
          ? conditionalFlowMatchingLoss({ velocity: network, path }, x0, x1, t)
          : noisePredictionLoss({ predict: network, path }, x0, x1, t);
      },
      batches: generated((batchKey) => squares.sample(batchKey, BATCH)),
      optimizer: adam({ learningRate: cosineSchedule({ initial: 2e-3, steps }) }),
      ema: ema({ decay: average }),
      steps,
      innerSteps: 20,
      logEvery: 20,
    });
    errors[name] = await kept(`errors-${name}`, async () => {
      const velocity: Velocity = (x, t) => {
        const found = predict(params, x, t);
        return target === 'velocity' ? found : convert(scheduler, found, { from: 'noise', to: 'velocity', xt: x, t });
      };
      const solved = (solver: ReturnType<typeof rk4>, count: number): Promise<Tensor> => {
        const flow = jit(
          (x0: Tensor): Tensor => sampleOde(velocity, x0, { solver, steps: count, t0: first, t1: last }).ys,
        );
        return mapBatches(flow, noise, { batchSize: SOLVER_BATCH, signal: work.signal });
      };
      const exact = await solved(rk4(), REFERENCE_STEPS);
      const found: number[] = [];
      for (const [i, count] of EVALUATIONS.entries()) {
        const x = await solved(midpoint(), count / 2);
        found.push((await toHost(x.sub(exact).square().mean().sqrt())).item());
        work.progress(words, i + 1, EVALUATIONS.length);
      }
      return found;
    });
  }
  return {
    figures: {
      vpShare: worstShare(errors.ot, errors.vp),
      smShare: worstShare(errors.ot, errors.sm),
      ...Object.fromEntries(
        names.flatMap((name) => EVALUATIONS.map((count, i) => [`${name}${count}`, errors[name][i]])),
      ),
    },
    pictures: {
      errors: figure({
        title: 'The error of few evaluations, by path',
        caption: `Root mean square distance to ${REFERENCE_STEPS} steps of RK4 from the same noise; midpoint, 4 x ${width}, seed ${seed}.`,
        panelWidth: 520,
        aspect: 0.6,
        panels: [
          {
            kind: 'lines',
            x: { label: 'evaluations', log: true },
            y: { label: 'error', log: true },
            series: names.map((name) => ({ label: models[name].words, x: EVALUATIONS, y: errors[name], marked: true })),
          },
        ],
      }),
    },
  };
}

/** The evaluations with which the first comes to an error of the second, over those of the second: the worst over its errors. */
function worstShare(own: readonly number[], other: readonly number[]): number {
  return Math.max(...other.map((error, i) => evaluationsFor(own, error) / EVALUATIONS[i]));
}

/** By the straight line between two points of the curve in logarithms, and beyond them. */
function evaluationsFor(errors: readonly number[], error: number): number {
  const below = errors.findIndex((value) => value <= error);
  const i = Math.min(Math.max(below < 0 ? errors.length - 1 : below, 1), errors.length - 1);
  const [x0, x1] = [Math.log(EVALUATIONS[i - 1]), Math.log(EVALUATIONS[i])];
  const [y0, y1] = [Math.log(errors[i - 1]), Math.log(errors[i])];
  return Math.exp(x0 + ((x1 - x0) * (Math.log(error) - y0)) / (y1 - y0));
}
