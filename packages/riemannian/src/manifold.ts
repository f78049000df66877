import type { random, Shape, Tensor, TensorLike } from '@flowfield/tensor-webgpu';

/**
 * A Riemannian manifold embedded in R^D, as functions on tensors. Points and tangent vectors lie along the last
 * axis (extent D = `ambientDimension`); all axes before it are batch axes and broadcast. Every function can be
 * traced (jit, grad, vmap) and works in f32 and f64. Points are expected on the manifold and tangents in the
 * tangent space: `projectPoint` and `projectTangent` bring them there.
 */
export interface Manifold {
  readonly name: string;
  /** The dimension d of the tangent spaces. */
  readonly dimension: number;
  /** The extent D of the last axis of points and tangents. */
  readonly ambientDimension: number;

  /** The end of the geodesic that leaves x with velocity v, after unit time: (…, D). */
  exp(x: TensorLike, v: TensorLike): Tensor;
  /** The velocity at x of the shortest geodesic that reaches y in unit time: (…, D). */
  log(x: TensorLike, y: TensorLike): Tensor;
  /**
   * The length of the shortest geodesic: (…). Its derivative at x = y is the subgradient 0; where second
   * derivatives at x = y matter, use the smooth `inner(x, v, v)` with v = `log(x, y)`, the squared distance.
   */
  dist(x: TensorLike, y: TensorLike): Tensor;
  /** exp_x(t log_x y). t is a number, a scalar, or has the batch shape of the points, without the last axis. */
  geodesic(x: TensorLike, y: TensorLike, t: TensorLike): Tensor;

  /** The closest point on the manifold: (…, D). */
  projectPoint(x: TensorLike): Tensor;
  /** The orthogonal projection of v onto the tangent space at x: (…, D). */
  projectTangent(x: TensorLike, v: TensorLike): Tensor;
  /** Parallel transport of v from x to y along the shortest geodesic: (…, D). */
  transport(x: TensorLike, y: TensorLike, v: TensorLike): Tensor;
  /** The metric <u, v> at x: (…). */
  inner(x: TensorLike, u: TensorLike, v: TensorLike): Tensor;
  /** sqrt(<v, v>) at x: (…), with derivative 0 at v = 0. */
  norm(x: TensorLike, v: TensorLike): Tensor;

  /** Whether x and y, as far as the dtype can tell, have more than one shortest geodesic: bool (…). */
  isAtCutLocus(x: TensorLike, y: TensorLike): Tensor;
  /** ln |det d exp_x| at v, the volume element in normal coordinates: (…). */
  logVolume(x: TensorLike, v: TensorLike): Tensor;

  /** Draws of the base distribution: `shape` followed by D. */
  sampleBase(key: random.Key, shape?: Shape, options?: random.RandomOptions): Tensor;
  /** Its log-density with respect to the Riemannian volume, in nats: (…). */
  logBase(x: TensorLike): Tensor;
}
