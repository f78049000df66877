import {
  concat,
  eye,
  jvp,
  linalg,
  ones,
  random,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
  zeros,
} from '@flowfield/tensor-webgpu';
import { applyMap, equivariantLinear, equivariantMaps, invariantNetwork } from '../../index.ts';
import { adjacencyOf } from '../graphs.ts';
import { allPermutations } from '../tuples.ts';
import { below, distance, type Ground, law, relabel, relative, shuffle, slopeGap, worst } from './law.ts';

const square = (channelsIn: number, channelsOut: number, dtype: Ground['dtype']) =>
  equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn, channelsOut, dtype });

/** Layers from matrices to matrices with ReLU between them. */
function stackOf(channels: readonly number[], { dtype }: Ground): (x: Tensor) => Tensor {
  const layers = channels.slice(1).map((out, i) => square(channels[i], out, dtype));
  const params = layers.map((layer, i) => layer.init(random.key(10 + i)));
  return (x) => layers.reduce((y, layer, i) => layer.apply(params[i], i === 0 ? y : y.maximum(0)), x);
}

function relabelling(channels: readonly number[], ground: Ground): Tensor {
  const net = stackOf(channels, ground);
  const [x, order] = [ground.drawn(1, [30, 30, channels[0]]), shuffle(30)];
  return distance(net(relabel(x, [0, 1], order)), relabel(net(x), [0, 1], order));
}

/** All maps between two orders on n nodes as rows [maps, n^(k + l)]. */
function basisOf(orderIn: number, orderOut: number, n: number, { dtype }: Ground): Tensor {
  const maps = equivariantMaps({ orderIn, orderOut });
  const units = eye(n ** orderIn, { dtype }).reshape([n ** orderIn, ...Array<number>(orderIn).fill(n), 1]);
  const rows = maps.map((map) =>
    applyMap(map, units, { normalize: 'sum', nodes: n }).reshape([1, n ** (orderIn + orderOut)]),
  );
  return concat(rows, 0);
}

/** The mean of a random map over all relabellings: how far it is from the span of the maps. */
function averaged(orderIn: number, orderOut: number, n: number, ground: Ground): Tensor {
  const axes = Array.from({ length: orderIn + orderOut }, (_, i) => i);
  const drawn = ground.drawn(
    2,
    axes.map(() => n),
  );
  const orders = allPermutations(n);
  const mean = orders
    .map((order) => relabel(drawn, axes, order))
    .reduce((sum, one) => sum.add(one))
    .div(orders.length)
    .flatten();
  const rows = basisOf(orderIn, orderOut, n, ground);
  const fitted = linalg.solve(rows.matmul(rows.T), rows.matmul(mean)).matmul(rows);
  return distance(mean, fitted);
}

/** The 15 operations on ones and on I, by the numbers of the paper's page. */
function operations({ dtype }: Ground): Tensor {
  const n = 6;
  const [all, one] = [ones([n, n], { dtype }), eye(n, { dtype })];
  const ofOne = [one, one, ...Array(3).fill(one.div(n)), ...Array(4).fill(all.div(n)), one, one];
  const onOne: Tensor[] = [...ofOne, all, all, all, all.div(n)];
  return worst(
    equivariantMaps({ orderIn: 2, orderOut: 2 }).flatMap((map, i) => [
      distance(applyMap(map, all.expandDims(-1)).squeeze(-1), i < 5 ? one : all),
      distance(applyMap(map, one.expandDims(-1)).squeeze(-1), onOne[i]),
    ]),
  );
}

/** A layer from order 2 to order 1 against d, t, r, c and s, written out. */
function writtenOut(ground: Ground): Tensor {
  const layer = equivariantLinear({ orderIn: 2, orderOut: 1, channelsIn: 3, channelsOut: 2, dtype: ground.dtype });
  const [x, weight, bias] = [ground.drawn(3, [6, 6, 3]), ground.drawn(4, [5, 3, 2]), ground.drawn(5, [1, 2])];
  const mean = (y: Tensor, axis: number): Tensor => y.mean({ axis });
  const d = x.mul(eye(6, { dtype: ground.dtype }).expandDims(-1)).sum({ axis: 1 });
  const features = [d, mean(d, 0), mean(x, 1), mean(x, 0), mean(mean(x, 1), 0)];
  const wanted = features.map((part, i) => part.matmul(weight.at(i))).reduce((sum, part) => sum.add(part));
  return distance(layer.apply({ weight, bias }, x), wanted.add(bias.at(0)));
}

