import {
  checkedWhole,
  concat,
  type DType,
  knownData,
  segmentSum,
  type Tensor,
  type TensorLike,
  tensor,
  zeros,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { beside, isTensor, placed } from '../inputs/beside.ts';

/** Nodes of several graphs one after another, in any order; a flat batch of `@flowfield/graph-nets` is one. */
export interface FlatGraphs {
  readonly graphs: number;
  /** The graph of each node, [nodes]. */
  readonly graphOf: TensorLike;
}

/** What attention in a graph needs: row-wise features u, v, z [nodes, k] to U (VᵀZ) / η of each graph, with η = (1/n) (1ᵀU)(Vᵀ1) + epsilon. */
export type GraphProducts = (u: Tensor, v: Tensor, z: Tensor, epsilon: number) => Tensor;

/**
 * Products in each graph of a flat batch. Where the graphs of nodes are known and not too uneven, their rows are laid out side by side with padding and multiplied as a batch; else
 * outer products v_i ⊗ z_i are summed by graph, k² numbers for each node. Nothing has n² entries. Nodes that `mask` [nodes] leaves out count nowhere; their features are 0. `like` is a tensor of the device.
 * @throws LayerShapeError for another count of nodes, or a graph that is not there.
 */
export function flatProducts(
  op: string,
  { graphs, graphOf }: FlatGraphs,
  mask: Tensor | null,
  like: Tensor,
  nodes: number,
  rank: number,
): GraphProducts {
  checkedWhole(`${op}: graphs`, graphs);
  const known = numbersOf(graphOf);
  const given = known && !isTensor(graphOf) ? Int32Array.from(known) : placed(graphOf, like);
  const shape = isTensor(graphOf) ? graphOf.shape : [(given as ArrayLike<number>).length];
  if (shape.length !== 1 || shape[0] !== nodes) {
    throw new LayerShapeError(
      `${op}: expected graphOf with one entry for each of ${nodes} nodes, got [${shape.join(', ')}].`,
    );
  }
  const layout = known ? sideBySide(op, known, graphs) : null;
  const of = placed(given, like).astype('i32');
  /** Real nodes of each graph, [graphs, 1]. */
  const realNodes = (dtype: DType): Tensor => {
    const real = mask
      ? mask.astype(dtype).expandDims(-1)
      : tensor(1, { dtype, ...beside(like) }).broadcastTo([nodes, 1]);
    return segmentSum(real, of, graphs).maximum(1);
  };
  if (layout && graphs * layout.size <= nodes * rank) {
    return (u, v, z, epsilon) => {
      const rows = (h: Tensor): Tensor =>
        concat([h, zeros([1, h.shape[1]], { dtype: h.dtype, ...beside(h) })], 0)
          .take(layout.table)
          .reshape([graphs, layout.size, h.shape[1]]);
      const counts = mask ? realNodes(u.dtype) : tensor(layout.counts, { dtype: u.dtype, ...beside(u) });
      const y = paddedProducts(rows(u), rows(v), rows(z), counts.reshape([graphs, 1, 1]), epsilon);
      return y.reshape([graphs * layout.size, z.shape[1]]).take(layout.places);
    };
  }
  return (u, v, z, epsilon) => {
    const pairs = segmentSum(v.expandDims(-1).mul(z.expandDims(-2)), of, graphs);
    const count = realNodes(u.dtype);
    const eta = segmentSum(u, of, graphs)
      .div(count)
      .mul(segmentSum(v, of, graphs))
      .sum({ axis: -1 })
      .add(epsilon);
    const scaled = pairs.div(eta.reshape([graphs, 1, 1])).take(of);
    return u.expandDims(-2).matmul(scaled).squeeze(-2);
  };
}

/** The numbers of a list, of any typed array, or of a tensor that can be read at once; else `null`. */
function numbersOf(given: TensorLike): ArrayLike<number> | null {
  if (isTensor(given)) return knownData(given);
  return Array.isArray(given) || ArrayBuffer.isView(given) ? (given as unknown as ArrayLike<number>) : null;
}

/** U (VᵀZ) / η over the last two axes, VᵀZ first; `counts` [lead…, 1, 1] real nodes, rows of padding 0. */
export function paddedProducts(u: Tensor, v: Tensor, z: Tensor, counts: Tensor, epsilon: number): Tensor {
  const sums = { axis: -2, keepDims: true } as const;
  const eta = u.sum(sums).div(counts).mul(v.sum(sums)).sum({ axis: -1, keepDims: true }).add(epsilon);
  return u.matmul(v.swapaxes(-1, -2).matmul(z).div(eta));
}

/** Where the rows of each graph lie when all graphs are padded to the largest; padding takes the row behind the last. */
function sideBySide(op: string, graphOf: ArrayLike<number>, graphs: number) {
  const counts = Array<number>(graphs).fill(0);
  const within = Array.from(graphOf, (graph, node) => {
    if (!Number.isInteger(graph) || graph < 0 || graph >= graphs) {
      throw new LayerShapeError(
        `${op}: expected graphs 0 to ${graphs - 1} in graphOf, got ${graph} at node ${node}. Graphs count from 0.`,
      );
    }
    return counts[graph]++;
  });
  const size = counts.reduce((most, count) => Math.max(most, count), 0);
  const places = Int32Array.from(within, (at, node) => graphOf[node] * size + at);
  const table = new Int32Array(graphs * size).fill(graphOf.length);
  places.forEach((place, node) => {
    table[place] = node;
  });
  return {
    size,
    table,
    places,
    counts: Float64Array.from(counts, (count) => Math.max(count, 1)),
  };
}
