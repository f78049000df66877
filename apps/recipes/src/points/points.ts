import { adam, cosineSchedule, ema, type MlpParams } from '@flowfield/nn';
import { affinePath, conditionalFlowMatchingLoss, condOTScheduler, dropConditions } from '@flowfield/paths';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { randomRows } from '@flowfield/train';
import { z } from 'zod';
import { gaussianKde } from '../baselines/gaussianKde.ts';
import { RecipeError } from '../errors.ts';
import { lossCurve } from '../pictures/lossCurve.ts';
import type { EvaluateOptions, Experiment, Recipe, RecipeContext, Results } from '../recipe.ts';
import { real, text, whole } from '../settings/kinds.ts';
import { quietWork } from '../work.ts';
import { moonsName } from './moons.ts';
import { loadPoints, type PartRows, preparePoints } from './pointData.ts';
import { cloudFigure } from './pointPictures.ts';
import { pointsModel } from './pointsModel.ts';

const settings = z.object({
  label: text({ fallback: '', help: 'column of classes, by name, in npy files by number; empty for none' }),
  steps: whole({ fallback: 4000, help: 'training steps' }),
  batch: whole({ fallback: 256, help: 'points per step' }),
  width: whole({ fallback: 128, help: 'units of a hidden layer' }),
  depth: whole({ fallback: 3, help: 'hidden layers' }),
  octaves: whole({ fallback: 3, least: 0, most: 10, help: 'features sin and cos of 2^j x for j below this' }),
  timeFrequencies: whole({ fallback: 2, help: 'features sin and cos of k pi t for k up to this' }),
  learningRate: real({ fallback: 3e-3, help: 'of Adam at the start; falls to 0 by half a cosine' }),
  average: real({ fallback: 0.995, most: 0.999999, help: 'decay of the average of the weights' }),
  drop: real({ fallback: 0.2, most: 1, help: 'share of points whose class is hidden in training' }),
  guidance: real({ fallback: 1.5, help: 'weight of the class in samples: 1 as in the data, above 1 more typical' }),
  validations: whole({ fallback: 10, help: 'looks at the validation part; the best weights become the model' }),
  innerSteps: whole({ fallback: 20, help: 'training steps per call of the compiled program' }),
  odeSteps: whole({ fallback: 40, help: 'steps of the solver, RK4 for likelihoods, midpoint for samples' }),
});
type PointsSettings = z.output<typeof settings>;

/** Validation rows and solver steps of a look during training. */
const LOOK_ROWS = 500;
const LOOK_STEPS = 20;

/** Flow matching of a person's own points, of any dimension; guided by a class where a column of classes is named. */
export const points: Recipe = {
  name: 'points',
  summary: 'flow matching of your own points, in any dimension, guided by a class where you name one',
  settings,
  presets: {
    quick: { steps: 1000, width: 64, average: 0.98, validations: 4 },
    long: { steps: 20_000, width: 256, depth: 4, average: 0.999 },
  },
  data: {
    fallback: moonsName,
    help: 'a CSV file (a header names the columns) or npy file with one point per row, or',
    names: { [moonsName]: '4,000 points on two half circles with noise; label moon' },
    own: 'points.csv   (your own points; --set label=column for classes)',
  },
  modelReadsData: true,
  model(values, seed, stored) {
    if (stored === undefined) throw new RecipeError('points: expected the data of the run, given none; train it anew');
    return pointsModel(values as PointsSettings, preparePoints(stored, seed), seed);
  },
  open,
};

