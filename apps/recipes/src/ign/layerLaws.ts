import { equivarianceError, equivariantLinear, invariantNetwork, symmetricGroup } from '@flowfield/equivariant-layers';
import { concat, random, type Tensor, valueAndGrad, zeros } from '@flowfield/tensor-webgpu';
import { relativeDifference } from '../symmetry/differences.ts';

const N = 30;
type DType = 'f32' | 'f64';

const layersOf = (channels: readonly number[], dtype: DType) =>
  channels
    .slice(1)
    .map((channelsOut, i) =>
      equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn: channels[i], channelsOut, dtype }),
    );

/** A stack of layers from matrices to matrices, ReLU between them, on a normal matrix of 30 nodes: the error of equivariance. */
export function stackError(channels: readonly number[], dtype: DType, key: random.Key): number {
  const [paramsKey, inputKey, errorKey] = random.split(key, 3);
  const layers = layersOf(channels, dtype);
  const params = layers.map((layer, i) => layer.init(random.foldIn(paramsKey, i)));
  const stacked = (x: Tensor): Tensor =>
    layers.reduce((y, layer, i) => layer.apply(params[i], i === 0 ? y : y.maximum(0)), x);
  return equivarianceError(stacked, {
    input: random.normal(inputKey, [N, N, channels[0]], { dtype: 'f64' }),
    key: errorKey,
    group: symmetricGroup(N),
    inputs: [2],
    outputs: 2,
    dtype,
    samples: 5,
  }).max;
}

/** Two graphs in one padded batch against each alone, through an invariant network with the same weights for both sizes. */
export function paddingError(key: random.Key): number {
  const net = invariantNetwork({ orders: [2, 2, 2], channels: [2, 8, 8], outputs: 4, hidden: [16], pool: 'max' });
  const params = net.init(key);
  const sizes = [5, 50];
  const graphs = sizes.map((n) => random.normal(random.foldIn(key, n), [n, n, 2]));
  const alone = graphs.map((x) => net.apply(params, x));
  const [small, large] = graphs;
  const widened = concat([small, zeros([5, 45, 2])], 1);
  const batch = concat([concat([widened, zeros([45, 50, 2])], 0).expandDims(0), large.expandDims(0)], 0);
  const mask = sizes.map((n) => Array.from({ length: 50 }, (_, i) => i < n));
  const together = net.apply(params, batch, { mask });
  return Math.max(...alone.map((value, i) => relativeDifference(together.at(i), value)));
}

/** Derivatives in weights, biases and input against central differences along random directions. */
export function gradientError(key: random.Key): number {
  const [layer] = layersOf([2, 3], 'f64');
  const normal = (leaf: Tensor, seed: number): Tensor =>
    random.normal(random.foldIn(key, seed), leaf.shape, { dtype: 'f64' });
  const start = layer.init(key);
  const point = {
    weight: start.weight,
    bias: normal(start.bias as Tensor, 1),
    x: random.normal(random.foldIn(key, 2), [7, 7, 2], { dtype: 'f64' }),
  };
  const value = ({ weight, bias, x }: typeof point): Tensor => layer.apply({ weight, bias }, x).sin().sum();
  const [, gradient] = valueAndGrad(value)(point);
  const step = 1e-5;
  const errors = (['weight', 'bias', 'x'] as const).map((name, i) => {
    const direction = normal(point[name], 10 + i);
    const at = (by: number) => value({ ...point, [name]: point[name].add(direction.mul(by)) }).item();
    const slope = gradient[name].mul(direction).sum().item();
    return Math.abs((at(step) - at(-step)) / (2 * step) - slope) / Math.max(1, Math.abs(slope));
  });
  return Math.max(...errors);
}

/**
 * An order-2 network with random weights on graphs with the channels A and I: relative differences of its 10 outputs for pairs.
 * Rows of `adjacency` are graphs [graphs, n, n].
 */
export function pairDifferences(
  adjacency: Tensor,
  identity: Tensor,
  pairs: readonly (readonly [number, number])[],
  pool: 'max' | 'sum',
  key: random.Key,
): number[] {
  const net = invariantNetwork({
    orders: [2, 2, 2],
    channels: [2, 16, 16],
    outputs: 10,
    hidden: [16],
    pool,
    activation: 'tanh',
    dtype: 'f64',
  });
  const input = concat([adjacency.expandDims(-1), identity.broadcastTo(adjacency.shape).expandDims(-1)], -1);
  const values = net.apply(net.init(key), input).dataSync();
  const of = (graph: number) => Array.from(values.subarray(10 * graph, 10 * graph + 10), Number);
  const size = (list: readonly number[]) => list.reduce((total, value) => total + Math.abs(value), 0);
  return pairs.map(([a, b]) => {
    const [left, right] = [of(a), of(b)];
    return size(left.map((value, i) => value - right[i])) / (size(left) + size(right));
  });
}
