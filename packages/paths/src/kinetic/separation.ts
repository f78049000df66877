import { checkedOptions, checkedWhole, checkFunctions } from '@flowfield/tensor-webgpu';
import { SeparationError } from '../errors.ts';

/**
 * How far noise of each level separates the points of a data set, as tables over the angle θ = atan(α / σ): plain numbers,
 * which `JSON.stringify` keeps. It says all that kinetic energy needs to know of the data.
 */
export interface DataSeparation {
  /** Angles from 0 to π/2, ascending. */
  readonly theta: readonly number[];
  /** 1 - λ(tan θ): the posterior variance per dimension of x_1 given y = tan(θ) x_1 + e, for data with E|x_1|² = d. */
  readonly residual: readonly number[];
  /** w(θ) = 1 - (1 - λ(tan θ)) / cos²θ, in [0, 1]. */
  readonly weight: readonly number[];
  /** φ(θ) = int_0^θ sqrt(w). */
  readonly phi: readonly number[];
  /** Φ = φ(π/2), at most π/2. */
  readonly total: number;
  /** The least kinetic energy of a path, KE* = 4 sin²(Φ/2). */
  readonly leastEnergy: number;
  /** Standard errors of `residual`, where it was estimated by draws. */
  readonly standardError?: readonly number[];
  /** What was subtracted from the data, and what they were then divided by, so that E|x_1|² = d. */
  readonly center?: readonly number[];
  readonly scale?: number;
}

/** sqrt(w) is kept at or above this, so that φ can be inverted where w = 0. */
export const LEAST_ROOT = 1e-6;

export interface SeparationOptions {
  /** Nodes, uniform in θ, both ends included (default 4001). */
  readonly nodes?: number;
}

/**
 * The separation of data whose posterior variance is known: `posteriorVariance(s)` is 1 - λ(s), the mean over the
 * dimensions of Var(x_1 | s x_1 + e), for data with E|x_1|² = d. For N(0, I) it is 1 / (1 + s²).
 * It is called for s = tan θ from 0 on, but not for s = ∞, whose node takes the weight of its neighbour.
 *
 * Source: Shaul et al. 2023, "On Kinetic Optimal Probability Paths for Generative Models".
 * @throws SeparationError for a value that is NaN or outside [0, 1] (by more than rounding); ArgumentError for bad options.
 */
export function separationOf(
  posteriorVariance: (snr: number) => number,
  options: SeparationOptions = {},
): DataSeparation {
  checkFunctions('separationOf', posteriorVariance);
  const { nodes = 4001 } = checkedOptions('separationOf', options, ['nodes']);
  const theta = thetaNodes(checkedWhole('separationOf: nodes', nodes, 3));
  const residual = theta.slice(0, -1).map((angle) => {
    const value = posteriorVariance(Math.tan(angle));
    if (typeof value === 'number' && value >= -ROUNDING && value <= 1 + ROUNDING) return value;
    throw new SeparationError(
      `separationOf: expected 1 - λ in [0, 1], got ${value} at snr ${Math.tan(angle)}. Divide the data by their root mean square, so that E|x1|² is the dimension.`,
    );
  });
  return separationFrom(theta, residual);
}

const ROUNDING = 1e-9;

/** n angles from 0 to π/2. */
export const thetaNodes = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i / (n - 1)) * Math.PI) / 2);

/** The tables that follow from 1 - λ at all nodes but the last. */
export function separationFrom(theta: readonly number[], inner: readonly number[]): DataSeparation {
  const weight = inner.map((value, i) => Math.min(Math.max(1 - value / Math.cos(theta[i]) ** 2, 0), 1));
  weight.push(weight[weight.length - 1]);
  const phi = [0];
  for (let i = 1; i < theta.length; i++) {
    phi.push(phi[i - 1] + ((Math.sqrt(weight[i - 1]) + Math.sqrt(weight[i])) / 2) * (theta[i] - theta[i - 1]));
  }
  const total = phi[phi.length - 1];
  return { theta, residual: [...inner, 0], weight, phi, total, leastEnergy: 4 * Math.sin(total / 2) ** 2 };
}

/** Throws `SeparationError` unless `given` has the tables of a separation. */
export function checkSeparation(use: string, given: DataSeparation): void {
  const length = Array.isArray(given?.theta) ? given.theta.length : 0;
  const fits = (table: unknown): boolean =>
    Array.isArray(table) && table.length === length && table.every((value) => Number.isFinite(value));
  if (length >= 3 && [given.theta, given.weight, given.phi].every(fits)) return;
  throw new SeparationError(
    `${use}: expected a data separation with tables theta, weight and phi of one length, at least 3. Make one with dataSeparation(points, { key }) or separationOf(f).`,
  );
}
