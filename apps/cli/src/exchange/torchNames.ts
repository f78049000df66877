import { type Tensor, tree } from '@flowfield/tensor-webgpu';
import { decodeTree, encodeTree } from '@flowfield/train';

/**
 * Parameters as PyTorch lays them out: the weight of a linear layer is [outputs, inputs] there and [inputs, outputs] here.
 * The same function leads back. Names are the paths of the tree (`layers.0.weight`), as those of a module are.
 */
export const torchLayout = <P>(params: P): P =>
  mapped(params, (leaf, path) => (path.endsWith('.weight') && leaf.ndim === 2 ? leaf.transpose() : leaf));

/** Parameters as a safetensors file with the names and layouts of PyTorch. */
export const encodeTorch = (params: unknown): Promise<Uint8Array> => encodeTree(torchLayout(params), { format: 'pt' });

/**
 * Parameters of the form of `like` from such a file.
 * @throws CheckpointError when the file has other names, shapes or dtypes
 */
export const decodeTorch = <P>(bytes: Uint8Array, like: P, name: string): P =>
  torchLayout(decodeTree(bytes, torchLayout(like), name));

/** A tree of the same structure, leaf by leaf with its path. */
function mapped<P>(params: P, f: (leaf: Tensor, path: string) => Tensor): P {
  const paths = tree.paths(params);
  let next = 0;
  return tree.map((leaf: Tensor) => f(leaf, paths[next++]), params) as P;
}
