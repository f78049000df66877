import { random } from '@flowfield/tensor-webgpu';

/** Numbers in row-major order; integers are indices. */
export interface Given {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export type Activation = 'tanh' | 'softplus';

/** Parameters as a model names them: each number stands for one of a list. */
export type Structure = number | readonly Structure[] | { readonly [name: string]: Structure };

/** Extents and options of a model, which every language reads. */
export type Sizes = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** Losses that steps of training are measured on; `src/models` says what they are. */
export type ModelName =
  | 'regression'
  | 'eikonal'
  | 'divergence'
  | 'flowMatching'
  | 'graphBlock'
  | 'unet'
  | 'invariant'
  | 'messages'
  | 'skipNet';

/**
 * Steps of gradient descent `p <- p - rate · dL/dp`, or of Adam with β = (0.9, 0.999) and ε = 1e-8, on one batch of data. The
 * results of a run are the loss before its last step and every parameter after it.
 */
export interface TrainingProblem {
  readonly kind: 'training';
  readonly model: ModelName;
  readonly sizes: Sizes;
  readonly optimizer: 'descent' | 'adam';
  readonly rate: number;
  readonly parameters: readonly Given[];
  readonly structure: Structure;
  readonly data: readonly Given[];
}

/** `A·B`, `A·Bᵀ` or `Aᵀ·B` of two n x n matrices, stored row by row. */
export type ProductForm = 'A·B' | 'A·Bᵀ' | 'Aᵀ·B';

export interface ProductProblem {
  readonly kind: 'product';
  readonly form: ProductForm;
  readonly n: number;
  readonly a: Given;
  readonly b: Given;
}

export type MapName = 'tanh' | 'exp' | 'sin' | 'log' | 'softplus' | 'softmax' | 'sum';

/** A function of every element, the softmax of every row, or the sum of all elements. */
export interface MapProblem {
  readonly kind: 'map';
  readonly name: MapName;
  readonly x: Given;
}

/**
 * Points moved from t = 0 to 1 by the midpoint rule along a perceptron with tanh that is given `[x, t]`.
 */
export interface SamplingProblem {
  readonly kind: 'sampling';
  readonly steps: number;
  readonly parameters: readonly Given[];
  readonly start: Given;
}

export type Problem = TrainingProblem | ProductProblem | MapProblem | SamplingProblem;

const SEED = 7;

/** Normally distributed numbers, a different stream for every `stream`. */
export function normal(stream: number, shape: readonly number[], scale = 1, shift = 0): Given {
  const drawn = random.normal(random.foldIn(random.key(SEED), stream), shape).dataSync();
  return { shape, data: Float32Array.from(drawn, (value) => shift + scale * value) };
}

/** Weights `[in, out]` of variance 1/in and small biases, layer by layer. */
export const perceptronParameters = (widths: readonly number[]): Given[] =>
  widths
    .slice(1)
    .flatMap((outputs, i) => [
      normal(2 * i, [widths[i], outputs], 1 / Math.sqrt(widths[i])),
      normal(2 * i + 1, [outputs], 0.1),
    ]);

/** A product of two matrices of normally distributed numbers. */
export const productProblem = (form: ProductForm, n: number): ProductProblem => ({
  kind: 'product',
  form,
  n,
  a: normal(200, [n, n]),
  b: normal(201, [n, n]),
});

/** A function of normally distributed numbers, of their absolute values for the logarithm. */
export function mapProblem(name: MapName, shape: readonly number[]): MapProblem {
  const { data } = normal(300, shape);
  return { kind: 'map', name, x: { shape, data: name === 'log' ? data.map(Math.abs) : data } };
}

export const samplingProblem = (width: number, layers: number, points: number, steps: number): SamplingProblem => ({
  kind: 'sampling',
  steps,
  parameters: perceptronParameters([3, ...Array.from({ length: layers }, () => width), 2]),
  start: normal(100, [points, 2]),
});
