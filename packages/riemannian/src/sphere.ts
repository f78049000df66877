import {
  abs,
  atan2,
  checkedOptions,
  checkedWhole,
  eye,
  full,
  greater,
  less,
  lessEqual,
  log,
  maximum,
  norm,
  random,
  slice,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { CutLocusError, DegeneratePointError, InvalidPointError } from './errors.ts';
import type { Manifold } from './manifold.ts';
import { asFactor, asPoints, checkFinite, firstFlagged, innerProduct } from './points.ts';
import { angleOverSine, cosOfSquare, sincOfSquare } from './smoothAngles.ts';

export interface SphereOptions {
  /**
   * Read the data of eager calls to throw `InvalidPointError`, `CutLocusError` and `DegeneratePointError` (default
   * true). `false` saves the read; the results are then those of a traced call.
   */
  readonly checks?: boolean;
}

/** Unit vectors whose sum is shorter than this many units of rounding cannot be told from antipodal ones. */
const ANTIPODAL_ROUNDINGS = 16;
const EPSILON = { f32: 2 ** -23, f64: 2 ** -52 };
/** Keeps ln |sin r / r| finite where rounding gives sin r = 0. */
const TINY = { f32: 1e-30, f64: 1e-300 };

/** How far the norm of a point may be off 1. */
const NORM_TOLERANCE = { f32: 1e-3, f64: 1e-6 };

const floatType = (x: Tensor): 'f32' | 'f64' => (x.dtype === 'f64' ? 'f64' : 'f32');

/** ln of the n-dimensional area of the unit sphere S^n: A₀ = 2, A₁ = 2π, Aₙ = 2π / (n - 1) Aₙ₋₂. */
function logArea(n: number): number {
  let total = n % 2 === 0 ? Math.log(2) : Math.log(2 * Math.PI);
  for (let k = n; k >= 2; k -= 2) total += Math.log((2 * Math.PI) / (k - 1));
  return total;
}

/** The first (or `index`-th) basis vector, where x is. */
function basisVector(x: Tensor, index: 0 | 1): Tensor {
  return slice(eye(2, x.shape[x.shape.length - 1], { dtype: x.dtype, device: x.device?.name }), index);
}

/** A unit tangent at x: the first basis vector, or the second where x is near the first, projected and normalised. */
function someTangent(x: Tensor): Tensor {
  const first = slice(x, '...', [0, 1]);
  // 0.75 leaves at least 0.4 of the squared length after the projection, whichever vector is taken.
  const basis = where(greater(abs(first), 0.75), basisVector(x, 1), basisVector(x, 0));
  const tangent = basis.sub(x.mul(innerProduct(x, basis, true)));
  return tangent.div(norm(tangent, { axis: -1, keepDims: true }));
}

/** x and y antipodal within rounding: bool (…, 1). */
function antipodal(x: Tensor, y: Tensor): Tensor {
  const total = x.add(y);
  const tolerance = ANTIPODAL_ROUNDINGS * EPSILON[floatType(total)];
  return lessEqual(innerProduct(total, total, true), tolerance ** 2);
}

/**
 * The unit sphere S^n in R^(n+1), n >= 1, with the metric of the ambient space. The base distribution is uniform.
 *
 * - exp_x v = cos|v| x + (sin|v| / |v|) v
 * - log_x y = θ w / |w|, w = y - (x·y) x, θ = atan2(|w|, x·y)
 * - dist = 2 atan2(|x - y|, |x + y|) (Kahan), accurate at every distance
 * - transport: v - 2 (s·v) / (s·s) s, s = x + y, the reflection that is an isometry for every v
 * - logVolume = (n - 1) ln |sin|v| / |v||
 * - logBase = -ln area(S^n); on S^2, -ln 4π = -2.5310
 *
 * All are smooth, with finite derivatives of every order, at x = y and v = 0, but for `dist` and `norm`, which have
 * the subgradient 0 there.
 *
 * Antipodal points (|x + y| within 16 units of rounding) have no unique shortest geodesic. An eager `log`, `geodesic`
 * or `transport` throws `CutLocusError`. Inside a trace, where no data is known, and on devices that are read
 * asynchronously, they follow one shortest geodesic of length π, in a direction that depends on x only; find such
 * pairs with `isAtCutLocus`. Likewise an eager `projectPoint` of 0 throws `DegeneratePointError`, and a traced one gives
 * the first basis vector.
 *
 * An eager `exp`, `log`, `dist`, `geodesic`, `transport`, `projectPoint`, `isAtCutLocus` or `logBase` throws
 * `InvalidPointError` for NaN and infinity, and all of them but `projectPoint` for a point whose norm is off 1 by more than
 * 1e-3 (f64: 1e-6).
 *
 * Source: Chen and Lipman 2023, "Flow Matching on General Geometries".
 * @throws ArgumentError unless n is an integer of at least 1; the functions throw ShapeError unless the last axis is n + 1.
 */
export function sphere(n: number, options: SphereOptions = {}): Manifold {
  checkedWhole('sphere: the dimension', n);
  const { checks = true } = checkedOptions('sphere', options, ['checks']);
  const name = `sphere(${n})`;
  const points = (use: string, what: string, x: TensorLike): Tensor => asPoints(`${name}.${use}`, what, x, n + 1);

  function finite(use: string, what: string, x: TensorLike): Tensor {
    const rows = points(use, what, x);
    if (checks) checkFinite(`${name}.${use}`, what, rows);
    return rows;
  }

  function onSphere(use: string, what: string, x: TensorLike): Tensor {
    const at = finite(use, what, x);
    if (!checks || !at.device?.readSync) return at;
    const tolerance = NORM_TOLERANCE[floatType(at)];
    const row = firstFlagged(greater(abs(norm(at, { axis: -1 }).sub(1)), tolerance));
    if (row === null) return at;
    throw new InvalidPointError(
      `${name}.${use}: expected ${what} of norm 1 (to ${tolerance}), got another norm in ${row}. ` +
        'Bring the points to the sphere with projectPoint.',
    );
  }

  function timeOf(use: string, t: TensorLike, batch: readonly number[]): number | Tensor {
    if (checks) checkFinite(`${name}.${use}`, 't', tensor(t).expandDims(-1));
    return asFactor(`${name}.${use}`, t, batch);
  }

  function checkCutLocus(use: string, cut: Tensor): void {
    if (!checks) return;
    const row = firstFlagged(cut.squeeze(-1));
    if (row === null) return;
    throw new CutLocusError(
      `${name}.${use}: ${row} is a pair of antipodal points; expected a pair with one shortest geodesic. ` +
        'Draw such pairs again (isAtCutLocus finds them) or move one of the points.',
    );
  }

  function logarithm(use: string, x: Tensor, y: Tensor): Tensor {
    const cut = antipodal(x, y);
    checkCutLocus(use, cut);
    // Through the difference, since y - (x·y) x would lose all digits between close points.
    const step = y.sub(x);
    const w = step.sub(x.mul(innerProduct(x, step, true)));
    const scale = angleOverSine(innerProduct(w, w, true), innerProduct(x, y, true));
    return where(cut, someTangent(x).mul(Math.PI), w.mul(scale));
  }

  function exponential(x: Tensor, v: Tensor): Tensor {
    const squared = innerProduct(v, v, true);
    return x.mul(cosOfSquare(squared)).add(v.mul(sincOfSquare(squared)));
  }

  return {
    name,
    dimension: n,
    ambientDimension: n + 1,
    exp: (x, v) => exponential(onSphere('exp', 'x', x), finite('exp', 'v', v)),
    log: (x, y) => logarithm('log', onSphere('log', 'x', x), onSphere('log', 'y', y)),
    dist(x, y) {
      const [from, to] = [onSphere('dist', 'x', x), onSphere('dist', 'y', y)];
      return atan2(norm(from.sub(to), { axis: -1 }), norm(from.add(to), { axis: -1 })).mul(2);
    },
    geodesic(x, y, t) {
      const from = onSphere('geodesic', 'x', x);
      const v = logarithm('geodesic', from, onSphere('geodesic', 'y', y));
      return exponential(from, v.mul(timeOf('geodesic', t, v.shape.slice(0, -1))));
    },
    projectPoint(x) {
      const at = finite('projectPoint', 'x', x);
      const length = norm(at, { axis: -1, keepDims: true });
      const center = less(length, TINY[floatType(at)]);
      const row = checks ? firstFlagged(center.squeeze(-1)) : null;
      if (row !== null) {
        throw new DegeneratePointError(
          `${name}.projectPoint: ${row} is 0, which is equally far from every point of the sphere; expected a vector other than 0. Move it or leave it out.`,
        );
      }
      return where(center, basisVector(at, 0), at.div(where(center, 1, length)));
    },
    projectTangent(x, v) {
      const [at, vector] = [points('projectTangent', 'x', x), points('projectTangent', 'v', v)];
      return vector.sub(at.mul(innerProduct(at, vector, true)));
    },
    transport(x, y, v) {
      const [from, to, vector] = [
        onSphere('transport', 'x', x),
        onSphere('transport', 'y', y),
        finite('transport', 'v', v),
      ];
      const cut = antipodal(from, to);
      checkCutLocus('transport', cut);
      // At the cut locus this reflects along the geodesic that `log` takes.
      const mirror = where(cut, someTangent(from), from.add(to));
      const share = innerProduct(mirror, vector, true).div(innerProduct(mirror, mirror, true));
      return vector.sub(mirror.mul(share.mul(2)));
    },
    inner: (_x, u, v) => innerProduct(points('inner', 'u', u), points('inner', 'v', v)),
    norm: (_x, v) => norm(points('norm', 'v', v), { axis: -1 }),
    isAtCutLocus: (x, y) => antipodal(onSphere('isAtCutLocus', 'x', x), onSphere('isAtCutLocus', 'y', y)).squeeze(-1),
    logVolume(_x, v) {
      const vector = points('logVolume', 'v', v);
      const stretch = maximum(abs(sincOfSquare(innerProduct(vector, vector))), TINY[floatType(vector)]);
      return log(stretch).mul(n - 1);
    },
    sampleBase: (key, shape = [], options = {}) => random.sphere(key, n + 1, shape, options),
    logBase(x) {
      const at = onSphere('logBase', 'x', x);
      return full(at.shape.slice(0, -1), -logArea(n), { dtype: at.dtype, device: at.device?.name });
    },
  };
}
