import { checkTensor, jit, type Tensor, tree } from '@flowfield/tensor-webgpu';

const identity = /* @__PURE__ */ jit((leaves: readonly Tensor[]): readonly Tensor[] => leaves);

/**
 * The same numbers in memory of their own. What shares memory with parameters is lost when a jitted step is given them to
 * overwrite (`donate`); a copy stays.
 */
export function copyTree<P>(params: P): P {
  const leaves = tree.leaves<Tensor>(params);
  for (const leaf of leaves) checkTensor('copyTree', 'every leaf of the tree', leaf);
  return tree.unflatten(tree.structure(params), leaves.length > 0 ? identity(leaves) : []) as P;
}
