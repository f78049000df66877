import type { Activation, ProductProblem, TrainingProblem } from './problem.ts';

/** The values of a layer `[batch, outputs]` before and after its activation. */
interface Layer {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

const value = (activation: Activation, z: number): number =>
  activation === 'tanh' ? Math.tanh(z) : Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

const slope = (activation: Activation, z: number): number =>
  activation === 'tanh' ? 1 - Math.tanh(z) ** 2 : 1 / (1 + Math.exp(-z));

/**
 * The loss of a training problem at `parameters`, in float64 and by plain loops; the gradient of `f` in its input is
 * written out by hand. It shares no code with any contender.
 */
export function lossAt(problem: TrainingProblem, parameters: readonly Float64Array[]): number {
  const { batch, widths, y } = problem;
  const layers = forward(problem, parameters);
  const outputs = layers[layers.length - 1].after;
  let sum = 0;
  if (problem.loss === 'regression') {
    for (let row = 0; row < batch; row++) sum += (outputs[row] - y[row]) ** 2;
    return sum / batch;
  }
  const inputs = widths[0];
  const gradient = inputGradient(problem, parameters, layers);
  for (let row = 0; row < batch; row++) {
    sum += (Math.hypot(...gradient.subarray(row * inputs, (row + 1) * inputs)) - 1) ** 2;
  }
  return sum / batch;
}

function forward({ activation, batch, widths, x }: TrainingProblem, parameters: readonly Float64Array[]): Layer[] {
  const layers: Layer[] = [];
  let given: ArrayLike<number> = x;
  for (let layer = 1; layer < widths.length; layer++) {
    const before = rowsTimes(given, parameters[2 * layer - 2], batch, widths[layer - 1], widths[layer]);
    const bias = parameters[2 * layer - 1];
    for (let i = 0; i < before.length; i++) before[i] += bias[i % bias.length];
    const after = layer + 1 < widths.length ? before.map((z) => value(activation, z)) : before;
    layers.push({ before, after });
    given = after;
  }
  return layers;
}

/** `∇ₓ f(x)` for every row: `v ← (v ⊙ σ'(z)) Wᵀ` from the last layer to the first. */
function inputGradient(
  { activation, batch, widths }: TrainingProblem,
  parameters: readonly Float64Array[],
  layers: readonly Layer[],
): Float64Array {
  let back = new Float64Array(batch).fill(1);
  for (let layer = widths.length - 1; layer > 0; layer--) {
    if (layer + 1 < widths.length) {
      const { before } = layers[layer - 1];
      back = back.map((v, i) => v * slope(activation, before[i]));
    }
    const [inputs, outputs] = [widths[layer - 1], widths[layer]];
    back = rowsTimes(back, transposed(parameters[2 * layer - 2], inputs, outputs), batch, outputs, inputs);
  }
  return back;
}

/** `[rows, inner] · [inner, columns]`, row by row. */
function rowsTimes(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  rows: number,
  inner: number,
  columns: number,
): Float64Array<ArrayBuffer> {
  const c = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k];
      for (let j = 0; j < columns; j++) c[i * columns + j] += factor * b[k * columns + j];
    }
  }
  return c;
}

function transposed(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]);
}

/** The product of a product problem, in float64. */
export function productOf({ form, n, a, b }: ProductProblem): Float64Array {
  const left = form === 'Aᵀ·B' ? transposed(a, n, n) : a;
  const right = form === 'A·Bᵀ' ? transposed(b, n, n) : b;
  return rowsTimes(left, right, n, n, n);
}
