import { eye, random, type Tensor } from '@flowfield/tensor-webgpu';

/** A function of matrices that a network has to learn. */
export interface MatrixTask {
  readonly name: 'projection' | 'diagonal' | 'trace' | 'vector';
  readonly label: string;
  /** Axes over the nodes that the target has. */
  readonly order: 0 | 1 | 2;
  /** Matrices [count, n, n]. */
  draw(key: random.Key, count: number, n: number): Tensor;
  /** [count, …] with `order` axes of n. */
  target(a: Tensor): Tensor;
}

const POWER_ITERATIONS = 12;

/** Variance 1. */
const uniform = (key: random.Key, count: number, n: number): Tensor =>
  random.uniform(key, [count, n, n], { minval: -Math.sqrt(3), maxval: Math.sqrt(3) });

const diagonalOf = (a: Tensor): Tensor => a.mul(eye(a.shape[1]));

export const matrixTasks: readonly MatrixTask[] = [
  {
    name: 'projection',
    label: 'symmetric part',
    order: 2,
    draw: uniform,
    target: (a) => a.add(a.matrixTranspose()).div(2),
  },
  { name: 'diagonal', label: 'diagonal', order: 2, draw: uniform, target: diagonalOf },
  {
    name: 'trace',
    label: 'trace over √n',
    order: 0,
    draw: uniform,
    target: (a) =>
      diagonalOf(a)
        .sum({ axis: [1, 2] })
        .div(Math.sqrt(a.shape[1])),
  },
  {
    name: 'vector',
    label: 'leading singular vector',
    order: 1,
    draw: (key, count, n) => random.normal(key, [count, n, n]).exp(),
    target: (a) => powered(a, POWER_ITERATIONS),
  },
];

/** Right singular vector of the largest value, of length √n: power iterations on AᵀA from ones. */
function powered(a: Tensor, iterations: number): Tensor {
  let v = a.sum({ axis: 2, keepDims: true }).mul(0).add(1);
  for (let i = 0; i < iterations; i++) v = unit(a.matrixTranspose().matmul(a.matmul(v)));
  return v.squeeze(-1).mul(Math.sqrt(a.shape[1]));
}

const unit = (v: Tensor): Tensor => v.div(v.square().sum({ axis: 1, keepDims: true }).sqrt());

/** What can be said of the singular vector without training: the column sums, at its length. */
export const columnSums = (a: Tensor): Tensor =>
  unit(a.sum({ axis: 1 }).expandDims(-1))
    .squeeze(-1)
    .mul(Math.sqrt(a.shape[1]));
