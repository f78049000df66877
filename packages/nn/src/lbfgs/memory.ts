import { ArgumentError, checkTensor, concat, type Tensor, tree, where, zeros } from '@flowfield/tensor-webgpu';

/** The last pairs of a quasi-Newton method, oldest first: s = change of x, y = change of the gradient, weights 1 / s·y. */
export type PairMemory = { steps: Tensor; changes: Tensor; weights: Tensor; scale: Tensor };

/** Memory of `size` pairs for vectors like `x` [n], none of them taken. */
export function emptyMemory(x: Tensor, size: number): PairMemory {
  const options = { dtype: x.dtype, device: x.device?.name };
  const [n] = x.shape;
  return {
    steps: zeros([size, n], options),
    changes: zeros([size, n], options),
    weights: zeros([size], options),
    scale: zeros([], options),
  };
}

const dot = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum();
const shifted = (rows: Tensor, last: Tensor): Tensor => concat([rows.slice([1, rows.shape[0]]), last.expandDims(0)], 0);

/**
 * Takes in a pair, in place of the oldest. A pair without positive curvature, s·y <= 0, gets the weight 0: it would make the
 * matrix indefinite.
 */
export function remember({ steps, changes, weights, scale }: PairMemory, s: Tensor, y: Tensor): PairMemory {
  const curvature = dot(s, y);
  const isConvex = curvature.greater(0);
  const curved = where(isConvex, curvature, 1);
  const length = dot(y, y);
  const known = isConvex.logicalAnd(length.greater(0));
  return {
    steps: shifted(steps, s),
    changes: shifted(changes, y),
    weights: shifted(weights, where(isConvex, curved.reciprocal(), 0)),
    scale: where(known, curvature.div(where(known, length, 1)), where(scale.greater(0), scale, 1)),
  };
}

/**
 * The approximate inverse Hessian times `gradient` by the two loops (Nocedal & Wright 2006, algorithm 7.4), from the
 * multiple s·y / y·y of the identity. Without a pair it is the gradient, shortened to length 1 where it is longer.
 */
export function inverseHessianTimes({ steps, changes, weights, scale }: PairMemory, gradient: Tensor): Tensor {
  const [size] = weights.shape;
  const alphas: Tensor[] = [];
  let vector = gradient;
  for (let i = size - 1; i >= 0; i--) {
    const alpha = weights.slice(i).mul(dot(steps.slice(i), vector));
    alphas[i] = alpha;
    vector = vector.sub(changes.slice(i).mul(alpha));
  }
  const length = gradient.norm();
  const first = where(length.greater(1), where(length.greater(1), length, 1).reciprocal(), 1);
  vector = vector.mul(where(scale.greater(0), scale, first));
  for (let i = 0; i < size; i++) {
    const beta = weights.slice(i).mul(dot(changes.slice(i), vector));
    vector = vector.add(steps.slice(i).mul(alphas[i].sub(beta)));
  }
  return vector;
}

/**
 * The leaves of a tree in one vector.
 * @throws ArgumentError for a tree without leaves, or with some that are no tensors
 */
export function asVector(params: unknown): Tensor {
  const leaves = tree.leaves<Tensor>(params);
  if (leaves.length === 0)
    throw new ArgumentError(
      'lbfgs: expected parameters with at least one tensor, got none. Give the tree to minimize over.',
    );
  for (const leaf of leaves) checkTensor('lbfgs', 'every parameter', leaf);
  return concat(
    leaves.map((leaf) => leaf.reshape([leaf.size])),
    0,
  );
}

/** A vector cut into the leaves of a tree like `params`. */
export function asTree<P>(vector: Tensor, params: P): P {
  let start = 0;
  const leaves = tree.leaves<Tensor>(params).map((leaf) => {
    const part = vector.slice([start, start + leaf.size]).reshape(leaf.shape);
    start += leaf.size;
    return part.astype(leaf.dtype);
  });
  return tree.unflatten(tree.structure(params), leaves) as P;
}
