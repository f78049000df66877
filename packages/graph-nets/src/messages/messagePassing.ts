import { LayerShapeError } from '@flowfield/equivariant-layers';
import {
  checkedOptions,
  checkedWhole,
  checkFunctions,
  checkTensor,
  onesLike,
  type Tensor,
  type TensorLike,
  where,
} from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';
import { checkFinite, floating, realNodes, segmentIds } from './given.ts';
import { checkedReduce, type PaddedGraphs, type Reduce, type SparseGraphs, segments, topologyOf } from './topology.ts';

export interface MessageOptions {
  /**
   * What an arc sends, from the features of its source, of its target, and of itself (default: those of its source). With padded graphs the arguments broadcast
   * over [lead…, n, n, c].
   */
  readonly message?: (source: Tensor, target: Tensor, edges: Tensor | null) => Tensor;
  /** Default 'sum'. A node where nothing arrives has 0. */
  readonly reduce?: Reduce;
  /** Features of arcs, [arcs, e] or [lead…, n, n, e]. */
  readonly edges?: Tensor;
}

/**
 * m_i = reduce over arcs j -> i of message(x_j, x_i, e_ji): x [nodes, c] over arcs, or [lead…, n, c] over padded graphs. Padding sends nothing and is 0.
 * @throws LayerShapeError for features that do not fit, MaskError, GraphError for arcs to nodes that are not there; ArgumentError for unknown options.
 */
export function messagePassing(x: Tensor, graph: SparseGraphs | PaddedGraphs, options: MessageOptions = {}): Tensor {
  const op = 'messagePassing';
  const { message, reduce = 'sum', edges } = checkedOptions(op, options, ['message', 'reduce', 'edges']);
  checkedReduce(`${op}: reduce`, reduce);
  checkTensor(op, 'x', x);
  const topology = topologyOf(op, x, graph, x.shape[x.shape.length - 1]);
  if (message === undefined) return topology.masked(topology.neighbours(topology.x, reduce));
  checkFunctions(op, message);
  const rows = edges === undefined ? null : topology.edgeFeatures(edges, null);
  const sent = message(topology.atSources(topology.x), topology.atTargets(topology.x), rows);
  checkTensor(op, 'the result of message', sent);
  return topology.masked(
    topology.reduced(sent.broadcastTo([...topology.arcs, sent.shape[sent.shape.length - 1]]), reduce),
  );
}

/** Nodes of a flat batch by graph; a `GraphBatch` is one. */
export interface GraphsOfNodes {
  readonly graphs: number;
  readonly graphOf: TensorLike;
}

/**
 * Node features reduced to one row for each graph: x [nodes, c] with the graphs of nodes -> [graphs, c], or [lead…, n, c] with a mask -> [lead…, c]. A graph without nodes
 * keeps its row, with 0 in it.
 * @throws LayerShapeError for features that do not fit, MaskError, GraphError for graphs that are not there; ArgumentError for another `reduce`; NonFiniteInputError
 *   for NaN or infinity outside padding, and outside a trace.
 */
export function poolGraphs(
  x: Tensor,
  graph: GraphsOfNodes | { readonly mask?: TensorLike | null },
  reduce: Reduce = 'sum',
): Tensor {
  const op = 'poolGraphs';
  checkTensor(op, 'x', x);
  checkedReduce(`${op}: reduce`, reduce);
  if (typeof graph !== 'object' || graph === null)
    throw new GraphError(`${op}: expected { graphs, graphOf } or { mask }, got ${String(graph)}.`);
  const flat = graph as Partial<GraphsOfNodes>;
  if (flat.graphOf !== undefined && flat.graphs !== undefined) return pooledFlat(op, x, flat as GraphsOfNodes, reduce);
  if (x.shape.length < 2)
    throw new LayerShapeError(`${op}: expected features [..., n, c], got [${x.shape.join(', ')}].`);
  return pooledDense(op, x, (graph as { readonly mask?: TensorLike | null }).mask, reduce);
}

function pooledFlat(op: string, x: Tensor, { graphs, graphOf }: GraphsOfNodes, reduce: Reduce): Tensor {
  const of = segmentIds(op, 'graphOf', graphOf, checkedWhole(`${op}: graphs`, graphs, 0), x);
  if (x.shape.length !== 2 || of.shape[0] !== x.shape[0]) {
    throw new LayerShapeError(
      `${op}: expected features [${of.shape[0]}, c], one row for each node, got [${x.shape.join(', ')}].`,
    );
  }
  checkFinite(op, 'features of nodes', x);
  return segments(floating(x), of, graphs, reduce);
}

function pooledDense(op: string, x: Tensor, mask: TensorLike | null | undefined, reduce: Reduce): Tensor {
  const lead = x.shape.slice(0, -2);
  const n = x.shape[lead.length];
  const real = realNodes(op, mask, lead, n, x);
  const flags = (real ?? onesLike(x.slice('...', 0)).greater(0)).broadcastTo([...lead, n]).expandDims(-1);
  const kept = where(flags, floating(x), 0);
  checkFinite(op, 'features of nodes', kept);
  const axis = -2;
  if (reduce === 'max' && n > 0)
    return where(flags.any({ axis }), where(flags, kept, Number.NEGATIVE_INFINITY).max({ axis }), 0);
  const total = kept.sum({ axis });
  return reduce === 'mean' ? total.div(flags.astype(kept.dtype).sum({ axis }).maximum(1)) : total;
}
