import { concat, eye, linalg, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import {
  alternatingGroup,
  cyclicGroup,
  equivariantLinear,
  groupLinear,
  groupNamed,
  invariantNetwork,
  symmetricGroup,
} from '../../index.ts';
import { allPermutations } from '../tuples.ts';
import { below, distance, type Ground, law, relabel, relative, worst } from './law.ts';

const ORDERS = [0, 1, 2];
const NAMES = ['C4', 'D5', 'V4', 'A4', 'AGL(1,5)', 'S2 x S3'];

/** Every layer of a group between orders up to 2, moved by each generator: (g X)[g i, g j, …] = X[i, j, …]. */
function moved(name: string, ground: Ground): Tensor {
  const group = groupNamed(name);
  const backs = group.generators.map((g) => Array.from(g, (_, i) => g.indexOf(i)));
  const pairs = ORDERS.flatMap((orderIn) => ORDERS.map((orderOut) => [orderIn, orderOut] as const));
  return worst(
    pairs.flatMap(([orderIn, orderOut], i) => {
      const layer = groupLinear({ group, orderIn, orderOut, channelsIn: 3, channelsOut: 2, dtype: ground.dtype });
      const params = layer.init(random.key(i));
      const x = ground.drawn(i, [...Array<number>(orderIn).fill(group.degree), 3]);
      const y = layer.apply(params, x);
      const axes = (order: number) => Array.from({ length: order }, (_, axis) => axis);
      return backs.map((back) =>
        relative(layer.apply(params, relabel(x, axes(orderIn), back)), relabel(y, axes(orderOut), back)),
      );
    }),
  );
}

/** C8 on vectors: y_i = Σ_j w_(j - i) x_j. */
function convolution(ground: Ground): Tensor {
  const n = 8;
  const layer = groupLinear({
    ...{ group: cyclicGroup(n), orderIn: 1, orderOut: 1, channelsIn: 1, channelsOut: 1 },
    dtype: ground.dtype,
  });
  const [weight, x] = [ground.drawn(1, [n, 1, 1]), ground.drawn(2, [n, 1])];
  const shifts = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (j - i + n) % n));
  const kernel = weight.reshape([n]).take(tensor(shifts, { dtype: 'i32' }));
  return distance(layer.apply({ ...layer.init(random.key(0)), weight }, x), kernel.matmul(x));
}

/** S5 on vectors: x (W0 - W1) + n mean(x) W1. */
function deepSets(ground: Ground): Tensor {
  const group = symmetricGroup(5);
  const size = { group, orderIn: 1, orderOut: 1, channelsIn: 3, channelsOut: 2, bias: false } as const;
  const layer = groupLinear({ ...size, dtype: ground.dtype });
  const [weight, x] = [ground.drawn(3, [2, 3, 2]), ground.drawn(4, [5, 3])];
  const total = x.sum({ axis: 0, keepDims: true });
  const wanted = x.matmul(weight.at(0).sub(weight.at(1))).add(total.matmul(weight.at(1)));
  return distance(layer.apply({ weight }, x), wanted);
}

/** The orbit maps of S5 between matrices and the 15 operations span one space. */
function span({ dtype }: Ground): Tensor {
  const size = { orderIn: 2, orderOut: 2, channelsIn: 1, channelsOut: 15, bias: false, dtype } as const;
  const weight = eye(15, { dtype }).expandDims(1);
  const units = eye(25, { dtype }).reshape([25, 5, 5, 1]);
  const [orbits, operations] = [groupLinear({ ...size, group: symmetricGroup(5) }), equivariantLinear(size)].map(
    (layer) => layer.apply({ weight }, units).reshape([625, 15]).T,
  );
  const rank = linalg.matrixRank(concat([orbits, operations], 0));
  return rank.sub(15).abs();
}

/** A network over A4: how far its value on four numbers changes by the permutations of a kind. */
function alternating(orders: readonly number[], even: boolean, ground: Ground): Tensor[] {
  const group = alternatingGroup(4);
  const channels = orders.map((_, i) => (i === 0 ? 1 : 32));
  const net = invariantNetwork({ group, orders, channels, outputs: 1, dtype: ground.dtype });
  const params = net.init(random.key(1));
  const x = ground.drawn(5, [4, 1]);
  const here = net.apply(params, x);
  return allPermutations(4)
    .filter((g) => group.contains(g) === even)
    .map((g) => relative(net.apply(params, x.take(g)), here));
}

export const groups = [
  ...NAMES.map((name) => law(`layers of ${name} move with it`, 1e-5, 1e-12, (on) => moved(name, on))),
  law('C8 convolves', 1e-6, 1e-14, convolution),
  law('S5 on vectors is DeepSets', 1e-5, 1e-12, deepSets),
  law('S5 on matrices has the 15 operations', 0, 0, span),
  law('A4 in order 1 does not see odd permutations', 1e-5, 1e-12, (on) => worst(alternating([1, 1, 1], false, on))),
  law('A4 in order 2 does', 0, 0, (on) => worst(alternating([1, 2, 2], false, on).map((x) => below(x, 1e-4)))),
  law('A4 in order 2 does not see even ones', 1e-5, 1e-12, (on) => worst(alternating([1, 2, 2], true, on))),
];
