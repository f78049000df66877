import {
  checkedOptions,
  checkedWhole,
  gather,
  jit,
  matmul,
  random,
  softmax,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { PathShapeError, SeparationError } from '../errors.ts';
import { asFloating, checkFinite, checkGiven } from '../times.ts';
import { type DataSeparation, separationFrom, thetaNodes } from './separation.ts';

export interface DataSeparationOptions {
  readonly key: random.Key;
  /** Nodes, uniform in θ, both ends included (default 401). */
  readonly nodes?: number;
  /** Noisy points drawn, the same at every node (default 2000). */
  readonly draws?: number;
  /** Subtract the mean of the data first (default false). Their root mean square is always divided out. */
  readonly center?: boolean;
}

/** Elements of the tables draws x points that are held at once. */
const LARGEST_TABLE = 2 ** 21;
/** From this dimension on, posterior means are computed in f32: their rounding is squared before it is used. */
const MANY_DIMENSIONS = 64;

/**
 * The separation of a data set x_1, points (n, d), by Monte Carlo. For each angle θ, with s = tan θ, draws
 * y = s x_j + e give posterior weights p_i ~ exp(-|y - s x_i|² / 2) over the points, and
 *
 *   1 - λ(s) = (1/d) E[ Σ_i p_i |x_i - x_j|² - |Σ_i p_i (x_i - x_j)|² ],
 *
 * the posterior variance, which is never negative and small where λ is near 1. The data are divided by their root mean
 * square first; the result holds that `scale` and `center`, with which data must be normalised to train on the path.
 * A subset of the points, by rows, is an estimate too; `standardError` covers the draws only.
 *
 * Cost: nodes · draws · n · d multiplications.
 *
 * Source: Shaul et al. 2023, "On Kinetic Optimal Probability Paths for Generative Models", section 4.
 * @throws PathShapeError unless points are (n, d) with n and d at least 1; NonFinitePointError for NaN; SeparationError
 * when all points are 0.
 */
export function dataSeparation(points: TensorLike, options: DataSeparationOptions): DataSeparation {
  const {
    key,
    nodes = 401,
    draws = 2000,
    center = false,
  } = checkedOptions('dataSeparation', options, ['key', 'nodes', 'draws', 'center']);
  checkedWhole('dataSeparation: nodes', nodes, 3);
  checkedWhole('dataSeparation: draws', draws, 2);
  checkGiven('dataSeparation', 'points', points);
  const given = asFloating(points);
  if (given.ndim !== 2 || given.size === 0) {
    throw new PathShapeError(
      `dataSeparation: expected points (n, d) with at least one row, got shape [${given.shape.join(', ')}]. Flatten images to rows.`,
    );
  }
  checkFinite('dataSeparation', 'points', given);
  const wide = given.astype('f64');
  const mean = wide.mean({ axis: 0 });
  const centered = center ? wide.sub(mean) : wide;
  const scale = Math.sqrt(centered.square().mean().item());
  if (scale === 0) throw new SeparationError('dataSeparation: all points are equal to the center. Give more points.');
  const x = centered.div(scale);
  const theta = thetaNodes(nodes);
  const { mean: residual, standardError } = estimate(x, theta.slice(0, -1), key, draws);
  return {
    ...separationFrom(theta, residual),
    standardError: [...standardError, 0],
    center: Array.from((center ? mean : mean.mul(0)).dataSync()),
    scale,
  };
}

/** The mean posterior variance per dimension at each angle, and its standard error over the draws. */
function estimate(
  x: Tensor,
  angles: readonly number[],
  key: random.Key,
  draws: number,
): { mean: number[]; standardError: number[] } {
  const [n, d] = x.shape;
  const chunk = Math.max(1, Math.min(draws, Math.floor(LARGEST_TABLE / n)));
  const keys = random.split(key);
  const [orderKey, noiseKey] = [keys.slice(0), keys.slice(1)];
  const order = random.permutation(orderKey, n);
  const meanType = d >= MANY_DIMENSIONS ? 'f32' : 'f64';
  const columns = x.astype(meanType);
  const squares = x.square().sum({ axis: 1 });
  // For draws (b): the squared distances (b, n) to all points, and the products of the noise with the differences.
  const prepare = jit((rows: Tensor, noiseKey: random.Key) => {
    const centers = gather(x, rows);
    const own = rows.expandDims(1).equal(
      tensor(
        Array.from({ length: n }, (_, i) => i),
        { dtype: 'i32' },
      ),
    );
    const noise = random.normal(noiseKey, [rows.shape[0], d], { dtype: 'f64' });
    const inner = matmul(noise, x.T);
    const distance = gather(squares, rows).expandDims(1).add(squares).sub(matmul(centers, x.T).mul(2));
    const product = noise.mul(centers).sum({ axis: 1, keepDims: true }).sub(inner);
    return {
      centers: centers.astype(meanType),
      distance: where(own, 0, distance.maximum(0)),
      product: where(own, 0, product),
    };
  });
  const moments = jit((snr: Tensor, { centers, distance, product }: ReturnType<typeof prepare>) => {
    // -|y - s x_i|² / 2 + |e|² / 2, with y = s x_j + e.
    const weights = softmax(distance.mul(snr.square().mul(-0.5)).sub(product.mul(snr)), { axis: 1 });
    const shift = matmul(weights.astype(meanType), columns).sub(centers).astype('f64');
    const variance = weights
      .mul(distance)
      .sum({ axis: 1 })
      .sub(shift.square().sum({ axis: 1 }))
      .maximum(0)
      .div(d);
    return [variance.sum(), variance.square().sum()] as const;
  });
  const sums = angles.map(() => [0, 0]);
  for (let start = 0, part = 0; start < draws; start += chunk, part++) {
    const count = Math.min(chunk, draws - start);
    const rows = gather(
      order,
      tensor(
        Array.from({ length: count }, (_, i) => (start + i) % n),
        { dtype: 'i32' },
      ),
    );
    const prepared = prepare(rows, random.foldIn(noiseKey, part));
    for (const [i, angle] of angles.entries()) {
      const [first, second] = moments(tensor(Math.tan(angle), { dtype: 'f64' }), prepared);
      sums[i][0] += first.item();
      sums[i][1] += second.item();
    }
  }
  const mean = sums.map(([first]) => first / draws);
  const standardError = sums.map(([, second], i) => Math.sqrt(Math.max(second / draws - mean[i] ** 2, 0) / draws));
  return { mean, standardError };
}
