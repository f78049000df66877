import {
  checkedOptions,
  checkedWhole,
  checkTensor,
  firstNonFinite,
  linalg,
  random,
  ShapeError,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { checkedNumber } from './choices.ts';
import { NonFiniteSampleError } from './errors.ts';

export interface SlicedWassersteinOptions {
  readonly key: random.Key;
  /** Random directions (default 128). */
  readonly projections?: number;
  /** 1 (default) for the mean distance, 2 for the root of the mean square, or another order of at least 1. */
  readonly order?: number;
}

/** Numbers of projections that are held at once, per set. */
const LARGEST_PROJECTION = 2 ** 20;

/** Throws `NonFiniteSampleError` for NaN and infinity. */
function checkFinite(use: string, points: Tensor): void {
  const data = points.dataSync();
  const bad = firstNonFinite(data);
  if (bad < 0) return;
  throw new NonFiniteSampleError(
    `${use}: expected finite points, got ${data[bad]} in row ${Math.floor(bad / (data.length / (points.shape[0] ?? 1)))}. Leave such samples out, and say how many there were.`,
  );
}

/** Both sets as rows of f64, of one width. */
function checkSets(use: string, x: Tensor, y: Tensor): [Tensor, Tensor] {
  const rows = [x, y].map((points, i) => {
    checkTensor(use, i === 0 ? 'x' : 'y', points);
    checkFinite(use, points);
    if (points.ndim >= 1 && points.shape[0] > 0) return points.astype('f64').reshape([points.shape[0], -1]);
    throw new ShapeError(
      `${use}: expected points of shape [n, ...] with at least one row, got [${points.shape.join(', ')}].`,
    );
  });
  if (rows[0].shape[1] === rows[1].shape[1]) return [rows[0], rows[1]];
  throw new ShapeError(
    `${use}: expected points of one dimension, got [${x.shape.join(', ')}] and [${y.shape.join(', ')}].`,
  );
}

/**
 * The Wasserstein distance W_p between two samples of numbers, (n) and (m): of equal sizes, the mean of |x_(i) - y_(i)|^p
 * over sorted values, to the power 1/p; of different sizes, the same over their quantile functions, exactly.
 */
export function wasserstein1d(x: Tensor, y: Tensor, order = 1): number {
  const [a, b] = checkSets('wasserstein1d', x, y);
  if (a.shape[1] !== 1)
    throw new ShapeError(
      `wasserstein1d: expected numbers, got points of dimension ${a.shape[1]}. Use slicedWasserstein.`,
    );
  checkedNumber('wasserstein1d: order', order, 1);
  return quantileGap(ascendingRows(a.T)[0], ascendingRows(b.T)[0], order) ** (1 / order);
}

/**
 * The sliced Wasserstein distance: (mean over random unit directions of W_p^p of the projections)^(1/p), for points
 * (n, …) and (m, …), in double precision on rows flattened to vectors. In one dimension it is W_p.
 *
 * Source: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures".
 * @throws ShapeError for points of two dimensions or none at all; NonFiniteSampleError for NaN; ArgumentError for bad options.
 */
export function slicedWasserstein(x: Tensor, y: Tensor, options: SlicedWassersteinOptions): number {
  const use = 'slicedWasserstein';
  const { key, projections = 128, order = 1 } = checkedOptions(use, options, ['key', 'projections', 'order']);
  checkedWhole(`${use}: projections`, projections);
  checkedNumber(`${use}: order`, order, 1);
  const [a, b] = checkSets(use, x, y);
  const raw = random.normal(key, [projections, a.shape[1]], { dtype: 'f64' });
  const directions = raw.div(raw.norm({ axis: 1, keepDims: true }));
  let total = 0;
  const chunk = Math.max(1, Math.floor(LARGEST_PROJECTION / Math.max(a.shape[0], b.shape[0])));
  for (let start = 0; start < projections; start += chunk) {
    const part = directions.slice([start, Math.min(start + chunk, projections)]);
    const [onX, onY] = [a, b].map((points) => ascendingRows(part.matmul(points.T)));
    for (let k = 0; k < part.shape[0]; k++) total += quantileGap(onX[k], onY[k], order);
  }
  return (total / projections) ** (1 / order);
}

/** The rows of a matrix, each as ascending numbers. */
function ascendingRows(matrix: Tensor): Float64Array[] {
  const data = matrix.dataSync() as Float64Array;
  const width = matrix.shape[1];
  return Array.from({ length: matrix.shape[0] }, (_, k) => data.slice(k * width, (k + 1) * width).sort());
}

/** W_p^p of two ascending samples: int_0^1 |F⁻¹(u) - G⁻¹(u)|^p du of their quantile functions, exactly. */
function quantileGap(x: Float64Array, y: Float64Array, order: number): number {
  const [n, m] = [x.length, y.length];
  let total = 0;
  let below = 0;
  for (let i = 0, j = 0; i < n && j < m; ) {
    // The next step of either function, in units of 1 / (n m), so that equal ones are equal.
    const [endX, endY] = [(i + 1) * m, (j + 1) * n];
    const end = Math.min(endX, endY);
    total += (end - below) * Math.abs(x[i] - y[j]) ** order;
    below = end;
    if (endX === end) i++;
    if (endY === end) j++;
  }
  return total / (n * m);
}

/** The mean and covariance of features, for a Fréchet distance. */
export interface Moments {
  /** (d) */
  readonly mean: Tensor;
  /** (d, d) */
  readonly covariance: Tensor;
}

/** Mean and covariance (divided by n - 1) of rows (n, d), in f64. @throws ShapeError unless there are two rows. */
export function momentsOf(features: Tensor): Moments {
  checkTensor('momentsOf', 'features', features);
  if (features.ndim !== 2 || features.shape[0] < 2) {
    throw new ShapeError(
      `momentsOf: expected features (n, d) with at least 2 rows, got [${features.shape.join(', ')}].`,
    );
  }
  checkFinite('momentsOf', features);
  const x = features.astype('f64');
  const mean = x.mean({ axis: 0 });
  const centered = x.sub(mean);
  return { mean, covariance: centered.T.matmul(centered).div(x.shape[0] - 1) };
}

/**
 * The Fréchet distance between Gaussians with the moments of two sets of features, (n, d) and (m, d), or with given moments:
 *
 *   |μ - ν|² + tr(A + B - 2 (A^½ B A^½)^½),
 *
 * the square of their Wasserstein-2 distance, in f64. With the features of an Inception network it is FID.
 *
 * Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule".
 * @throws ShapeError for features of two dimensions.
 */
export function frechetDistance(x: Tensor | Moments, y: Tensor | Moments): number {
  const [a, b] = [x, y].map((given) => {
    if (typeof given !== 'object' || given === null || !('covariance' in given)) return momentsOf(given);
    checkTensor('frechetDistance', 'mean', given.mean);
    checkTensor('frechetDistance', 'covariance', given.covariance);
    return given;
  });
  if (a.mean.shape[0] !== b.mean.shape[0]) {
    throw new ShapeError(
      `frechetDistance: expected features of one dimension, got ${a.mean.shape[0]} and ${b.mean.shape[0]}.`,
    );
  }
  const root = positiveRoot(a.covariance);
  const inner = root.matmul(b.covariance).matmul(root);
  const cross = linalg.eigh(inner.add(inner.T).div(2)).eigenvalues.maximum(0).sqrt().sum();
  const distance = a.mean
    .sub(b.mean)
    .square()
    .sum()
    .add(a.covariance.trace())
    .add(b.covariance.trace())
    .sub(cross.mul(2));
  // Rounding may take the distance of equal sets below 0.
  return Math.max(distance.item(), 0);
}

/** The symmetric square root, of covariances with zero eigenvalues too. */
function positiveRoot(covariance: Tensor): Tensor {
  const { eigenvalues: values, eigenvectors: vectors } = linalg.eigh(covariance);
  return vectors.mul(values.maximum(0).sqrt()).matmul(vectors.T);
}
