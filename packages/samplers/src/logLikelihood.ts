import { type OdeSolution, solveOde, stepOptionNames } from '@flowfield/ode-solvers';
import {
  ArgumentError,
  checkedOptions,
  checkFunctions,
  defaultDevice,
  type Tensor,
  zeros,
} from '@flowfield/tensor-webgpu';
import { checkOneOf } from './choices.ts';
import { type DivergenceMethod, probesFor, withDivergence } from './divergence.ts';
import type { Velocity } from './field.ts';
import { returnedRows } from './returned.ts';
import { checkInterval, interval, type SampleOptions } from './sampleOde.ts';
import { standardNormalLogDensity } from './standardNormal.ts';
import type { EmbeddedManifold } from './tangentField.ts';
import { checkBatch, checkField, fieldInTime } from './velocity.ts';

export interface LikelihoodOptions extends Omit<SampleOptions, 'saveAt'> {
  /** The log-density at t = 0, [batch]. Default: that of the manifold, or of the standard normal distribution. */
  readonly logBase?: (x0: Tensor) => Tensor;
  /** Default: 'exact'. */
  readonly divergence?: DivergenceMethod;
  /** The dtype in which the divergence is summed over time. Default: f64 where the device has it, else f32. */
  readonly accumulate?: 'f32' | 'f64';
}

const optionNames = [
  ...stepOptionNames.filter((name) => name !== 'saveAt'),
  'manifold',
  'logBase',
  'divergence',
  'accumulate',
] as const satisfies readonly (keyof LikelihoodOptions)[];

/** A state and the divergence integrated so far. */
interface Pair {
  readonly x: Tensor;
  readonly l: Tensor;
}

export interface LogLikelihood {
  /** log p1 of each row, in nats: [batch]. */
  readonly logLikelihood: Tensor;
  /** The point at t = 0 of each row. */
  readonly x0: Tensor;
  /** The point at t = 1 of each row. */
  readonly x1: Tensor;
  /** Counts, code and end of the solve; its state is the pair { x, l }. */
  readonly solution: OdeSolution<Pair>;
}

/**
 * The log-likelihood of data x1 [batch, ...] under the flow of v: with `(x, l)' = (v, div v)` solved from t = 1 to 0,
 * `log p1(x1) = logBase(x(0)) - int_0^1 div v dt` (Chen et al. 2018). The grid or t0 and t1, if given, run backwards too.
 *
 * On a manifold the density is with respect to its volume. The tolerance bounds the error of the pair in the root mean
 * square.
 *
 * @throws ShapeError when logBase does not return one number for each row; ArgumentError for an interval that runs
 * forwards, a velocity that is no function, a manifold without projections, or an unknown option; and what `solveOde` throws.
 */
export function logLikelihood(velocity: Velocity, x1: Tensor, options: LikelihoodOptions = {}): LogLikelihood {
  checkCall('logLikelihood', velocity, options, -1);
  const solution = solvePair('logLikelihood', velocity, x1, options, [1, 0]);
  const { x: x0, l } = solution.ys;
  return { logLikelihood: base('logLikelihood', options, x0).astype(l.dtype).add(l), x0, x1, solution };
}

/**
 * Samples x1 from noise x0 together with their log-likelihoods, in one solve from t = 0 to 1:
 * `log p1(x1) = logBase(x0) - int_0^1 div v dt`.
 *
 * @throws like `logLikelihood`, for an interval that runs backwards.
 */
export function sampleWithLogLikelihood(
  velocity: Velocity,
  x0: Tensor,
  options: LikelihoodOptions = {},
): LogLikelihood {
  checkCall('sampleWithLogLikelihood', velocity, options, 1);
  const solution = solvePair('sampleWithLogLikelihood', velocity, x0, options, [0, 1]);
  const { x: x1, l } = solution.ys;
  return { logLikelihood: base('sampleWithLogLikelihood', options, x0).astype(l.dtype).sub(l), x0, x1, solution };
}

function solvePair(
  use: string,
  velocity: Velocity,
  x: Tensor,
  options: LikelihoodOptions,
  [t0, t1]: readonly [number, number],
): OdeSolution<Pair> {
  const { manifold, logBase: _logBase, divergence = 'exact', accumulate, ...solve } = options;
  const device = checkBatch(use, x).device ?? defaultDevice();
  const dtype = accumulate ?? (device.dtypes.includes('f64') ? 'f64' : 'f32');
  const both = withDivergence(fieldInTime(use, velocity, manifold), probesFor(divergence, x));
  const start: Pair = { x, l: zeros([x.shape[0]], { dtype, device: x.device?.name }) };
  return solveOde<Pair>(
    (t, pair) => {
      const { v, div } = both(pair.x, t);
      return { x: v, l: div };
    },
    start,
    {
      ...interval(solve, t0, t1),
      ...solve,
      ...(manifold ? { project: (pair: Pair) => ({ ...pair, x: manifold.projectPoint(pair.x) }) } : {}),
    },
  );
}

function base(
  use: string,
  { logBase, manifold }: { logBase?: (x: Tensor) => Tensor; manifold?: EmbeddedManifold },
  x: Tensor,
): Tensor {
  const density =
    logBase ?? (manifold?.logBase ? (at: Tensor) => (manifold.logBase as (x: Tensor) => Tensor)(at) : undefined);
  if (!density && manifold) {
    throw new ArgumentError(
      `${use}: the manifold has no logBase. Give the log-density at t = 0 with the option logBase.`,
    );
  }
  return returnedRows(`${use}: logBase`, 'number', (density ?? standardNormalLogDensity)(x), x.shape[0]);
}

/** Throws unless all options are known, and the interval, where it is known, runs in the given direction. */
function checkCall(use: string, velocity: Velocity, options: LikelihoodOptions, direction: 1 | -1): void {
  const { t0, t1, grid, manifold, logBase, accumulate } = checkedOptions(use, options, optionNames);
  if (logBase !== undefined) checkFunctions(`${use}: logBase`, logBase);
  if (accumulate !== undefined) checkOneOf(use, 'accumulate', accumulate, ['f32', 'f64']);
  checkField(use, velocity, manifold);
  checkInterval(use, { t0, t1, grid });
  const [from, to] = Array.isArray(grid)
    ? [grid[0], grid[grid.length - 1]]
    : [t0 ?? (direction > 0 ? 0 : 1), t1 ?? (direction > 0 ? 1 : 0)];
  if (typeof from !== 'number' || typeof to !== 'number' || (to - from) * direction > 0) return;
  throw new ArgumentError(
    `${use}: time runs ${direction > 0 ? 'forwards, from noise to data' : 'backwards, from data to noise'}; got t0 = ${from} and t1 = ${to}. Swap them.`,
  );
}
