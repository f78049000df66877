import { LayerShapeError, MaskError, NonFiniteInputError } from '@flowfield/equivariant-layers';
import {
  ArgumentError,
  checkTensor,
  firstNonFinite,
  knownData,
  segmentMax,
  segmentMean,
  segmentSum,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';

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
  readonly mask?: TensorLike;
}

/** How messages are reduced at a node; without any the result is 0. */
export type Reduce = 'sum' | 'mean' | 'max';

/** A checked graph with features of its nodes. */
export interface Topology {
  /** 0 at padding. */
  readonly x: Tensor;
  /** Shape of arc features without channels. */
  readonly arcs: readonly number[];
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
  const topology = padded ? dense(op, x, given as PaddedGraphs) : sparse(op, x, given as SparseGraphs);
  checkFinite(op, topology.x);
  return topology;
}

/** Throws `NonFiniteInputError` for NaN or infinity in features that are known at once; inside a trace they are not. */
function checkFinite(op: string, x: Tensor): void {
  const data = knownData(x);
  if (data === null) return;
  const at = firstNonFinite(data);
  if (at < 0) return;
  const width = x.shape[x.shape.length - 1];
  throw new NonFiniteInputError(
    `${op}: expected finite features of nodes, got ${data[at]} as number ${at % width} of row ${Math.floor(at / width)}. Look for missing values; padding may hold anything.`,
  );
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
  const matrix = placed(adjacency as TensorLike, x);
  checkTail(op, 'the adjacency', matrix, lead, [n, n], LayerShapeError);
  const flags = mask === undefined ? null : placed(mask as TensorLike, x);
  if (flags) checkTail(op, 'the mask', flags, lead, [n], MaskError);
  const real = flags ? flags.notEqual(0) : null;
  const joined = matrix.notEqual(0);
  const arcs = real ? joined.logicalAnd(real.expandDims(-1)).logicalAnd(real.expandDims(-2)) : joined;
  const each = arcs.expandDims(-1);
  const masked = (h: Tensor): Tensor => (real ? where(real.expandDims(-1), h, 0) : h);
  const counts = arcs
    .astype(x.dtype === 'f64' ? 'f64' : 'f32')
    .sum({ axis: -2 })
    .expandDims(-1);
  const reduced = (messages: Tensor, reduce: Reduce): Tensor => {
    const axis = -3;
    if (reduce === 'max') {
      return where(counts.greater(0), where(each, messages, Number.NEGATIVE_INFINITY).max({ axis }), 0);
    }
    const total = where(each, messages, 0).sum({ axis });
    return reduce === 'sum' ? total : total.div(counts.maximum(1));
  };
  return {
    x: masked(x),
    arcs: [...lead, n, n],
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

/** A tensor as it is; numbers as a tensor on the device of x. */
export const placed = (given: TensorLike, x: Tensor): Tensor =>
  Array.isArray((given as Tensor).shape) ? (given as Tensor) : tensor(given, { device: x.device?.name });

/** Numbers below `count` as integers; checked where they are given as an array. */
export function segmentIds(op: string, name: string, given: TensorLike, count: number, x: Tensor): Tensor {
  const values = given instanceof Int32Array || Array.isArray(given) ? (given as ArrayLike<number>) : null;
  for (let i = 0; values !== null && i < values.length; i++) {
    if (Number.isInteger(values[i]) && values[i] >= 0 && values[i] < count) continue;
    throw new GraphError(
      `${op}: expected ${name} 0 to ${count - 1}, got ${values[i]} at place ${i}. Numbers count from 0.`,
    );
  }
  return placed(values === null ? given : Int32Array.from(values), x);
}

/** Throws unless a tensor is [lead…, tail…] or [tail…]. */
export function checkTail(
  op: string,
  what: string,
  given: Tensor,
  lead: readonly number[],
  tail: readonly number[],
  Failure: new (message: string) => Error,
): void {
  const shape = given.shape.join();
  if (shape === [...lead, ...tail].join() || shape === tail.join()) return;
  throw new Failure(
    `${op}: expected ${what} of shape [${[...lead, ...tail].join(', ')}]${lead.length > 0 ? ` or [${tail.join(', ')}]` : ''}, got [${given.shape.join(', ')}].`,
  );
}
