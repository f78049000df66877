import {
  adam,
  appendTime,
  cosineSchedule,
  ema,
  fourierFeatures,
  type MlpParams,
  mlp,
  rawTime,
  timeFeatures,
} from '@flowfield/nn';
import { dopri5, midpoint, rk4 } from '@flowfield/ode-solvers';
import { affinePath, conditionalFlowMatchingLoss, condOTScheduler, vpScheduler } from '@flowfield/paths';
import { logLikelihood, sampleOde, type Velocity } from '@flowfield/samplers';
import { jit, random, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import { z } from 'zod';
import { sha256 } from '../files.ts';
import { solvedRows, withOutcome } from '../flow/solvedRows.ts';
import { figure } from '../pictures/figure.ts';
import { lossCurve } from '../pictures/lossCurve.ts';
import type { EvaluateOptions, Experiment, Recipe, RecipeContext, Results, SampleOptions } from '../recipe.ts';
import { choice, real, whole } from '../settings/kinds.ts';
import type { Work } from '../work.ts';
import { planeGrid } from './planeGrid.ts';
import { squares } from './squares.ts';

const settings = z.object({
  path: choice({ names: ['ot', 'vp'], fallback: 'ot', help: 'optimal-transport (straight) or diffusion path' }),
  steps: whole({ fallback: 10_000, help: 'training steps' }),
  batch: whole({ fallback: 512, help: 'pairs per step' }),
  width: whole({ fallback: 128, help: 'units of a hidden layer' }),
  depth: whole({ fallback: 4, help: 'hidden layers' }),
  octaves: whole({ fallback: 0, least: 0, help: 'octaves of sines and cosines of x and t that the network sees too' }),
  learningRate: real({ fallback: 2e-3, help: 'of Adam at the start; falls to 0 by half a cosine' }),
  average: real({ fallback: 0.999, most: 0.999999, help: 'decay of the average of the weights' }),
  innerSteps: whole({ fallback: 20, help: 'training steps per call of the compiled program' }),
  heldOut: whole({ fallback: 4000, help: 'fresh points whose likelihood is measured' }),
  samples: whole({ fallback: 50_000, help: 'samples among which those off the squares are counted' }),
  odeSteps: whole({ fallback: 100, help: 'steps of the solver (RK4) for likelihoods' }),
  mapSteps: whole({ fallback: 50, help: 'steps of the solver (RK4) for the map of densities' }),
  sampleSteps: whole({ fallback: 10, help: 'steps of the solver (midpoint) for samples: two evaluations each' }),
});
type CheckerboardSettings = z.output<typeof settings>;

/** Rows in one call of a compiled solve. */
const SOLVER_BATCH = 1000;
/** Rows of the adaptive solve that counts evaluations: its error norm is over the batch. */
const NFE_BATCH = 256;
/** σ' of the diffusion path is infinite at t = 1. */
const LAST_TIME = { ot: 1, vp: 1 - 1e-5 } as const;
/** Streams of random numbers that training does not use. */
const STREAM = { heldOut: 1, noise: 2, samples: 3 } as const;

/** Flow matching of the checkerboard: Lipman et al. 2022, "Flow Matching for Generative Modeling". */
export const checkerboard: Recipe = {
  name: 'checkerboard',
  summary: 'flow matching of a checkerboard in the plane, along the straight or the diffusion path',
  settings,
  presets: {
    quick: {
      steps: 3000,
      width: 64,
      learningRate: 4e-3,
      average: 0.99,
      heldOut: 1000,
      samples: 10_000,
      odeSteps: 40,
      mapSteps: 20,
    },
    wide: { steps: 12_000, width: 256, batch: 1024 },
    large: { steps: 20_000, width: 512, batch: 4096 },
    fine: {
      ...{ steps: 72_000, width: 256, batch: 2048, octaves: 4, learningRate: 8e-3, average: 0.9995 },
      // Beside the data a field of waves is steep: with few steps it seems to have density there.
      ...{ heldOut: 20_000, sampleSteps: 50, mapSteps: 200 },
    },
  },
  data: {
    fallback: 'generated',
    help: 'generated anew for every step',
    names: { generated: 'uniform on 8 squares of a 4 x 4 board, entropy 3.6765 nats' },
  },
  model: (values, seed) => modelOf(values as CheckerboardSettings, seed),
  open,
};

function modelOf(options: CheckerboardSettings, seed: number) {
  const lastTime = LAST_TIME[options.path];
  // v(x, t): time is one more input. The slowest wave has the board as its period.
  const waves = fourierFeatures({ inputs: 2, octaves: options.octaves, scale: Math.PI / squares.extent });
  const times = options.octaves > 0 ? timeFeatures({ frequencies: options.octaves }) : rawTime;
  const inputs = waves.outputs + times.outputs;
  const net = mlp({ inputs, hidden: Array(options.depth).fill(options.width), outputs: 2, activation: 'silu' });
  const field =
    (params: MlpParams): Velocity =>
    (x, t) =>
      net.apply(params, appendTime(waves.apply(x), t, times));
  // Compiled once for every number of solver steps.
  const density = jit(
    (params: MlpParams, x1: Tensor, steps: number) => {
      const solve = { solver: rk4(), steps, t0: lastTime, t1: 0 };
      const { logLikelihood: value, solution } = logLikelihood(field(params), x1, solve);
      return withOutcome(value, solution);
    },
    { staticArgnums: [2] },
  );
  const flow = jit(
    (params: MlpParams, x0: Tensor, steps: number) => {
      const solution = sampleOde(field(params), x0, { solver: midpoint(), steps, t1: lastTime });
      return withOutcome(solution.ys, solution);
    },
    { staticArgnums: [2] },
  );
  const rows = (title: string) => ({ title, batch: SOLVER_BATCH, width: 2 });
  const logDensity = (params: MlpParams, at: Float64Array, title: string, work: Work, steps = options.odeSteps) =>
    solvedRows(at, rows(title), work, (x) => density(params, x, steps));
  const pushed = async (params: MlpParams, x0: Tensor, title: string, work: Work, steps = options.sampleSteps) =>
    solvedRows(Float64Array.from(await x0.data()), rows(title), work, (x) => flow(params, x, steps));
  return {
    model: `velocity field, ${options.depth} x ${options.width} SiLU on (x, t)`,
    initial: net.init(random.key(seed)),
    field,
    logDensity,
    pushed,
    sample: (params: MlpParams, { count, seed, odeSteps, ...work }: SampleOptions) =>
      pushed(params, random.normal(stream(seed, STREAM.samples), [count, 2]), 'samples', work, odeSteps),
    network: {
      inputs: [
        { name: 'x', shape: [2] },
        { name: 't', shape: [] },
      ],
      output: 'v',
      apply: (params: MlpParams, x: Tensor, t: Tensor) => field(params)(x, t),
    },
    sampleWidth: 2,
    table: (samples: Float64Array) => ({
      x: samples.filter((_, i) => i % 2 === 0),
      y: samples.filter((_, i) => i % 2 === 1),
    }),
  };
}

async function open(context: RecipeContext): Promise<Experiment<MlpParams, Tensor>> {
  const options = context.settings as CheckerboardSettings;
  const path = affinePath(options.path === 'ot' ? condOTScheduler() : vpScheduler());
  const lastTime = LAST_TIME[options.path];
  const model = modelOf(options, context.seed);
  const { field, logDensity, pushed } = model;
  const key = (use: number) => stream(context.seed, use);

  const loss = (params: MlpParams, x1: Tensor, key: random.Key): Tensor => {
    const [noise, time] = random.split(key);
    const t = random.uniform(time, [options.batch]).mul(lastTime);
    return conditionalFlowMatchingLoss({ velocity: field(params), path }, random.normal(noise, x1.shape), x1, t);
  };

  /** Evaluations of an adaptive solve with tolerances of 1e-5, whose state is float64: on the CPU, since a GPU has none. */
  async function evaluations(params: MlpParams): Promise<number> {
    const here = tree.map((leaf: Tensor) => leaf.to('cpu'), params);
    const wide: Velocity = (x, t) => field(here)(x.astype('f32'), t.astype('f32')).astype('f64');
    const x0 = random.normal(key(STREAM.noise), [NFE_BATCH, 2]).to('cpu');
    // The solver reads how its steps went: everything must have arrived.
    await Promise.all([...tree.leaves<Tensor>(here), x0].map((leaf) => leaf.data()));
    const { nfe } = sampleOde(wide, x0.astype('f64'), { solver: dopri5(), rtol: 1e-5, atol: 1e-5, t1: lastTime });
    return (await nfe.data())[0];
  }

  async function evaluate(params: MlpParams, { odeSteps, ...work }: EvaluateOptions) {
    const heldOut = Float64Array.from(await squares.sample(key(STREAM.heldOut), options.heldOut).data());
    const logs = await logDensity(params, heldOut, 'held-out', work, odeSteps);
    const nll = -mean(logs);
    const x0 = random.normal(key(STREAM.samples), [options.samples, 2]);
    const samples = await pushed(params, x0, 'samples', work);
    const figures = {
      nll,
      nllError: Math.sqrt(mean(logs.map((log) => (log + nll) ** 2)) / logs.length),
      offShare: 100 * squares.offShare(samples),
      nfe: await evaluations(params),
    };
    return {
      figures,
      title: `The ${options.path === 'ot' ? 'straight' : 'diffusion'} path on the checkerboard`,
      table: [
        { label: 'negative log-likelihood, nats', value: nll, note: `± ${figures.nllError.toFixed(3)}` },
        { label: 'least possible', value: squares.entropy, note: 'the entropy of the data' },
        { label: 'samples off the squares, %', value: figures.offShare },
        { label: 'evaluations of dopri5 at 1e-5', value: figures.nfe },
      ],
    };
  }

  async function pictures({ params, evaluation, samples, history }: Results<MlpParams>, work: Work) {
    const grid = planeGrid({ extent: 1.25 * squares.extent, cells: 100 });
    const logs = await logDensity(params, grid.points, 'map', work, options.mapSteps);
    const { nll, offShare: off } = evaluation.figures;
    const losses = history.filter((record) => record.loss !== undefined);
    const caption = `${options.steps.toLocaleString('en')} steps of ${options.batch} pairs, ${options.depth} x ${options.width}, ${options.path} path, seed ${context.seed}.`;
    const data = await squares.sample(key(STREAM.heldOut), samples.length / 2).data();
    return {
      density: figure({
        title: 'A checkerboard, learned by flow matching',
        subtitle: `Held-out negative log-likelihood ${nll.toFixed(3)} nats, at least ${squares.entropy.toFixed(3)}; ${off.toFixed(1)} % of samples off the squares`,
        caption,
        panels: [
          { kind: 'points', title: 'data', domain: grid.domain, series: [{ points: data }] },
          { kind: 'points', title: 'samples', domain: grid.domain, series: [{ points: samples, color: '#e0246a' }] },
          {
            kind: 'density',
            title: 'density',
            ...grid.size,
            values: logs.map(Math.exp),
            range: [0, 1.5 * squares.density],
          },
        ],
      }),
      loss: lossCurve({
        title: 'Training',
        caption,
        steps: losses.map((record) => record.step),
        loss: losses.map((record) => record.loss),
      }),
    };
  }

  return {
    ...model,
    data: {
      name: 'checkerboard',
      sha256: await sha256(new TextEncoder().encode('checkerboard, 8 squares, scale .45')),
    },
    training: {
      params: model.initial,
      loss,
      batches: generated((batchKey) => squares.sample(batchKey, options.batch)),
      optimizer: adam({ learningRate: cosineSchedule({ initial: options.learningRate, steps: options.steps }) }),
      ema: ema({ decay: options.average }),
      steps: options.steps,
      innerSteps: options.innerSteps,
      logEvery: options.innerSteps,
    },
    keepBest: false,
    evaluate,
    pictures,
  };
}

const stream = (seed: number, use: number): random.Key => random.foldIn(random.key(seed), use);

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
