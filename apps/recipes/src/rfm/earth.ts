import { gatherRows, splitIndices, unitToLatLon } from '@flowfield/datasets';
import {
  adamW,
  appendTime,
  chain,
  clipByGlobalNorm,
  cosineSchedule,
  ema,
  fourierFeatures,
  type MlpParams,
  mlp,
  timeFeatures,
} from '@flowfield/nn';
import { rk4 } from '@flowfield/ode-solvers';
import { conditionalFlowMatchingLoss, geodesicPath } from '@flowfield/paths';
import { sphere } from '@flowfield/riemannian';
import { logLikelihood, sampleOde, tangentField, type Velocity } from '@flowfield/samplers';
import { jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { randomRows } from '@flowfield/train';
import { z } from 'zod';
import { kernelBaseline } from '../baselines/kernelBaseline.ts';
import { logUniform } from '../baselines/uniform.ts';
import { negativeMean } from '../baselines/vonMisesFisherKde.ts';
import { RecipeError } from '../errors.ts';
import { embeddedName, eventSources, loadEvents } from '../events/loadEvents.ts';
import { newPlaces } from '../events/newPlaces.ts';
import { solvedRows, withOutcome } from '../flow/solvedRows.ts';
import { earthGrid } from '../pictures/earthGrid.ts';
import { earthMap } from '../pictures/earthMap.ts';
import { lossCurve } from '../pictures/lossCurve.ts';
import type { EvaluateOptions, Experiment, Recipe, RecipeContext, Results, SampleOptions } from '../recipe.ts';
import { choice, real, whole } from '../settings/kinds.ts';
import { quietWork, type Work } from '../work.ts';

const settings = z.object({
  steps: whole({ fallback: 8000, help: 'training steps' }),
  batch: whole({ fallback: 512, help: 'events per step' }),
  width: whole({ fallback: 128, help: 'units of a hidden layer' }),
  depth: whole({ fallback: 4, help: 'hidden layers' }),
  octaves: whole({ fallback: 7, least: 0, most: 12, help: 'features sin and cos of 2^j x for j below this' }),
  timeFrequencies: whole({ fallback: 1, help: 'features sin and cos of k pi t for k up to this' }),
  timePower: real({
    fallback: 0.25,
    least: 0.01,
    help: 'times are u^timePower with u uniform; below 1 there are more near the data',
  }),
  learningRate: real({ fallback: 5e-3, help: 'of Adam at the start; falls to 0 by half a cosine' }),
  weightDecay: real({ fallback: 0, help: 'of AdamW' }),
  clip: real({ fallback: 0.5, least: 1e-6, help: 'largest norm of a gradient; longer ones are scaled down' }),
  average: real({ fallback: 0.999, most: 0.999999, help: 'decay of the average of the weights' }),
  duplicates: choice({ names: ['keep', 'drop'], fallback: 'keep', help: 'events at one place: all, or the first' }),
  keep: choice({
    names: ['last', 'best'],
    fallback: 'last',
    help: 'the weights at the end, or those best on the validation part',
  }),
  validations: whole({ fallback: 5, help: 'looks at the validation part during training' }),
  innerSteps: whole({ fallback: 20, help: 'training steps per call of the compiled program' }),
  odeSteps: whole({ fallback: 60, help: 'steps of the solver (RK4) for likelihoods and samples' }),
  mapRows: whole({ fallback: 90, least: 2, most: 720, help: 'rows of the density map; it has twice as many columns' }),
  roughOdeSteps: whole({ fallback: 20, help: 'steps of the solver for the map, and for looks at the validation part' }),
});
type EarthSettings = z.output<typeof settings>;

/** From this many events on, each part of the split has one. */
const LEAST_EVENTS = 8;

/** Most rows in one call of a compiled solve. */
const SOLVER_BATCH = 256;

const manifold = sphere(2, { checks: false });
const path = geodesicPath(manifold);

/** Riemannian flow matching on the sphere: Chen and Lipman 2023, "Flow Matching on General Geometries", section 5. */
export const earth: Recipe = {
  name: 'earth',
  summary: 'Riemannian flow matching of events on the Earth: a density on the sphere',
  settings,
  presets: {
    quick: { steps: 2000, width: 64, mapRows: 45 },
    long: { steps: 12000, width: 256, octaves: 6, learningRate: 0.003, validations: 10 },
  },
  data: {
    fallback: embeddedName,
    help: 'a file with latitude and longitude (CSV, GeoJSON, Parquet), or one of',
    names: eventSources,
    own: 'events.csv   (your own latitudes and longitudes)',
  },
  model: (values, seed) => modelOf(values as EarthSettings, seed),
  open,
};

function modelOf(options: EarthSettings, seed: number) {
  // v(x, t) = projection onto the tangent space at p of net(features(p), t), with p the point of the sphere nearest to x.
  const features = fourierFeatures({ inputs: 3, octaves: options.octaves });
  const time = timeFeatures({ frequencies: options.timeFrequencies });
  const net = mlp({
    inputs: features.outputs + 1 + time.outputs,
    hidden: Array(options.depth).fill(options.width),
    outputs: 3,
    activation: 'silu',
  });
  const field =
    (params: MlpParams): Velocity =>
    (p, t) =>
      net.apply(params, appendTime(appendTime(features.apply(p), t), t, time));

  // Compiled once for every number of solver steps.
  const density = jit(
    (params: MlpParams, x1: Tensor, steps: number) => {
      const { logLikelihood: value, solution } = logLikelihood(field(params), x1, {
        manifold,
        solver: rk4(),
        grid: solverTimes(steps).reverse(),
      });
      return withOutcome(value, solution);
    },
    { staticArgnums: [2] },
  );
  const flow = jit(
    (params: MlpParams, x0: Tensor, steps: number) => {
      const solution = sampleOde(field(params), x0, { manifold, solver: rk4(), grid: solverTimes(steps) });
      return withOutcome(solution.ys, solution);
    },
    { staticArgnums: [2] },
  );
  async function sample(params: MlpParams, { count, seed, odeSteps = options.odeSteps, ...work }: SampleOptions) {
    using base = manifold.sampleBase(random.key(seed), [count]);
    const x0 = Float64Array.from(await base.data());
    return solvedRows(x0, { title: 'samples', batch: SOLVER_BATCH }, work, (x) => flow(params, x, odeSteps));
  }

  return {
    model: `velocity field, ${options.depth} x ${options.width} SiLU on ${net.inputs} features`,
    initial: net.init(random.key(seed)),
    field,
    density,
    sample,
    network: {
      inputs: [
        { name: 'x', shape: [3] },
        { name: 't', shape: [] },
      ],
      output: 'v',
      apply: (params: MlpParams, x: Tensor, t: Tensor) => field(params)(x, t),
    },
    sampleWidth: 3,
    table: (samples: Float64Array) => unitToLatLon(samples),
  };
}

async function open(context: RecipeContext): Promise<Experiment<MlpParams, Tensor>> {
  const options = context.settings as EarthSettings;
  const { seed } = context;
  const { points, ...events } = context.stored
    ? { ...context.stored, points: context.stored.values, notes: [] }
    : await loadEvents(context.data, { ...context.table, duplicates: options.duplicates }, context.files);
  expectEnough(points.length / 3, events.name);
  const model = modelOf(options, seed);
  const { field, density } = model;
  const split = splitIndices(points.length / 3, { seed });
  const train = gatherRows(points, split.train, 3);
  const validation = gatherRows(points, split.validation, 3);
  const test = gatherRows(points, split.test, 3);

  const data = tensor(Float32Array.from(train), { shape: [split.train.length, 3] });
  const batches = randomRows(data, { batchSize: options.batch });
  const loss = (params: MlpParams, x1: Tensor, key: random.Key): Tensor => {
    const [baseKey, timeKey] = random.split(key);
    const x0 = manifold.sampleBase(baseKey, [options.batch]);
    const t = random.uniform(timeKey, [options.batch]).pow(options.timePower);
    return conditionalFlowMatchingLoss({ velocity: tangentField(manifold, field(params)), path }, x0, x1, t);
  };

  const logDensity = (params: MlpParams, at: Float64Array, title: string, work: Work, steps = options.odeSteps) =>
    solvedRows(at, { title, batch: SOLVER_BATCH }, work, (x) => density(params, x, steps));

  async function evaluate(params: MlpParams, { odeSteps = options.odeSteps, ...work }: EvaluateOptions) {
    const model = await logDensity(params, test, 'held-out', work, odeSteps);
    const doubled = negativeMean(await logDensity(params, test, 'check', work, 2 * odeSteps));
    const fitted = await kernelBaseline({ train, validation, queries: test }, work);
    const kernel = fitted.logDensity;
    // A repeated event can be learned by heart: held-out figures with repeats have no lower bound.
    const fresh = newPlaces(test, train);
    const atFresh = (logDensities: Float64Array): number => negativeMean(gatherRows(logDensities, fresh, 1));
    const figures: Record<string, number> = {
      testNll: negativeMean(model),
      testNllDoubledSteps: doubled,
      testNewPlaces: fresh.length,
      ...(fresh.length > 0 && { testNllNewPlaces: atFresh(model), kernelNllNewPlaces: atFresh(kernel) }),
      odeSteps,
      validationNll: negativeMean(await logDensity(params, validation, 'validation', work, odeSteps)),
      uniformNll: -logUniform,
      kernelNll: negativeMean(kernel),
      kernelValidationNll: fitted.validationNll,
      kernelKappa: fitted.kappa,
      kernelUniformWeight: fitted.uniformWeight,
    };
    const repeats = split.test.length - fresh.length;
    const without = (value: number | undefined): string =>
      repeats === 0 || value === undefined ? '' : `; ${value.toFixed(4)} without ${repeats} repeats of training events`;
    return {
      figures,
      title: `Negative log-likelihood of the ${split.test.length.toLocaleString('en')} held-out events, nats (lower is better)`,
      table: [
        {
          label: 'model',
          value: figures.testNll,
          note: `${doubled.toFixed(4)} with twice the solver steps${without(figures.testNllNewPlaces)}`,
        },
        {
          label: 'kernel density',
          value: figures.kernelNll,
          note: `von Mises-Fisher, kappa ${Math.round(fitted.kappa).toLocaleString('en')}${fitted.sampled === undefined ? '' : `, on ${fitted.sampled.toLocaleString('en')} of the events`}${without(figures.kernelNllNewPlaces)}`,
        },
        {
          label: 'uniform',
          value: -logUniform,
          ...(figures.testNll > -logUniform && { note: 'the model is worse than the uniform density: train longer' }),
        },
      ],
    };
  }

  async function pictures({ params, evaluation, samples, history }: Results<MlpParams>, work: Work) {
    const grid = earthGrid(options.mapRows, 2 * options.mapRows);
    const map = { ...grid, logDensity: await logDensity(params, grid.points, 'map', work, options.roughOdeSteps) };
    const nll = (value: number): string => `${value.toFixed(3)} nats`;
    const caption = `Data: ${events.name}. ${options.steps.toLocaleString('en')} steps, seed ${seed}.`;
    const losses = history.filter((record) => record.loss !== undefined);
    const validations = history.filter((record) => record.validation !== undefined);
    return {
      map: earthMap({
        title: `A density on the Earth, learned from ${split.train.length.toLocaleString('en')} events`,
        subtitle: `Held-out negative log-likelihood ${nll(evaluation.figures.testNll)}; uniform ${nll(-logUniform)}`,
        caption: `${caption} Equal Earth projection.`,
        train,
        test,
        samples,
        density: map,
      }),
      loss: lossCurve({
        title: 'Training',
        caption,
        steps: losses.map((record) => record.step),
        loss: losses.map((record) => record.loss),
        validation: {
          steps: validations.map((record) => record.step),
          values: validations.map((record) => record.validation),
          label: 'validation negative log-likelihood, nats',
          references: [
            { label: 'kernel density', value: evaluation.figures.kernelValidationNll },
            { label: 'uniform', value: evaluation.figures.uniformNll },
          ],
        },
      }),
    };
  }

  return {
    ...model,
    data: {
      name: events.name,
      sha256: events.sha256,
      rows: points.length / 3,
      stored: { name: events.name, sha256: events.sha256, values: points, width: 3 },
      notes: events.notes,
    },
    split: { seed, train: split.train.length, validation: split.validation.length, test: split.test.length },
    training: {
      params: model.initial,
      loss,
      batches,
      optimizer: chain(
        clipByGlobalNorm(options.clip),
        adamW({
          learningRate: cosineSchedule({ initial: options.learningRate, steps: options.steps }),
          weightDecay: options.weightDecay,
        }),
      ),
      ema: ema({ decay: options.average }),
      steps: options.steps,
      innerSteps: options.innerSteps,
      logEvery: options.innerSteps,
      validateEvery: Math.ceil(options.steps / options.validations),
      validate: async (params) =>
        negativeMean(await logDensity(params, validation, 'validation', quietWork, options.roughOdeSteps)),
    },
    keepBest: options.keep === 'best',
    evaluate,
    pictures,
  };
}

/** Refuses data too few to be split into three parts. */
function expectEnough(events: number, name: string): void {
  if (events >= LEAST_EVENTS) return;
  throw new RecipeError(
    `${name}: expected at least ${LEAST_EVENTS} events, some each to train, to validate and to test, given ${events}; use a file with more`,
  );
}

/** Times from 0 to 1, `1 - (1 - i / steps)^2`: closer to each other near the data, where the field is steep. */
function solverTimes(steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => 1 - (1 - i / steps) ** 2);
}
