import { appendTime, fourierFeatures, type MlpParams, mlp, timeFeatures } from '@flowfield/nn';
import { midpoint, rk4 } from '@flowfield/ode-solvers';
import { guidedModel, logLikelihood, sampleOde } from '@flowfield/samplers';
import { concat, jit, oneHot, random, type Tensor } from '@flowfield/tensor-webgpu';
import { solvedRows, withOutcome } from '../flow/solvedRows.ts';
import type { SampleOptions } from '../recipe.ts';
import type { Work } from '../work.ts';
import type { PartRows, PointData } from './pointData.ts';

/** What the model needs of the settings. */
export interface ModelSettings {
  readonly width: number;
  readonly depth: number;
  readonly octaves: number;
  readonly timeFrequencies: number;
  readonly guidance: number;
  readonly odeSteps: number;
}

/** Rows in one call of a compiled solve. */
const SOLVER_BATCH = 500;
/** From this dimension on the divergence is estimated: the exact one costs a derivative for each coordinate. */
const MANY_DIMENSIONS = 33;

/** The velocity field v(x, t) of standardised points, or v(x, t, class) with one more class for "any". */
export function pointsModel(options: ModelSettings, data: PointData, seed: number) {
  const { dimension, classes, names, center, scale } = data;
  const any = classes.length;
  const features = fourierFeatures({ inputs: dimension, octaves: options.octaves });
  const time = timeFeatures({ frequencies: options.timeFrequencies });
  const net = mlp({
    inputs: features.outputs + 1 + time.outputs + (any > 0 ? any + 1 : 0),
    hidden: Array(options.depth).fill(options.width),
    outputs: dimension,
    activation: 'silu',
  });
  const field = (params: MlpParams, x: Tensor, t: Tensor, label: Tensor): Tensor => {
    const inputs = appendTime(appendTime(features.apply(x), t), t, time);
    return net.apply(params, any > 0 ? concat([inputs, oneHot(label, any + 1, { dtype: 'f32' })], -1) : inputs);
  };

  // A row holds a point and its class. Compiled once for every number of solver steps.
  const opened = (rows: Tensor) => ({
    x: rows.slice([null, null], [0, dimension]),
    label: rows.slice([null, null], dimension).astype('i32'),
  });
  const density = jit(
    (params: MlpParams, rows: Tensor, steps: number) => {
      const { x, label } = opened(rows);
      const { logLikelihood: value, solution } = logLikelihood((at, t) => field(params, at, t, label), x, {
        solver: rk4(),
        steps,
        ...(dimension >= MANY_DIMENSIONS && { divergence: { kind: 'hutchinson', key: random.key(seed) } as const }),
      });
      return withOutcome(value, solution);
    },
    { staticArgnums: [2] },
  );
  const flow = jit(
    (params: MlpParams, rows: Tensor, steps: number) => {
      const { x, label: condition } = opened(rows);
      const model = (at: Tensor, t: Tensor, label: Tensor): Tensor => field(params, at, t, label);
      const empty = condition.mul(0).add(any);
      const solution = sampleOde(guidedModel(model, any > 0 ? options.guidance : 1, { condition, empty }), x, {
        solver: midpoint(),
        steps,
      });
      return withOutcome(solution.ys, solution);
    },
    { staticArgnums: [2] },
  );
  const solverRows = (title: string) => ({ title, batch: SOLVER_BATCH, width: dimension + 1 });
  const joined = (points: ArrayLike<number>, labelOf: (row: number) => number): Float64Array =>
    Float64Array.from({ length: (points.length / dimension) * (dimension + 1) }, (_, k) => {
      const [row, column] = [Math.floor(k / (dimension + 1)), k % (dimension + 1)];
      return column < dimension ? points[row * dimension + column] : labelOf(row);
    });
  /** ln |dz/dx|, from densities of standardised points to those of the person's. */
  const change = -scale.reduce((sum, one) => sum + Math.log(one), 0);

  async function logDensity(
    params: MlpParams,
    { points, labels }: PartRows,
    work: Work,
    { title = 'held-out', steps = options.odeSteps } = {},
  ): Promise<Float64Array> {
    const rows = joined(points, (row) => labels[row]);
    const found = await solvedRows(rows, solverRows(title), work, (x) => density(params, x, steps));
    return found.map((log) => log + change);
  }

  return {
    model: `velocity field, ${options.depth} x ${options.width} SiLU on ${net.inputs} inputs`,
    initial: net.init(random.key(seed)),
    any,
    field,
    change,

    /** Log densities in the person's units: of each point given its class, or without classes. */
    logDensity,

    /** Log densities of points without regard to their class: ln Σ_c p(c) p(x | c), with p(c) as in the training part. */
    async logMarginal(params: MlpParams, part: PartRows, work: Work, steps = options.odeSteps): Promise<Float64Array> {
      if (any === 0) return logDensity(params, part, work, { steps });
      const count = part.labels.length;
      const total = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
      for (let label = 0; label < any; label++) {
        const share = data.train.labels.filter((one) => one === label).length / data.train.labels.length;
        if (share === 0) continue;
        const labels = new Int32Array(count).fill(label);
        const title = `class ${classes[label]}`;
        const logs = await logDensity(params, { points: part.points, labels }, work, { steps, title });
        logs.forEach((log, i) => {
          const [low, high] = [total[i], log + Math.log(share)].sort((a, b) => a - b);
          total[i] = high + Math.log1p(Math.exp(low - high));
        });
      }
      return total;
    },

    /** Points in the person's units; with classes, drawn as often as in the data, the last column is the class. */
    async sample(params: MlpParams, { count, seed: drawn, odeSteps = options.odeSteps, ...work }: SampleOptions) {
      const [noiseKey, classKey] = random.split(random.foldIn(random.key(drawn), 7));
      const noise = await random.normal(noiseKey, [count, dimension]).data();
      const { labels } = data.train;
      const picked = await random.randint(classKey, [count], 0, labels.length).data();
      const rows = joined(noise, (row) => labels[picked[row]]);
      const found = await solvedRows(rows, solverRows('samples'), work, (x) => flow(params, x, odeSteps));
      const own = found.map((value, k) => value * scale[k % dimension] + center[k % dimension]);
      return any > 0 ? joined(own, (row) => labels[picked[row]]) : own;
    },

    network: {
      inputs: [
        { name: 'x', shape: [dimension] },
        { name: 't', shape: [] },
        ...(any > 0 ? [{ name: 'class', shape: [] }] : []),
      ],
      output: 'v',
      apply: (params: MlpParams, x: Tensor, t: Tensor, label: Tensor) =>
        field(params, x, t, any > 0 ? label.astype('i32') : label),
    },
    sampleWidth: dimension + (any > 0 ? 1 : 0),
    table(samples: Float64Array): Record<string, Float64Array> {
      const columns = any > 0 ? [...names, 'class'] : names;
      const width = columns.length;
      return Object.fromEntries(columns.map((name, j) => [name, samples.filter((_, k) => k % width === j)]));
    },
  };
}
