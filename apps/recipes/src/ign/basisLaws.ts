import { countEquivariantMaps, equivariantLinear } from '@flowfield/equivariant-layers';
import { eye, linalg, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';

interface Space {
  readonly orderIn: number;
  readonly orderOut: number;
  readonly nodes: number;
}

const ORDERS = [0, 1, 2, 3];

/** Orders of at most 3, 1 to 5 together, on at most 5 nodes. */
export const spaces: readonly Space[] = ORDERS.flatMap((orderIn) =>
  ORDERS.filter((orderOut) => orderIn + orderOut >= 1 && orderIn + orderOut <= 5).flatMap((orderOut) =>
    [1, 2, 3, 4, 5].map((nodes) => ({ orderIn, orderOut, nodes })),
  ),
);

/** The maps of the layer as rows [maps, n^(k + l)], each the matrix [inputs, outputs] of one map. */
export function basis({ orderIn, orderOut, nodes }: Space): Tensor {
  const size = { orderIn, orderOut, channelsIn: 1, bias: false, dtype: 'f64', normalize: 'sum' } as const;
  const count = countEquivariantMaps({ orderIn, orderOut });
  const layer = equivariantLinear({ ...size, channelsOut: count });
  const inputs = nodes ** orderIn;
  const units = eye(inputs, { dtype: 'f64' }).reshape([inputs, ...Array<number>(orderIn).fill(nodes), 1]);
  const each = { weight: eye(count, { dtype: 'f64' }).expandDims(1) };
  return layer.apply(each, units, { nodes }).reshape([nodes ** (orderIn + orderOut), count]).T;
}

/** How many kinds of equal entries tuples have: orbits of all relabellings, found tuple by tuple. */
export function patterns({ orderIn, orderOut, nodes }: Space): number {
  const order = orderIn + orderOut;
  const kinds = new Set<string>();
  for (let index = 0; index < nodes ** order; index++) {
    const tuple = entries(index, nodes, order);
    kinds.add(tuple.map((entry) => tuple.indexOf(entry)).join());
  }
  return kinds.size;
}

export const rank = (rows: Tensor): number => linalg.matrixRank(rows.matmul(rows.T)).item();

/**
 * The mean over all n! relabellings of a map drawn at random: how far from the span of the basis, and how far the same mean moves
 * the maps of the basis.
 */
export function averagingErrors(space: Space, rows: Tensor, key: random.Key): { outside: number; moved: number } {
  const size = space.nodes ** (space.orderIn + space.orderOut);
  const own = rows.dataSync();
  const drawn = random.normal(key, [size], { dtype: 'f64' }).dataSync();
  const lists = [drawn, ...Array.from({ length: rows.shape[0] }, (_, i) => own.subarray(i * size, (i + 1) * size))];
  const means = lists.map(() => new Float64Array(size));
  const relabellings = permutationsOf(space.nodes);
  for (const g of relabellings) {
    for (let index = 0; index < size; index++) {
      const image = entries(index, space.nodes, space.orderIn + space.orderOut).reduce(
        (total, entry) => total * space.nodes + g[entry],
        0,
      );
      for (let list = 0; list < lists.length; list++)
        means[list][image] += Number(lists[list][index]) / relabellings.length;
    }
  }
  const mean = tensor(means[0], { dtype: 'f64' });
  const gram = rows.matmul(rows.T);
  const fitted = linalg.pinv(gram).matmul(rows.matmul(mean)).matmul(rows);
  const moved = means.slice(1).map((after, i) => after.map((value, at) => Math.abs(value - Number(lists[i + 1][at]))));
  return {
    outside: mean.sub(fitted).abs().max().item(),
    moved: Math.max(...moved.map((list) => list.reduce((a, b) => Math.max(a, b), 0))),
  };
}

function entries(index: number, nodes: number, order: number): number[] {
  const tuple = new Array<number>(order);
  for (let i = order - 1, rest = index; i >= 0; i--, rest = Math.floor(rest / nodes)) tuple[i] = rest % nodes;
  return tuple;
}

const permutationsOf = (n: number): number[][] =>
  n === 0
    ? [[]]
    : permutationsOf(n - 1).flatMap((rest) => Array.from({ length: n }, (_, at) => rest.toSpliced(at, 0, n - 1)));
