import { checkedWhole } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { einsum } from '../ops/einsum.ts';
import { diagonal } from '../ops/indexing.ts';
import { asFloat } from '../ops/operands.ts';
import { norm } from '../ops/reductions.ts';
import { expandDims } from '../ops/reshape.ts';
import { lax } from '../primitives/lax.ts';
import { cholesky, choleskyFactor, type PivotFault } from '../primitives/linalg/cholesky.ts';
import { qr } from '../primitives/linalg/qr.ts';
import { checkShape, range, type Shape, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { exponential, normal, type RandomOptions } from './continuous.ts';
import { type Key, split } from './key.ts';
import { elementsOf } from './parameters.ts';

/** Random orthogonal n x n matrices, uniform in O(n) (Haar): the Q factor of a normal matrix, signs fixed (Mezzadri 2007). */
export function orthogonal(key: Key, n: number, shape: Shape = [], options?: RandomOptions): Tensor {
  checkShape('random.orthogonal', shape);
  return composite('random.orthogonal', () => {
    const [q, r] = qr(normal(key, [...shape, n, n], options));
    const line = diagonal(r);
    const signs = lax.select(lax.lt(line, 0), -1, lax.full(line.shape, 1, line.dtype));
    const rank = shape.length;
    return lax.mul(q, lax.broadcastInDim(signs, q.shape, [...range(0, rank), rank + 1]));
  });
}

/** Uniform points of the unit sphere in d dimensions: `shape` followed by d. */
export function sphere(key: Key, d: number, shape: Shape = [], options?: RandomOptions): Tensor {
  checkedWhole('random.sphere: the dimension', d);
  checkShape('random.sphere', shape);
  return composite('random.sphere', () => {
    const x = normal(key, [...shape, d], options);
    return x.div(norm(x, { axis: -1, keepDims: true }));
  });
}

/** Uniform points of the unit ball in d dimensions (Barthe et al. 2005): a normal vector, shrunk by an exponential number. */
export function ball(key: Key, d: number, shape: Shape = [], options?: RandomOptions): Tensor {
  checkedWhole('random.ball: the dimension', d);
  checkShape('random.ball', shape);
  return composite('random.ball', () => {
    const [first, second] = split(key);
    const x = normal(first, [...shape, d], options);
    const extra = lax.mul(exponential(second, shape, options), 2);
    const squares = lax.reduceSum(lax.mul(x, x), [shape.length]);
    return x.mul(expandDims(lax.rsqrt(lax.add(squares, extra)), -1));
  });
}

/** Where the factorization of a covariance that can be seen ends, if it does. */
function pivotFaultOf(covariance: Tensor, n: number): PivotFault | null {
  const elements = elementsOf(covariance);
  return elements ? choleskyFactor(Float64Array.from(elements), new Float64Array(n * n), n) : null;
}

/**
 * Normal vectors of mean [n] and covariance [n, n] (positive definite; its symmetric part counts): `shape` followed by n.
 * @throws ShapeError when mean and covariance do not fit, ArgumentError for a covariance that is not positive definite; inside
 * a trace, where it cannot be seen, such a one gives NaN.
 */
export function multivariateNormal(key: Key, mean: TensorLike, covariance: TensorLike, shape: Shape = []): Tensor {
  checkShape('random.multivariateNormal', shape);
  return composite('random.multivariateNormal', () => {
    const center = asFloat(mean);
    const spread = asFloat(covariance);
    const n = center.shape[0];
    if (center.ndim !== 1 || spread.ndim !== 2 || spread.shape[0] !== n || spread.shape[1] !== n) {
      throw new ShapeError(
        `random.multivariateNormal: expected mean [n] and covariance [n, n], got ${showShape(center.shape)} and ${showShape(spread.shape)}.`,
      );
    }
    const fault = pivotFaultOf(spread, n);
    if (fault)
      throw new ArgumentError(
        `random.multivariateNormal: expected a positive definite covariance, but its leading minor of order ${fault.order} leaves the pivot ${fault.pivot}. Add a small multiple of the identity.`,
      );
    const white = normal(key, [...shape, n], { dtype: center.dtype });
    return einsum('...j,ij->...i', white, cholesky(spread)).add(center);
  });
}
