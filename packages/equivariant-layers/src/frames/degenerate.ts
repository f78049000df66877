import { ArgumentError, cumsum, knownData, linalg, random, type Tensor, where } from '@flowfield/tensor-webgpu';
import { DegenerateSpectrumError } from '../errors.ts';

/**
 * What to do with clouds whose principal axes are not determined, such as a square or a single point: throw, warn and take
 * some axes, or draw the undetermined axes at random, so that results are equivariant in distribution.
 */
export type DegeneratePolicy = 'error' | 'warn' | 'randomBasis';

/** Relative gaps of eigenvalues below this do not determine axes within the rounding of the dtype. */
export const defaultGapTolerance = (dtype: string): number => (dtype === 'f64' ? 1e-8 : 1e-4);

/** min (λ[i+1] - λ[i]) / max |λ|, over ascending eigenvalues [lead…, d]; 0 where all are 0. */
export function relativeGap(eigenvalues: Tensor): Tensor {
  const d = eigenvalues.shape[eigenvalues.shape.length - 1];
  const steps = eigenvalues
    .slice('...', [1, d])
    .sub(eigenvalues.slice('...', [0, d - 1]))
    .min({ axis: -1 });
  const largest = eigenvalues.abs().max({ axis: -1 });
  return where(largest.greater(0), steps.div(where(largest.greater(0), largest, 1)), 0);
}

/** Throws or warns where a gap is known to be too small. Inside a trace gaps are not known, and nothing happens. */
export function checkGaps(op: string, gaps: Tensor, tolerance: number, policy: DegeneratePolicy): void {
  if (policy === 'randomBasis') return;
  const data = knownData(gaps);
  if (data === null) return;
  const failing = Array.from(data).flatMap((gap, row) => (gap < tolerance ? [row] : []));
  if (failing.length === 0) return;
  const where =
    gaps.shape.length > 0 ? ` of row ${failing[0]}${failing.length > 1 ? ` and ${failing.length - 1} more` : ''}` : '';
  const message =
    `${op}: the principal axes${where} are not determined: expected relative gaps of eigenvalues of at least ${tolerance}, got ${data[failing[0]].toPrecision(3)}. ` +
    "Points on a line, at one place, or symmetric as a square have no such axes: leave them out, or set degenerate to 'randomBasis'.";
  if (policy === 'error') throw new DegenerateSpectrumError(message);
  console.warn(message);
}

/** Eigenvectors with those of repeated eigenvalues turned at random among themselves: blocks of Haar measure. */
export function withRandomBasis(vectors: Tensor, eigenvalues: Tensor, tolerance: number, key: random.Key): Tensor {
  const d = eigenvalues.shape[eigenvalues.shape.length - 1];
  const least = eigenvalues.abs().max({ axis: -1, keepDims: true }).mul(tolerance);
  const steps = eigenvalues.slice('...', [1, d]).sub(eigenvalues.slice('...', [0, d - 1]));
  const starts = steps.greaterEqual(least).logicalAnd(steps.greater(0)).astype('i32');
  const before = starts.shape.map((_, axis): [number, number] => [axis === starts.shape.length - 1 ? 1 : 0, 0]);
  const space = cumsum(starts.pad(before), { axis: -1 });
  const same = space.expandDims(-1).equal(space.expandDims(-2));
  const drawn = where(same, random.normal(key, vectors.shape, { dtype: vectors.dtype }), 0);
  // Blocks stand along the diagonal, so that Q has them too.
  return vectors.matmul(where(same, linalg.qr(drawn).q, 0));
}

/** Throws `ArgumentError` unless a key was given. */
export function neededKey(op: string, what: string, key: random.Key | undefined): random.Key {
  if (key) return key;
  throw new ArgumentError(
    `${op}: ${what} draws at random, and no key was given. Give one in the option key, made with random.key(seed).`,
  );
}
