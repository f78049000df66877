import { checkedOptions, checkedWhole, type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { TransportError } from '../errors.ts';
import { balanced, type HostMatrix, hostCost, hostMass } from './costMatrix.ts';

export interface SinkhornOptions {
  /** Weight ε > 0 of the entropy, in units of the cost. */
  readonly regularization: number;
  /** Masses of the rows and columns (uniform, of sum 1, by default). Sums may differ by rounding only. */
  readonly a?: TensorLike;
  readonly b?: TensorLike;
  /** Stops when the marginals are met to this, in total variation relative to the mass (default 1e-9). */
  readonly tolerance?: number;
  readonly maxIterations?: number;
  /** Throw where the tolerance is not reached (default true). */
  readonly throw?: boolean;
}

export interface UnbalancedSinkhornOptions extends SinkhornOptions {
  /** Weight of the Kullback-Leibler divergences between the marginals of the plan and a, b. */
  readonly marginalPenalty: number;
}

/** A transport plan. */
export interface TransportPlan {
  /** Masses, f64 [rows, columns]. */
  readonly plan: Tensor;
  /** Σ plan · cost. */
  readonly cost: number;
  readonly iterations: number;
  /** What the last iteration still changed or missed, relative to the mass. */
  readonly error: number;
  readonly converged: boolean;
}

const names = ['regularization', 'a', 'b', 'tolerance', 'maxIterations', 'throw'] as const;

/**
 * Entropic optimal transport, min <P, C> + ε Σ P (ln P - 1) with row sums a and column sums b, by Sinkhorn's iterations
 * on the logarithms of the scalings, in double precision on the host: no regularization underflows. ε is lowered to its
 * value in stages, which saves iterations where it is small. `Infinity` in the cost forbids a pair.
 *
 * Source: Cuturi 2013, "Sinkhorn Distances"; Schmitzer 2019, "Stabilized Sparse Scaling Algorithms".
 * @throws TransportError for masses of different sums, for shapes that do not fit, and when `maxIterations` (default
 * 10,000) do not reach the tolerance, which `throw: false` allows.
 */
export function sinkhorn(cost: TensorLike, options: SinkhornOptions): TransportPlan {
  const checked = checkedOptions('sinkhorn', options, names);
  return solve('sinkhorn', cost, checked, Number.POSITIVE_INFINITY);
}

/**
 * Entropic transport whose marginals need not be met: min <P, C> + ε Σ P (ln P - 1) + m KL(P 1 | a) + m KL(Pᵀ 1 | b),
 * with m the `marginalPenalty`; a and b may have different sums.
 *
 * Source: Chizat et al. 2018, "Scaling algorithms for unbalanced optimal transport problems".
 * @throws like `sinkhorn`, but for the sums.
 */
export function unbalancedSinkhorn(cost: TensorLike, options: UnbalancedSinkhornOptions): TransportPlan {
  const checked = checkedOptions('unbalancedSinkhorn', options, [...names, 'marginalPenalty']);
  if (!(checked.marginalPenalty > 0))
    checkedNumber('unbalancedSinkhorn: marginalPenalty', checked.marginalPenalty, Number.MIN_VALUE);
  return solve('unbalancedSinkhorn', cost, checked, checked.marginalPenalty);
}

function solve(use: string, cost: TensorLike, options: SinkhornOptions, penalty: number): TransportPlan {
  const matrix = hostCost(use, cost);
  const epsilon = checkedNumber(`${use}: regularization`, options.regularization, Number.MIN_VALUE);
  const asked = checkedNumber(`${use}: tolerance`, options.tolerance ?? 1e-9, 0);
  // Potentials of the size of the costs are rounded, and count in units of ε.
  const scale = scaleOf(matrix) + (penalty < Number.POSITIVE_INFINITY ? penalty : 0);
  const tolerance = Math.max(asked, (ROUNDINGS * Number.EPSILON * scale) / epsilon);
  const maxIterations = checkedWhole(`${use}: maxIterations`, options.maxIterations ?? 10_000);
  const given = { a: hostMass(use, 'a', options.a, matrix.rows), b: hostMass(use, 'b', options.b, matrix.columns) };
  const { a, b } = penalty === Number.POSITIVE_INFINITY ? balanced(use, given.a, given.b) : given;
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  const mass = a.reduce((sum, value) => sum + value, 0);
  const f = new Float64Array(matrix.rows);
  const g = new Float64Array(matrix.columns);
  let iterations = 0;
  let error = Number.POSITIVE_INFINITY;
  for (const stage of stages(matrix, epsilon)) {
    const damping = penalty === Number.POSITIVE_INFINITY ? 1 : penalty / (penalty + stage);
    const last = stage === epsilon;
    for (let k = 0; iterations < maxIterations && (last || k < STAGE_ITERATIONS); k++, iterations++) {
      const changeF = update(
        f,
        g,
        logA,
        stage,
        damping,
        matrix.rows,
        matrix.columns,
        (i, j) => matrix.data[i * matrix.columns + j],
      );
      if (changeF === null) throw forbidden(use, 'row');
      const changeG = update(
        g,
        f,
        logB,
        stage,
        damping,
        matrix.columns,
        matrix.rows,
        (j, i) => matrix.data[i * matrix.columns + j],
      );
      if (changeG === null) throw forbidden(use, 'column');
      if (penalty < Number.POSITIVE_INFINITY) balance(f, g, a, b, penalty);
      if (!last) continue;
      // Column sums are met after their update; rows miss theirs by what the next update would change.
      error =
        penalty === Number.POSITIVE_INFINITY
          ? rowError(matrix, f, g, a, epsilon) / mass
          : (changeF + changeG) / epsilon;
      if (error <= tolerance) break;
    }
  }
  const converged = error <= tolerance;
  if (!converged && (options.throw ?? true)) {
    throw new TransportError(
      `${use}: ${iterations} iterations leave an error of ${error}, above the tolerance ${tolerance}. Raise maxIterations or the regularization, or accept it with throw: false.`,
    );
  }
  const plan = new Float64Array(matrix.data.length);
  let total = 0;
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < matrix.columns; j++) {
      const at = i * matrix.columns + j;
      plan[at] = Math.exp((f[i] + g[j] - matrix.data[at]) / epsilon);
      if (plan[at] > 0) total += plan[at] * matrix.data[at];
    }
  }
  const shape = [matrix.rows, matrix.columns];
  return { plan: tensor(plan, { shape, dtype: 'f64' }), cost: total, iterations, error, converged };
}

