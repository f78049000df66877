import { trainingProblem } from './models/models.ts';
import {
  type Activation,
  type MapName,
  type ModelName,
  mapProblem,
  type Problem,
  type ProductForm,
  productProblem,
  type Sizes,
  samplingProblem,
  type TrainingProblem,
} from './problem.ts';

/** What our time with wide vectors shall be. */
export type Goal =
  /** At most so many times JAX's. */
  | { readonly kind: 'jax'; readonly ratio: number }
  /** At least this share of the measured peak with wide vectors. */
  | { readonly kind: 'peak'; readonly share: number }
  /** At most so many milliseconds. */
  | { readonly kind: 'time'; readonly ms: number };

/** One line of the table: a computation that every contender sets up and must get right before it is timed. */
export interface Row {
  readonly name: string;
  /** Floating-point operations of one run, where they can be counted without regard to the method. */
  readonly flops: number | null;
  readonly goal: Goal | null;
  prepare(): Problem;
  /**
   * The same computation at a size that float64 does in a moment, where its own would take too long: every contender must get it
   * right, and at the row's own size agree with the first.
   */
  readonly tiny: (() => Problem) | null;
  /** Whether a library may have a way around its own derivative of a derivative. */
  readonly nested: boolean;
}

const jax = (ratio: number): Goal => ({ kind: 'jax', ratio });
const peak = (share: number): Goal => ({ kind: 'peak', share });

/** Multiply-adds of a step on a perceptron above which float64 loops take longer than a moment. */
const LARGE = 5e6;

export function perceptronRow(
  model: 'regression' | 'eikonal' | 'divergence' | 'flowMatching',
  activation: Activation,
  widths: readonly number[],
  batch: number,
  goal: Goal | null = null,
  optimizer: TrainingProblem['optimizer'] = 'descent',
): Row {
  const work = batch * widths.slice(1).reduce((sum, width, i) => sum + width * widths[i], 0);
  const small = widths.map((width) => Math.min(width, 5));
  const words = {
    regression: 'regression',
    eikonal: 'eikonal',
    divergence: 'divergence',
    flowMatching: 'flow matching',
  };
  return {
    name: `${words[model]} step, ${activation}, ${widths.join('-')}, batch ${batch}`,
    flops: null,
    goal,
    prepare: () => trainingProblem(model, { activation, widths, batch }, optimizer),
    tiny:
      work > LARGE || optimizer === 'adam'
        ? () => trainingProblem(model, { activation, widths: small, batch: 6 }, optimizer)
        : null,
    nested: model === 'eikonal',
  };
}

const productRow = (form: ProductForm, n: number, goal: Goal | null = null): Row => ({
  name: `${form}, n = ${n}`,
  flops: 2 * n ** 3,
  goal,
  prepare: () => productProblem(form, n),
  tiny: null,
  nested: false,
});

const networkRow = (name: string, model: ModelName, sizes: Sizes, tiny: Sizes, goal: Goal | null = null): Row => ({
  name,
  flops: null,
  goal,
  prepare: () => trainingProblem(model, sizes),
  tiny: () => trainingProblem(model, tiny),
  nested: false,
});

const mapRow = (name: MapName, shape: readonly number[]): Row => ({
  name: `${name}, ${shape.join(' x ')}`,
  flops: null,
  goal: jax(1),
  prepare: () => mapProblem(name, shape),
  tiny: null,
  nested: false,
});

const small = { widths: [3, 64, 64, 1], batch: 256 };
const wide = { widths: [3, 256, 256, 256, 1], batch: 1024 };
const activations = ['softplus', 'tanh'] as const;
const forms = ['A·B', 'A·Bᵀ', 'Aᵀ·B'] as const;
const MILLION = 1_000_000;

const flowMatchingRow = (width: number, batch: number, goal: Goal): Row =>
  perceptronRow('flowMatching', 'tanh', [3, width, width, width, width, 2], batch, goal, 'adam');

/** Sizes of whole tiles, and 127, 130 and 250, which no tile divides. */
const products: readonly Row[] = [
  ...[64, 127, 128, 130, 250].map((n) => productRow('A·B', n, n === 64 ? null : peak(n === 128 ? 0.85 : 0.65))),
  ...forms.map((form) => productRow(form, 256, peak(0.85))),
  ...[512, 1024].map((n) => productRow('A·B', n, peak(0.85))),
];

export const rows: readonly Row[] = [
  ...products,
  perceptronRow('regression', 'tanh', [3, 8, 1], 4, { kind: 'time', ms: 0.005 }),
  ...activations.map((activation) => perceptronRow('regression', activation, small.widths, small.batch, jax(0.8))),
  ...activations.map((activation) => perceptronRow('eikonal', activation, small.widths, small.batch, jax(0.8))),
  ...activations.map((activation) => perceptronRow('regression', activation, wide.widths, wide.batch, jax(1.5))),
  ...activations.map((activation) => perceptronRow('eikonal', activation, wide.widths, wide.batch, jax(1.2))),
  perceptronRow('divergence', 'tanh', [3, 256, 256, 256, 2], 1024, jax(1)),
  flowMatchingRow(64, 256, jax(0.9)),
  flowMatchingRow(256, 1024, jax(1.4)),
  flowMatchingRow(512, 4096, jax(1)),
  {
    name: 'sampling, 10000 points, 100 midpoint steps, 4x128',
    flops: null,
    goal: jax(1.2),
    prepare: () => samplingProblem(128, 4, 10_000, 100),
    tiny: () => samplingProblem(16, 4, 20, 10),
    nested: false,
  },
  networkRow(
    'graph block step, batch 8, n 24, d 64',
    'graphBlock',
    { batch: 8, nodes: 24, channels: 64 },
    { batch: 2, nodes: 3, channels: 4 },
    jax(0.8),
  ),
  networkRow(
    'U-Net step, 14x14, 32 and 64 channels, batch 32',
    'unet',
    { batch: 32, side: 14, channels: [32, 64], groups: 8 },
    { batch: 2, side: 5, channels: [4, 8], groups: 2 },
  ),
  networkRow(
    'invariant graph network step, order 2, batch 8, n 24, d 32',
    'invariant',
    { batch: 8, nodes: 24, channels: 32 },
    { batch: 2, nodes: 4, channels: 3 },
  ),
  networkRow(
    'graph network step, 100000 nodes, 400000 arcs, width 16, 2 rounds',
    'messages',
    { nodes: 100_000, degree: 4, width: 16, rounds: 2 },
    { nodes: 12, degree: 3, width: 4, rounds: 2 },
  ),
  networkRow(
    'skip net step, 8x512, softplus 100, batch 512',
    'skipNet',
    { batch: 512, width: 512, depth: 8, beta: 100 },
    { batch: 3, width: 8, depth: 4, beta: 100 },
  ),
  ...(['tanh', 'exp', 'sin', 'log', 'softplus'] as const).map((name) => mapRow(name, [MILLION])),
  mapRow('softmax', [1000, 1000]),
  mapRow('sum', [MILLION]),
];
