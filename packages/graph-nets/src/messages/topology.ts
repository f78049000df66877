import { LayerShapeError } from '@flowfield/equivariant-layers';
import {
  ArgumentError,
  checkTensor,
  segmentMax,
  segmentMean,
  segmentSum,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';
import { arcsOf, checkFinite, edgeRows, floating, realNodes, segmentIds } from './given.ts';

/** Arcs one after another; a `Graph` or `GraphBatch` is one. Features of nodes are [nodes, c], of arcs [arcs, e]. */
export interface SparseGraphs {
  readonly nodes: number;
  readonly sources: TensorLike;
  readonly targets: TensorLike;
}

/** Padded graphs. Features of nodes are [lead…, n, c], of arcs [lead…, n, n, e]. */
export interface PaddedGraphs {
  /** [lead…, n, n], or [n, n] for a whole batch: an arc from row to column where it is not 0. */
  readonly adjacency: TensorLike;
  /** Which nodes are real, [lead…, n] or [n]. */
  readonly mask?: TensorLike | null;
}

/** How messages are reduced at a node; without any the result is 0. */
export type Reduce = 'sum' | 'mean' | 'max';

/** A checked graph with features of its nodes. */
export interface Topology {
  /** 0 at padding. */
  readonly x: Tensor;
  /** Shape of arc features without channels. */
  readonly arcs: readonly number[];
  /** Given features of arcs, `width` of them unless `null`: floating, checked, 0 where padded graphs have no arc. */
  edgeFeatures(edges: Tensor, width: number | null): Tensor;
  /** Node features at the start and at the end of every arc, of the shape of arc features or one that broadcasts with it. */
  atSources(h: Tensor): Tensor;
  atTargets(h: Tensor): Tensor;
  /** Messages of arcs reduced at the nodes where they arrive. */
  reduced(messages: Tensor, reduce: Reduce): Tensor;
  /** `reduced(atSources(h), reduce)`, without a message for each arc where that is possible. */
  neighbours(h: Tensor, reduce: Reduce): Tensor;
  masked(h: Tensor): Tensor;
}

export function checkedReduce(what: string, given: Reduce): Reduce {
  if (given === 'sum' || given === 'mean' || given === 'max') return given;
  throw new ArgumentError(`${what} must be 'sum', 'mean' or 'max', got ${String(given)}. Use one of these.`);
}

/** Checks a graph and the features of its nodes, `channels` of them. */
export function topologyOf(op: string, x: Tensor, graph: SparseGraphs | PaddedGraphs, channels: number): Topology {
  checkTensor(op, 'x', x);
  const given = graph as Partial<SparseGraphs & PaddedGraphs> | undefined;
  const padded = given?.adjacency !== undefined;
  if (!padded && (given?.sources === undefined || given.targets === undefined)) {
    throw new GraphError(
      `${op}: expected a graph, { nodes, sources, targets } or { adjacency, mask }, got neither. Make one with graph or denseTensors.`,
    );
  }
  if (x.shape.length < 2 || x.shape[x.shape.length - 1] !== channels || (!padded && x.shape.length !== 2)) {
    throw new LayerShapeError(
      `${op}: expected node features [${padded ? '…, n' : 'nodes'}, ${channels}], got [${x.shape.join(', ')}]. Give one row for each node.`,
    );
  }
  const features = floating(x);
  const topology = padded ? dense(op, features, given as PaddedGraphs) : sparse(op, features, given as SparseGraphs);
  checkFinite(op, 'features of nodes', topology.x);
  return topology;
}

function sparse(op: string, x: Tensor, { nodes, sources, targets }: SparseGraphs): Topology {
  if (x.shape[0] !== nodes) {
    throw new LayerShapeError(
      `${op}: expected features of ${nodes} nodes, got ${x.shape[0]} rows. Give one row for each node.`,
    );
  }
  const [from, to] = [segmentIds(op, 'sources', sources, nodes, x), segmentIds(op, 'targets', targets, nodes, x)];
  if (from.shape[0] !== to.shape[0])
    throw new GraphError(`${op}: expected as many sources as targets, got ${from.shape[0]} and ${to.shape[0]}.`);
  const reduced = (messages: Tensor, reduce: Reduce): Tensor => segments(messages, to, nodes, reduce);
  const atSources = (h: Tensor): Tensor => h.take(from);
  return {
    x,
    arcs: [from.shape[0]],
    edgeFeatures(edges, width) {
      const rows = edgeRows(op, edges, [from.shape[0]], width);
      checkFinite(op, 'features of arcs', rows);
      return rows;
    },
    atSources,
    atTargets: (h) => h.take(to),
    reduced,
    neighbours: (h, reduce) => reduced(atSources(h), reduce),
    masked: (h) => h,
  };
}

function dense(op: string, x: Tensor, { adjacency, mask }: PaddedGraphs): Topology {
  const lead = x.shape.slice(0, -2);
  const n = x.shape[x.shape.length - 2];
  const joined = arcsOf(op, adjacency, lead, n, x);
  const real = realNodes(op, mask, lead, n, x);
  const arcs = real ? joined.logicalAnd(real.expandDims(-1)).logicalAnd(real.expandDims(-2)) : joined;
  const each = arcs.expandDims(-1);
  const masked = (h: Tensor): Tensor => (real ? where(real.expandDims(-1), h, 0) : h);
  const counts = arcs
    .astype(x.dtype === 'f64' ? 'f64' : 'f32')
    .sum({ axis: -2 })
    .expandDims(-1);
  const reduced = (messages: Tensor, reduce: Reduce): Tensor => {
    const axis = -3;
    if (reduce === 'max' && n > 0) {
      return where(counts.greater(0), where(each, messages, Number.NEGATIVE_INFINITY).max({ axis }), 0);
    }
    const total = where(each, messages, 0).sum({ axis });
    return reduce === 'mean' ? total.div(counts.maximum(1)) : total;
  };
  return {
    x: masked(x),
    arcs: [...lead, n, n],
    edgeFeatures(edges, width) {
      // Where no arc is there may be anything, NaN too, and no derivative comes from it.
      const rows = where(each, edgeRows(op, edges, [...lead, n, n], width), 0);
      checkFinite(op, 'features of arcs', rows);
      return rows;
    },
    atSources: (h) => h.expandDims(-2),
    atTargets: (h) => h.expandDims(-3),
    reduced,
    neighbours(h, reduce) {
      if (reduce === 'max') return reduced(h.expandDims(-2), reduce);
      const total = arcs.astype(h.dtype).swapaxes(-1, -2).matmul(h);
      return reduce === 'sum' ? total : total.div(counts.maximum(1));
    },
    masked,
  };
}

/** Rows reduced by segment; segments without rows are 0. */
export function segments(rows: Tensor, of: TensorLike, count: number, reduce: Reduce): Tensor {
  if (reduce === 'sum') return segmentSum(rows, of, count);
  if (reduce === 'mean') return segmentMean(rows, of, count);
  const members = segmentSum(
    tensor(1, { dtype: rows.dtype, device: rows.device?.name }).broadcastTo([rows.shape[0]]),
    of,
    count,
  );
  const shape = [count, ...rows.shape.slice(1).map(() => 1)];
  return where(members.greater(0).reshape(shape), segmentMax(rows, of, count), 0);
}
