import { tensor } from '@flowfield/tensor-webgpu';
import { arranged } from './models/model.ts';
import { models } from './models/models.ts';
import type { Activation, Given, MapProblem, ProductProblem, SamplingProblem, TrainingProblem } from './problem.ts';

type Numbers = ArrayLike<number>;

/** The values of a layer `[rows, outputs]` before and after its activation. */
interface Layer {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

interface Perceptron {
  readonly activation: Activation;
  readonly widths: readonly number[];
  readonly parameters: readonly Numbers[];
}

const value = (activation: Activation, z: number): number =>
  activation === 'tanh' ? Math.tanh(z) : Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

const slope = (activation: Activation, z: number): number =>
  activation === 'tanh' ? 1 - Math.tanh(z) ** 2 : 1 / (1 + Math.exp(-z));

/**
 * The loss of a training problem at `parameters`, in float64. Perceptrons are computed by plain loops with derivatives in the
 * input written out by hand, which share no code with any contender; networks by the plain evaluation of the library's reference
 * device, which shares none with its compiler.
 */
export function lossAt(problem: TrainingProblem, parameters: readonly Numbers[]): number {
  const { model, sizes, data } = problem;
  const loops = perceptronLosses[model];
  if (!loops) return referenceLoss(problem, parameters);
  const { widths, activation, batch } = sizes as { widths: number[]; activation: Activation; batch: number };
  return loops(
    { activation, widths, parameters },
    data.map((each) => each.data),
    batch,
  );
}

type Loops = (net: Perceptron, data: readonly Numbers[], rows: number) => number;

const perceptronLosses: Partial<Record<TrainingProblem['model'], Loops>> = {
  regression(net, [x, y], rows) {
    return meanSquare(outputs(net, x, rows), y);
  },
  eikonal(net, [x], rows) {
    const gradient = inputGradient(net, forward(net, x, rows), rows);
    const inputs = net.widths[0];
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      sum += (Math.hypot(...gradient.subarray(row * inputs, (row + 1) * inputs)) - 1) ** 2;
    }
    return sum / rows;
  },
  divergence(net, [x], rows) {
    const layers = forward(net, x, rows);
    const { widths } = net;
    const count = widths[widths.length - 1];
    const total = new Float64Array(rows);
    for (let axis = 0; axis < count; axis++) {
      const tangent = tangentAlong(net, layers, axis, rows);
      for (let row = 0; row < rows; row++) total[row] += tangent[row * count + axis];
    }
    return total.reduce((sum, each) => sum + each ** 2, 0) / rows;
  },
  flowMatching(net, [x0, x1, t], rows) {
    const given: number[] = [];
    const velocity: number[] = [];
    const points = x0.length / rows;
    for (let row = 0; row < rows; row++) {
      for (let i = row * points; i < (row + 1) * points; i++) {
        given.push((1 - t[row]) * x0[i] + t[row] * x1[i]);
        velocity.push(x1[i] - x0[i]);
      }
      given.push(t[row]);
    }
    return meanSquare(outputs(net, given, rows), velocity);
  },
};

const meanSquare = (a: Float64Array, b: Numbers): number =>
  a.reduce((sum, each, i) => sum + (each - b[i]) ** 2, 0) / a.length;

function outputs(net: Perceptron, x: Numbers, rows: number): Float64Array {
  const layers = forward(net, x, rows);
  return layers[layers.length - 1].after;
}

function forward({ activation, widths, parameters }: Perceptron, x: Numbers, rows: number): Layer[] {
  const layers: Layer[] = [];
  let given = x;
  for (let layer = 1; layer < widths.length; layer++) {
    const before = rowsTimes(given, parameters[2 * layer - 2], rows, widths[layer - 1], widths[layer]);
    const bias = parameters[2 * layer - 1];
    for (let i = 0; i < before.length; i++) before[i] += bias[i % bias.length];
    const after = layer + 1 < widths.length ? before.map((z) => value(activation, z)) : before;
    layers.push({ before, after });
    given = after;
  }
  return layers;
}

/** `∇ₓ f(x)` for every row: `v ← (v ⊙ σ'(z)) Wᵀ` from the last layer to the first. */
function inputGradient({ activation, widths, parameters }: Perceptron, layers: readonly Layer[], rows: number) {
  let back = new Float64Array(rows).fill(1);
  for (let layer = widths.length - 1; layer > 0; layer--) {
    if (layer + 1 < widths.length) {
      const { before } = layers[layer - 1];
      back = back.map((v, i) => v * slope(activation, before[i]));
    }
    const [inputs, count] = [widths[layer - 1], widths[layer]];
    back = rowsTimes(back, transposed(parameters[2 * layer - 2], inputs, count), rows, count, inputs);
  }
  return back;
}