async function open(context: RecipeContext): Promise<Experiment<MlpParams, PartRowsTensors>> {
  const options = context.settings as PointsSettings;
  const { seed } = context;
  const { notes, ...stored } = context.stored
    ? { notes: [], ...context.stored }
    : await loadPoints(context.data, { ...context.table, label: options.label }, context.files);
  const data = preparePoints(stored, seed);
  const model = pointsModel(options, data, seed);
  const { train, validation, test, dimension, classes } = data;
  const path = affinePath(condOTScheduler());

  const loss = (params: MlpParams, { x1, label }: PartRowsTensors, key: random.Key): Tensor => {
    const [noiseKey, timeKey, dropKey] = random.split(key, 3);
    const given = model.any > 0 ? dropConditions(label, { key: dropKey, rate: options.drop, empty: model.any }) : label;
    const velocity = (x: Tensor, t: Tensor): Tensor => model.field(params, x, t, given);
    const x0 = random.normal(noiseKey, x1.shape);
    return conditionalFlowMatchingLoss({ velocity, path }, x0, x1, random.uniform(timeKey, [options.batch]));
  };

  async function evaluate(params: MlpParams, { odeSteps: steps = options.odeSteps, ...work }: EvaluateOptions) {
    const testNll = negativeMean(await model.logMarginal(params, test, work, steps));
    const kernel = await gaussianKde(
      { train: train.points, validation: validation.points, queries: test.points },
      dimension,
      work,
    );
    const kernelNll = negativeMean(kernel.logDensity) - model.change;
    const given = model.any > 0 ? negativeMean(await model.logDensity(params, test, work, { steps })) : undefined;
    const rows = test.labels.length;
    return {
      figures: {
        testNll,
        kernelNll,
        kernelValidationNll: kernel.validationNll - model.change,
        kernelBandwidth: kernel.bandwidth,
        ...(given !== undefined && { testNllGivenClass: given }),
      },
      title: `Negative log-likelihood of the ${rows.toLocaleString('en')} held-out points, nats (lower is better)`,
      table: [
        {
          label: 'model',
          value: testNll,
          ...(testNll > kernelNll && { note: 'the kernel density is better: more steps or more points may help' }),
        },
        {
          label: 'kernel density',
          value: kernelNll,
          note: `Gaussian, width ${kernel.bandwidth.toPrecision(2)} of a standard deviation`,
        },
        ...(given === undefined ? [] : [{ label: 'model, given the class', value: given }]),
      ],
    };
  }

  async function pictures({ evaluation, samples, history }: Results<MlpParams>) {
    const { testNll, kernelNll, kernelValidationNll } = evaluation.figures;
    const caption = `Data: ${stored.name}. ${options.steps.toLocaleString('en')} steps, seed ${seed}.`;
    const losses = history.filter((record) => record.loss !== undefined);
    const validations = history.filter((record) => record.validation !== undefined);
    const coordinates = (rows: Float64Array, width: number) => rows.filter((_, k) => k % width < dimension);
    return {
      points: cloudFigure(
        {
          data: coordinates(stored.values, stored.width),
          samples: coordinates(samples, model.sampleWidth),
          names: data.names,
        },
        {
          title: `Points and samples: ${stored.name}`,
          subtitle: `Held-out negative log-likelihood ${testNll.toFixed(3)} nats, kernel density ${kernelNll.toFixed(3)}`,
          caption: `${caption} Data blue, samples red${model.any > 0 ? `, guided by class with weight ${options.guidance}` : ''}.`,
        },
      ),
      loss: lossCurve({
        title: 'Training',
        caption,
        steps: losses.map((record) => record.step),
        loss: losses.map((record) => record.loss),
        validation: {
          steps: validations.map((record) => record.step),
          values: validations.map((record) => record.validation),
          label: `validation negative log-likelihood${model.any > 0 ? ' given the class' : ''}, nats`,
          // Given the class, the density is another than that of the kernels.
          references: model.any > 0 ? [] : [{ label: 'kernel density', value: kernelValidationNll }],
        },
      }),
    };
  }

  const look = {
    points: validation.points.slice(0, LOOK_ROWS * dimension),
    labels: validation.labels.slice(0, LOOK_ROWS),
  };
  const { name, sha256 } = stored;
  return {
    ...model,
    data: {
      name,
      sha256,
      rows: stored.values.length / stored.width,
      names: data.names,
      ...(classes.length > 0 && { classes }),
      stored,
      notes,
    },
    split: { seed, train: train.labels.length, validation: validation.labels.length, test: test.labels.length },
    training: {
      params: model.initial,
      loss,
      batches: randomRows(tensors(train, dimension), { batchSize: options.batch }),
      optimizer: adam({ learningRate: cosineSchedule({ initial: options.learningRate, steps: options.steps }) }),
      ema: ema({ decay: options.average }),
      steps: options.steps,
      innerSteps: options.innerSteps,
      logEvery: options.innerSteps,
      validateEvery: Math.ceil(options.steps / options.validations),
      validate: async (params) =>
        negativeMean(await model.logDensity(params, look, quietWork, { title: 'validation', steps: LOOK_STEPS })),
    },
    keepBest: true,
    evaluate,
    pictures,
  };
}

interface PartRowsTensors {
  readonly x1: Tensor;
  readonly label: Tensor;
}

const tensors = ({ points, labels }: PartRows, dimension: number): PartRowsTensors => ({
  x1: tensor(Float32Array.from(points), { shape: [labels.length, dimension] }),
  label: tensor(labels, { dtype: 'i32', shape: [labels.length] }),
});

const negativeMean = (values: Float64Array): number => -values.reduce((sum, value) => sum + value, 0) / values.length;
