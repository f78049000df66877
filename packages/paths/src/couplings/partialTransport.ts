import { checkedOptions, checkedWhole, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { TransportError } from '../errors.ts';
import { hostCost, hostMass } from './costMatrix.ts';
import type { SinkhornOptions, TransportPlan } from './sinkhorn.ts';

export interface PartialTransportOptions extends SinkhornOptions {
  /** How much is moved: at most the smaller of the sums of a and b. */
  readonly mass: number;
}

/**
 * Entropic partial transport: min <P, C> + ε Σ P (ln P - 1) with row sums of at most a, column sums of at most b, and
 * Σ P = mass exactly, by alternating maximisation of the dual in logarithms, in double precision on the host. What is
 * costly to move stays.
 *
 * Source: Benamou et al. 2015, "Iterative Bregman projections for regularized transportation problems", section 5.
 * @throws TransportError for a mass above the smaller sum, for shapes that do not fit, and when `maxIterations` (default
 * 10,000) do not reach the tolerance (default 1e-9, relative to the mass), which `throw: false` allows.
 */
export function partialTransport(cost: TensorLike, options: PartialTransportOptions): TransportPlan {
  const use = 'partialTransport';
  const given = checkedOptions(use, options, [
    'regularization',
    'a',
    'b',
    'mass',
    'tolerance',
    'maxIterations',
    'throw',
  ]);
  const { rows, columns, data } = hostCost(use, cost);
  const epsilon = checkedNumber(`${use}: regularization`, given.regularization, Number.MIN_VALUE);
  const tolerance = checkedNumber(`${use}: tolerance`, given.tolerance ?? 1e-9, 0);
  const maxIterations = checkedWhole(`${use}: maxIterations`, given.maxIterations ?? 10_000);
  const [a, b] = [hostMass(use, 'a', given.a, rows), hostMass(use, 'b', given.b, columns)];
  const most = Math.min(...[a, b].map((mass) => mass.reduce((sum, value) => sum + value, 0)));
  const mass = checkedNumber(`${use}: mass`, given.mass, Number.MIN_VALUE);
  if (mass > most * (1 + 1e-12)) {
    throw new TransportError(`${use}: expected a mass of at most ${most}, the smaller sum of a and b, got ${mass}.`);
  }
  const scores = data.map((value) => -value / epsilon);
  const [f, g] = [new Float64Array(rows), new Float64Array(columns)];
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  const term = (i: number, j: number): number => f[i] + g[j] + scores[i * columns + j];
  let level = 0;
  let error = Number.POSITIVE_INFINITY;
  let iterations = 0;
  for (; iterations < maxIterations && error > tolerance; iterations++) {
    level = Math.log(mass) - logSum(rows * columns, (k) => term(Math.floor(k / columns), k % columns));
    for (let i = 0; i < rows; i++)
      f[i] = Math.min(0, logA[i] - level - logSum(columns, (j) => g[j] + scores[i * columns + j]));
    for (let j = 0; j < columns; j++)
      g[j] = Math.min(0, logB[j] - level - logSum(rows, (i) => f[i] + scores[i * columns + j]));
    let total = 0;
    let excess = 0;
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += Math.exp(term(i, j) + level);
      total += sum;
      excess += Math.max(sum - a[i], 0);
    }
    error = (Math.abs(total - mass) + excess) / mass;
  }
  const converged = error <= tolerance;
  if (!converged && (given.throw ?? true)) {
    throw new TransportError(
      `${use}: ${iterations} iterations leave an error of ${error}, above the tolerance ${tolerance}. Raise maxIterations or the regularization, or accept it with throw: false.`,
    );
  }
  const plan = data.map((_, k) => Math.exp(term(Math.floor(k / columns), k % columns) + level));
  const moved = plan.reduce((sum, value, k) => (value > 0 ? sum + value * data[k] : sum), 0);
  return { plan: tensor(plan, { shape: [rows, columns], dtype: 'f64' }), cost: moved, iterations, error, converged };
}

/** ln Σ exp(term(k)) for k < count. */
function logSum(count: number, term: (k: number) => number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) largest = Math.max(largest, term(k));
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let k = 0; k < count; k++) sum += Math.exp(term(k) - largest);
  return largest + Math.log(sum);
}