/** The derivative of `f` along one input, for every row: `v ← (v W) ⊙ σ'(z)` from the first layer to the last. */
function tangentAlong(net: Perceptron, layers: readonly Layer[], axis: number, rows: number): Float64Array {
  const { activation, widths, parameters } = net;
  let along = Float64Array.from({ length: rows * widths[0] }, (_, i) => Number(i % widths[0] === axis));
  for (let layer = 1; layer < widths.length; layer++) {
    along = rowsTimes(along, parameters[2 * layer - 2], rows, widths[layer - 1], widths[layer]);
    const { before } = layers[layer - 1];
    if (layer + 1 < widths.length) along = along.map((v, i) => v * slope(activation, before[i]));
  }
  return along;
}

function referenceLoss({ model, sizes, structure, parameters: given, data }: TrainingProblem, at: readonly Numbers[]) {
  const device = 'reference';
  const wide = ({ shape, data: numbers }: Given, instead: Numbers = numbers) =>
    numbers instanceof Int32Array
      ? tensor(numbers, { shape: [...shape], dtype: 'i32', device })
      : tensor(Float64Array.from(instead), { shape: [...shape], dtype: 'f64', device });
  const parameters = given.map((each, i) => wide(each, at[i]));
  const on = data.map((each) => wide(each));
  const result = models[model].loss(sizes)(arranged(structure, parameters), ...on);
  const loss = result.item() as number;
  for (const each of [...parameters, ...on, result]) each.dispose();
  return loss;
}

/** `[rows, inner] · [inner, columns]`, row by row. */
function rowsTimes(a: Numbers, b: Numbers, rows: number, inner: number, columns: number): Float64Array<ArrayBuffer> {
  const c = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k];
      for (let j = 0; j < columns; j++) c[i * columns + j] += factor * b[k * columns + j];
    }
  }
  return c;
}

function transposed(matrix: Numbers, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]);
}

/** The product of a product problem, in float64. */
export function productOf({ form, n, a, b }: ProductProblem): Float64Array {
  const left = form === 'Aᵀ·B' ? transposed(a.data, n, n) : a.data;
  const right = form === 'A·Bᵀ' ? transposed(b.data, n, n) : b.data;
  return rowsTimes(left, right, n, n, n);
}

const functions = {
  tanh: Math.tanh,
  exp: Math.exp,
  sin: Math.sin,
  log: Math.log,
  softplus: (z: number) => value('softplus', z),
} as const;

/** The function of a map problem, in float64. */
export function mapOf({ name, x: { shape, data } }: MapProblem): Float64Array {
  if (name === 'sum') return Float64Array.of(Float64Array.from(data).reduce((sum, each) => sum + each, 0));
  if (name !== 'softmax') return Float64Array.from(data, (each) => functions[name](each));
  const columns = shape[shape.length - 1];
  const result = Float64Array.from(data, Math.exp);
  for (let start = 0; start < result.length; start += columns) {
    const row = result.subarray(start, start + columns);
    const total = row.reduce((sum, each) => sum + each, 0);
    row.forEach((each, i) => {
      row[i] = each / total;
    });
  }
  return result;
}

/** Where the points of a sampling problem end, in float64. */
export function endsOf({ steps, parameters, start }: SamplingProblem): Float64Array {
  const [rows, extent] = start.shape;
  const weights = parameters.filter((_, i) => i % 2 === 0);
  const net: Perceptron = {
    activation: 'tanh',
    widths: [weights[0].shape[0], ...weights.map(({ shape }) => shape[1])],
    parameters: parameters.map(({ data }) => data),
  };
  const velocity = (x: Float64Array, t: number): Float64Array => {
    const given = Float64Array.from({ length: rows * (extent + 1) }, (_, i) => {
      const column = i % (extent + 1);
      return column === extent ? t : x[Math.floor(i / (extent + 1)) * extent + column];
    });
    return outputs(net, given, rows);
  };
  let x = Float64Array.from(start.data);
  for (let step = 0; step < steps; step++) {
    const t = step / steps;
    const first = velocity(x, t);
    const middle = velocity(
      x.map((each, i) => each + first[i] / (2 * steps)),
      t + 1 / (2 * steps),
    );
    x = x.map((each, i) => each + middle[i] / steps);
  }
  return x;
}
