import { type EquivariantLinearParams, equivariantLinear, equivariantMaps } from '@flowfield/equivariant-layers';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** All maps of a layer, or only those that see X, its rows, its columns and its total. */
export type Basis = 'all' | 'four';

/** Names of the maps of the four operations, in layers from matrices to matrices, vectors and numbers. */
const FOUR = ['identity', 'rows along rows', 'columns along columns', 'total everywhere', 'rows', 'columns', 'total'];
const WIDTH = 16;

/** Two layers of width 16 from matrices to matrices with ReLU, then one to a tensor of order `order` with one channel. */
export function matrixNet(order: number, basis: Basis) {
  const layers = [
    [2, 1, WIDTH],
    [2, WIDTH, WIDTH],
    [order, WIDTH, 1],
  ].map(([orderOut, channelsIn, channelsOut]) => {
    const layer = equivariantLinear({ orderIn: 2, orderOut, channelsIn, channelsOut });
    const kept = equivariantMaps({ orderIn: 2, orderOut }).map(({ name }) => (FOUR.includes(name) ? 1 : 0));
    const weights = tensor(kept).reshape([kept.length, 1, 1]);
    // The constant everywhere is the first bias; the constant on the diagonal belongs to the full basis.
    const biases = tensor(kept.slice(0, orderOut === 2 ? 2 : 1).map((_, i) => (i === 0 ? 1 : 0))).expandDims(-1);
    const restricted = ({ weight, bias }: EquivariantLinearParams): EquivariantLinearParams =>
      basis === 'all' ? { weight, bias } : { weight: weight.mul(weights), bias: bias?.mul(biases) };
    return {
      init: layer.init,
      apply: (params: EquivariantLinearParams, x: Tensor): Tensor => layer.apply(restricted(params), x),
    };
  });
  return {
    init: (key: random.Key): EquivariantLinearParams[] => layers.map((layer, i) => layer.init(random.foldIn(key, i))),
    /** a [batch, n, n] -> [batch, …] with `order` axes of n; numbers are multiplied by √n. */
    apply(params: readonly EquivariantLinearParams[], a: Tensor): Tensor {
      const y = layers
        .reduce((x, layer, i) => layer.apply(params[i], i === 0 ? x : x.maximum(0)), a.expandDims(-1))
        .squeeze(-1);
      return order === 0 ? y.mul(Math.sqrt(a.shape[1])) : y;
    },
  };
}
