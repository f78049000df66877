import { random } from '@flowfield/tensor-webgpu';

export type Activation = 'tanh' | 'softplus';

/**
 * Gradient descent `p <- p - rate · dL/dp` on a perceptron `f` with widths `widths` (the last layer is linear), on one
 * batch of points `x`. Parameters are in the order W0, b0, W1, b1, …, weights `[in, out]`.
 *
 * `regression`: `L = mean((f(x) - y)²)`. `eikonal`: `L = mean((|∇ₓf(x)| - 1)²)`, so that a step differentiates a
 * derivative (Gropp et al. 2020, eq. 3).
 */
export interface TrainingProblem {
  readonly loss: 'regression' | 'eikonal';
  readonly activation: Activation;
  readonly widths: readonly number[];
  readonly batch: number;
  readonly rate: number;
  readonly parameters: readonly Float32Array[];
  readonly shapes: readonly (readonly number[])[];
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** `A·B`, `A·Bᵀ` or `Aᵀ·B` of two n x n matrices, stored row by row. */
export type ProductForm = 'A·B' | 'A·Bᵀ' | 'Aᵀ·B';

export interface ProductProblem {
  readonly form: ProductForm;
  readonly n: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

const SEED = 7;
const RATE = 0.01;

function normal(stream: number, size: number, scale: number): Float32Array {
  const drawn = random.normal(random.foldIn(random.key(SEED), stream), [size]).dataSync();
  return Float32Array.from(drawn, (value) => scale * value);
}

/** A training problem with weights of variance 1/fan-in, small biases, and normally distributed points and targets. */
export function trainingProblem(
  loss: TrainingProblem['loss'],
  activation: Activation,
  widths: readonly number[],
  batch: number,
): TrainingProblem {
  const layers = widths.slice(1).map((outputs, i) => ({ inputs: widths[i], outputs }));
  return {
    loss,
    activation,
    widths,
    batch,
    rate: RATE,
    parameters: layers.flatMap(({ inputs, outputs }, i) => [
      normal(2 * i, inputs * outputs, 1 / Math.sqrt(inputs)),
      normal(2 * i + 1, outputs, 0.1),
    ]),
    shapes: layers.flatMap(({ inputs, outputs }) => [[inputs, outputs], [outputs]]),
    x: normal(100, batch * widths[0], 1),
    y: normal(101, batch, 1),
  };
}

/** A product of two matrices of normally distributed numbers. */
export const productProblem = (form: ProductForm, n: number): ProductProblem => ({
  form,
  n,
  a: normal(200, n * n, 1),
  b: normal(201, n * n, 1),
});
