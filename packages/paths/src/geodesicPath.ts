import { ArgumentError, jvp, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { SchedulerError } from './errors.ts';
import { checkPair, type Path, type PathInput, type PathSample } from './path.ts';
import { checkScheduler, type Scheduler } from './scheduler.ts';
import { condOTScheduler } from './schedulers/condOT.ts';
import { asTimes, checkGiven, checkTimes, perRow } from './times.ts';

/** What a geodesic path needs of a manifold: points (batch, D) and their tangents. */
export interface GeodesicManifold {
  exp(x: TensorLike, v: TensorLike): Tensor;
  log(x: TensorLike, y: TensorLike): Tensor;
}

/** The path along geodesics, with its manifold. */
export interface GeodesicPath<M extends GeodesicManifold = GeodesicManifold> extends Path {
  readonly manifold: M;
  readonly scheduler: Scheduler;
}

/**
 * The path along shortest geodesics, x_t = exp_{x_0}(α_t log_{x_0} x_1), so that dist(x_t, x_1) = κ(t) dist(x_0, x_1)
 * with κ = 1 - α; constant speed, κ = 1 - t, by default. The velocity dx_t is the derivative of x_t in t, by forward
 * mode through `exp` alone: with κ = 1 - t it equals log_{x_t}(x_1) / (1 - t), without the division.
 * x_0 and x_1 are (batch, D) on the manifold; t is a scalar or (batch). Further fields come back in the sample.
 *
 * Source: Chen and Lipman 2023, "Flow Matching on General Geometries".
 * @throws ArgumentError for a manifold without `exp` and `log`; SchedulerError unless the scheduler is convex; PathShapeError, TimeShapeError, TimeRangeError and NonFinitePointError as
 * `affinePath`; and what the manifold's `log` throws at the cut locus.
 */
export function geodesicPath<M extends GeodesicManifold>(
  manifold: M,
  scheduler: Scheduler = condOTScheduler(),
): GeodesicPath<M> {
  if (typeof manifold?.exp !== 'function' || typeof manifold.log !== 'function') {
    throw new ArgumentError(
      'geodesicPath: expected a manifold with the functions exp and log, which this object lacks. Give one, such as sphere(2) of @flowfield/riemannian.',
    );
  }
  checkScheduler('geodesicPath', scheduler);
  if (!scheduler.convex) {
    throw new SchedulerError(
      `geodesicPath: expected a convex scheduler (α + σ = 1, α from 0 to 1), got ${scheduler.name}. Use condOTScheduler or polynomialScheduler.`,
    );
  }
  const use = `geodesicPath(${scheduler.name}).sample`;
  return {
    manifold,
    scheduler,
    sample<Extra extends object>(input: PathInput & Extra): PathSample & Omit<Extra, keyof PathSample> {
      checkGiven(use, 'x0, x1 and t', input);
      const { x0, x1 } = checkPair(use, input.x0, input.x1);
      const t = asTimes(use, input.t, x1);
      checkTimes(use, t);
      const velocity = manifold.log(x0, x1);
      const along = (share: Tensor): Tensor => manifold.exp(x0, perRow(share, x1).mul(velocity));
      const [xt, dxt] = jvp(along, [scheduler.alpha(t)], [scheduler.dAlpha(t)]);
      return { ...input, x0, x1, t, xt, dxt };
    },
  };
}