const STAGE_ITERATIONS = 20;

/** Costs beyond this multiple of the smallest one stand for forbidden pairs, and do not set the scale. */
const FORBIDDING = 1e9;

/** Roundings that a sum of potentials may have gone through. */
const ROUNDINGS = 16;

/** The largest cost of a pair that is not forbidden. */
function scaleOf({ data }: HostMatrix): number {
  const sizes = data.map(Math.abs).filter((value) => value > 0 && Number.isFinite(value));
  const smallest = sizes.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  return sizes.reduce((most, value) => (value <= FORBIDDING * smallest ? Math.max(most, value) : most), 0);
}

/** Regularizations from the scale of the cost down to the wanted one, each a quarter of the one before. */
function stages(matrix: HostMatrix, epsilon: number): number[] {
  const list: number[] = [];
  for (let stage = scaleOf(matrix) / 4; stage > epsilon * 4; stage /= 4) list.push(stage);
  return [...list, epsilon];
}

/**
 * Moves a constant between the potentials to where the dual is largest, which updates alone approach slowly for large
 * penalties (Séjourné et al. 2022, "Faster unbalanced optimal transport").
 */
function balance(f: Float64Array, g: Float64Array, a: Float64Array, b: Float64Array, penalty: number): void {
  const level = (potential: Float64Array, mass: Float64Array): number =>
    mass.reduce((sum, value, i) => (value > 0 ? sum + value * Math.exp(-potential[i] / penalty) : sum), 0);
  const shift = (penalty / 2) * Math.log(level(f, a) / level(g, b));
  if (!Number.isFinite(shift)) return;
  for (let i = 0; i < f.length; i++) f[i] += shift;
  for (let j = 0; j < g.length; j++) g[j] -= shift;
}

/** f_i = damping · ε (ln a_i - logsumexp_j (g_j - C_ij) / ε); the largest change, or `null` for a row without allowed pair. */
function update(
  f: Float64Array,
  g: Float64Array,
  logMass: Float64Array,
  epsilon: number,
  damping: number,
  n: number,
  m: number,
  cost: (i: number, j: number) => number,
): number | null {
  let change = 0;
  for (let i = 0; i < n; i++) {
    if (logMass[i] === Number.NEGATIVE_INFINITY) {
      f[i] = Number.NEGATIVE_INFINITY;
      continue;
    }
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < m; j++) largest = Math.max(largest, g[j] - cost(i, j));
    if (largest === Number.NEGATIVE_INFINITY) return null;
    let sum = 0;
    for (let j = 0; j < m; j++) sum += Math.exp((g[j] - cost(i, j) - largest) / epsilon);
    const next = damping * (epsilon * (logMass[i] - Math.log(sum)) - largest);
    change = Math.max(change, Math.abs(next - f[i]));
    f[i] = next;
  }
  return change;
}

function rowError(
  { rows, columns, data }: HostMatrix,
  f: Float64Array,
  g: Float64Array,
  a: Float64Array,
  epsilon: number,
): number {
  let error = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += Math.exp((f[i] + g[j] - data[i * columns + j]) / epsilon);
    error += Math.abs(sum - a[i]);
  }
  return error;
}

const forbidden = (use: string, side: string): TransportError =>
  new TransportError(
    `${use}: a ${side} with mass has no allowed pair (all its costs are Infinity). Allow one, or remove it.`,
  );
