import { checkedOptions, checkFunctions, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { checkReduction, type LossReduction, reduceRows } from './lossReduction.ts';
import type { Path, PathInput, PathSample } from './path.ts';
import { returnedLike } from './returned.ts';

/** The metric of a manifold at x, for tangents u and v (batch, D): <u, v> of shape (batch). */
export interface Metric {
  inner(x: TensorLike, u: TensorLike, v: TensorLike): Tensor;
}

export interface FlowMatchingOptions<Extra extends object = object> {
  /** The field being trained. The sample holds x0, x1 and the further fields given to the loss, such as labels. */
  velocity(xt: Tensor, t: Tensor, sample: PathSample & Extra): Tensor;
  /** `affinePath` or `geodesicPath`, or anything with their `sample`. */
  readonly path: Path & { readonly manifold?: object };
  /** Measures the error; the path's own manifold when it has a metric, else the Euclidean metric. */
  readonly manifold?: Metric;
  /** Default: 'mean'. */
  readonly reduction?: LossReduction;
}

/**
 * The conditional flow-matching loss E |v(x_t, t) - dx_t|² / D, whose gradient in the weights is that of regressing the
 * marginal velocity u_t = E[dx_t | x_t]. Its least value is not 0 but (E|dx_t|² - E|u_t|²) / D. On a manifold the norm is the
 * Riemannian one at x_t, and D the extent of the last axis.
 *
 * x0 and x1 are (batch, …); t is a scalar or (batch), drawn by the caller, uniform on [0, 1] as a rule. `extra` fields
 * travel with the sample to `velocity`. Returns a scalar, or (batch) for reduction 'none'.
 *
 * Source: Lipman et al. 2022, eq. 9 and theorem 2; Chen and Lipman 2023.
 * @throws PathShapeError when the velocity has another shape than x_t; ArgumentError for another reduction; and what the
 * path's `sample` throws.
 */
export function conditionalFlowMatchingLoss<Extra extends object = object>(
  options: FlowMatchingOptions<Extra>,
  x0: TensorLike,
  x1: TensorLike,
  t: TensorLike,
  extra?: Extra,
): Tensor {
  const use = 'conditionalFlowMatchingLoss';
  const {
    velocity,
    path,
    manifold,
    reduction = 'mean',
  } = checkedOptions(use, options, ['velocity', 'path', 'manifold', 'reduction']);
  checkFunctions(use, velocity, path?.sample);
  checkReduction(use, reduction);
  const input = { ...extra, x0, x1, t } as PathInput & Extra;
  const sample = path.sample(input) as PathSample & Extra;
  const { xt, dxt } = sample;
  const field = returnedLike(use, 'a velocity', velocity(xt, sample.t, sample), xt);
  const error = field.sub(dxt);
  const metric = manifold ?? (hasMetric(path.manifold) ? path.manifold : undefined);
  const squares = metric ? metric.inner(xt, error, error) : error.mul(error);
  return reduceRows(use, squares, reduction, undefined, coordinatesOf(xt));
}

const coordinatesOf = (x: Tensor): number => x.shape.slice(1).reduce((product, extent) => product * extent, 1);

const hasMetric = (manifold: object | undefined): manifold is Metric =>
  manifold !== undefined && typeof (manifold as Partial<Metric>).inner === 'function';