/** Graphs of 5 and of 50 nodes in one padded batch against each alone, with the same weights. */
function padding(ground: Ground): Tensor {
  const { dtype } = ground;
  const net = invariantNetwork({
    orders: [2, 2, 2],
    channels: [2, 8, 8],
    outputs: 4,
    hidden: [16],
    pool: 'max',
    dtype,
  });
  const params = net.init(random.key(6));
  const [small, large] = [ground.drawn(7, [5, 5, 2]), ground.drawn(8, [50, 50, 2])];
  const wide = concat([concat([small, zeros([5, 45, 2], { dtype })], 1), zeros([45, 50, 2], { dtype })], 0);
  const mask = [5, 50].map((n) => Array.from({ length: 50 }, (_, i) => i < n));
  const both = net.apply(params, concat([wide.expandDims(0), large.expandDims(0)], 0), { mask });
  return worst([small, large].map((x, i) => relative(both.at(i), net.apply(params, x))));
}

function gradient(ground: Ground): Tensor {
  const layer = square(2, 3, ground.dtype);
  const point = { weight: ground.drawn(1, [15, 2, 3]), bias: ground.drawn(2, [2, 3]), x: ground.drawn(3, [7, 7, 2]) };
  const along = tree.map((leaf: Tensor) => ground.drawn(4, leaf.shape), point) as typeof point;
  const value = ({ weight, bias, x }: typeof point): Tensor => layer.apply({ weight, bias }, x).sin().mean();
  const [, slope] = valueAndGrad(value)(point);
  const [, forward] = jvp(value, [point], [along]);
  const backward = tree.leaves<Tensor>(tree.map((a: Tensor, b: Tensor) => a.mul(b).sum(), slope, along));
  return slopeGap(
    backward.reduce((sum, one) => sum.add(one)),
    forward,
  );
}

/** What color refinement cannot tell apart, a hexagon and two triangles, and what it can, a path and a star. */
function apart(ground: Ground): Tensor {
  const ring = [0, 1, 2, 3, 4, 5].map((i) => [i, (i + 1) % 6] as const);
  const triangles = [0, 3].flatMap((at) => [0, 1, 2].map((i) => [at + i, at + ((i + 1) % 3)] as const));
  const path = [0, 1, 2, 3, 4].map((i) => [i, i + 1] as const);
  const star = [1, 2, 3, 4, 5].map((i) => [0, i] as const);
  const net = invariantNetwork({
    ...{ orders: [2, 2, 2], channels: [2, 16, 16], outputs: 10, hidden: [16] },
    ...{ pool: 'sum', activation: 'tanh', dtype: ground.dtype },
  });
  const params = net.init(random.key(9));
  const { dtype } = ground;
  const of = (edges: readonly (readonly [number, number])[]): Tensor => {
    const adjacency = tensor(adjacencyOf(6, edges), { dtype });
    return net.apply(params, concat([adjacency.expandDims(-1), eye(6, { dtype }).expandDims(-1)], -1));
  };
  return worst([relative(of(ring), of(triangles)), below(relative(of(path), of(star)), 1e-3)]);
}

export const ign = [
  law('a layer from matrices to matrices moves with its nodes', 1e-6, 1e-14, (on) => relabelling([2, 16], on)),
  law('three layers do', 1e-5, 1e-12, (on) => relabelling([2, 16, 32, 64], on)),
  ...(
    [
      [0, 2],
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
      [3, 1],
    ] as const
  ).map(([k, l]) =>
    law(`a mean over all relabellings is a sum of the maps ${k} → ${l}`, 1e-5, 1e-12, (on) => averaged(k, l, 4, on)),
  ),
  law('the 15 operations on ones and on I', 1e-6, 1e-14, operations),
  law('the layer 2 → 1, written out', 5e-6, 1e-12, writtenOut),
  law('a padded batch is its graphs', 1e-6, 1e-12, padding),
  law('derivatives, backwards and forwards', 1e-5, 1e-12, gradient),
  law('order 2 tells apart what color refinement does, and no more', 1e-5, 1e-12, apart),
];
