import {
  ArgumentError,
  abs,
  checkedOptions,
  greater,
  isFinite,
  log,
  logicalAnd,
  logicalNot,
  max,
  random,
  type Shape,
  square,
  type Tensor,
  type TensorLike,
  tensor,
} from '@flowfield/tensor-webgpu';
import { InvalidPointError } from './errors.ts';
import type { Manifold } from './manifold.ts';
import { asPoints, checkFinite, firstFlagged } from './points.ts';

export interface WrappedNormalOptions {
  /** The center: (D) or (…, D), on the manifold. */
  readonly mean: TensorLike;
  /** The standard deviation in the tangent space, in units of distance: a positive number, or a tensor of the batch shape of the mean. */
  readonly std: TensorLike;
  /** Read the data of an eager call to throw `InvalidPointError` (default true), as in `SphereOptions`. */
  readonly checks?: boolean;
}

/** How far a coordinate of the mean may be off its projection onto the manifold. */
const OFF_MANIFOLD = { f32: 1e-3, f64: 1e-6 };

/** A distribution on a manifold. */
export interface WrappedNormal {
  /** Draws: `shape` followed by D. The mean must broadcast to that. The dtype is the mean's unless asked for. */
  sample(key: random.Key, shape?: Shape, options?: random.RandomOptions): Tensor;
  /** ln of the density at x with respect to the Riemannian volume, in nats: (…). */
  logDensity(x: TensorLike): Tensor;
}

/**
 * The law of exp_μ(σ ε), ε standard normal in the tangent space at μ. Its density at x with v = log_μ x is
 *
 *   (2πσ²)^(-d/2) exp(-|v|² / 2σ²) / |det d exp_μ(v)|,
 *
 * on S^d with |det| = (sin r / r)^(d-1), r = |v|. This counts the shortest geodesic to x. On a compact manifold draws
 * beyond the cut locus are folded back, and the density integrates to P(|σε| < injectivity radius): on S^2 to
 * 1 - exp(-π² / 2σ²), which is 1 to float32 rounding for σ <= 0.5.
 *
 * Source: Chen and Lipman 2023, "Flow Matching on General Geometries".
 * @throws ArgumentError for a std that is not positive and finite, InvalidPointError for a mean or an x that is not finite
 *   or a mean that is off the manifold (by 1e-3 in a coordinate; f64: 1e-6), where their data can be read at once.
 */
export function wrappedNormal(manifold: Manifold, options: WrappedNormalOptions): WrappedNormal {
  const { mean, std, checks = true } = checkedOptions('wrappedNormal', options, ['mean', 'std', 'checks']);
  const { dimension, ambientDimension } = manifold;
  const use = `wrappedNormal on ${manifold.name}`;
  const center = asPoints(use, 'a mean', mean, ambientDimension);
  if (checks) checkCenter(use, manifold, center);
  if (typeof std === 'number' && !(std > 0 && Number.isFinite(std))) {
    throw new ArgumentError(`wrappedNormal: expected a positive, finite std, got ${std}.`);
  }
  const spread = typeof std === 'number' ? std : tensor(std);
  const row =
    typeof spread === 'number' ? null : firstFlagged(logicalNot(logicalAnd(greater(spread, 0), isFinite(spread))));
  if (row !== null)
    throw new ArgumentError(`wrappedNormal: expected a positive, finite std in every row; ${row} has none.`);
  const factor = typeof spread === 'number' || spread.ndim === 0 ? spread : spread.expandDims(-1);
  const logSpread = typeof spread === 'number' ? Math.log(spread) : log(spread);

  return {
    sample(key, shape = [], options = {}) {
      const dtype = options.dtype ?? center.dtype;
      const at = center.astype(dtype);
      const noise = random.normal(key, [...shape, ambientDimension], { dtype });
      return manifold.exp(at, manifold.projectTangent(at, noise.mul(factor)));
    },
    logDensity(x) {
      const at = asPoints(`${use}: logDensity`, 'x', x, ambientDimension);
      if (checks) checkFinite(`${use}: logDensity`, 'x', at);
      const v = manifold.log(center, at);
      const squared = manifold.inner(center, v, v);
      const exponent = squared.div(typeof spread === 'number' ? spread ** 2 : square(spread)).mul(-0.5);
      return exponent
        .sub(manifold.logVolume(center, v))
        .sub((dimension / 2) * Math.log(2 * Math.PI))
        .sub(typeof logSpread === 'number' ? logSpread * dimension : logSpread.mul(dimension));
    },
  };
}

/** Throws `InvalidPointError` for a center that is not finite or not on the manifold, where it can be read at once. */
function checkCenter(use: string, manifold: Manifold, center: Tensor): void {
  if (!center.device?.readSync) return;
  checkFinite(use, 'the mean', center);
  const tolerance = OFF_MANIFOLD[center.dtype === 'f64' ? 'f64' : 'f32'];
  const off = max(abs(center.sub(manifold.projectPoint(center))), { axis: -1 });
  const row = firstFlagged(greater(off, tolerance));
  if (row === null) return;
  throw new InvalidPointError(
    `${use}: expected a mean on the manifold (to ${tolerance}), got another point in ${row}. Bring it there with projectPoint.`,
  );
}
