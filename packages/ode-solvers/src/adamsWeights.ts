import { stack, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** Three points of Gauss and Legendre on [0, 1]: exact for polynomials up to degree 5. */
const spread = Math.sqrt(15) / 10;
const points = [0.5 - spread, 0.5, 0.5 + spread];
const shares = [5 / 18, 8 / 18, 5 / 18];

/**
 * The integrals over [0, 1] of the Lagrange polynomials of the nodes (scalars, in units of the step from its start), at
 * most six: the weights of an Adams method for steps of any sizes.
 */
export function adamsWeights(nodes: readonly Tensor[]): Tensor[] {
  const { dtype } = nodes[0];
  const at = tensor(points, { dtype: dtype as 'f64' });
  const share = tensor(shares, { dtype: dtype as 'f64' });
  return nodes.map((node, i) => {
    const others = nodes.filter((_, j) => j !== i);
    if (others.length === 0) return share.sum();
    const far = stack(others, 0).expandDims(1);
    return at.expandDims(0).sub(far).div(node.sub(far)).prod({ axis: 0 }).mul(share).sum();
  });
}
