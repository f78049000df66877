import { LayerShapeError, MaskError } from '@flowfield/equivariant-layers';
import {
  checkedOptions,
  checkFunctions,
  checkTensor,
  type Tensor,
  type TensorLike,
  where,
} from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';
import {
  checkedReduce,
  checkTail,
  type PaddedGraphs,
  placed,
  type Reduce,
  type SparseGraphs,
  segmentIds,
  segments,
  type Topology,
  topologyOf,
} from './topology.ts';

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
  if (edges !== undefined) checkEdges(op, edges, topology, null);
  const sent = message(topology.atSources(topology.x), topology.atTargets(topology.x), edges ?? null);
  checkTensor(op, 'the result of message', sent);
  return topology.masked(
    topology.reduced(sent.broadcastTo([...topology.arcs, sent.shape[sent.shape.length - 1]]), reduce),
  );
}

/** Throws `LayerShapeError` unless there are features, `width` of them, for every arc. */
export function checkEdges(op: string, edges: Tensor, { arcs }: Topology, width: number | null): void {
  checkTensor(op, 'edges', edges);
  const { shape } = edges;
  const fits = shape.length === arcs.length + 1 && arcs.every((extent, i) => shape[i] === extent);
  if (fits && (width === null || shape[arcs.length] === width)) return;
  throw new LayerShapeError(
    `${op}: expected features of arcs [${arcs.join(', ')}, ${width ?? 'e'}], got [${shape.join(', ')}]. Give one row for each arc, in the order of the arcs.`,
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
 * @throws LayerShapeError for features that do not fit; ArgumentError for another `reduce`.
 */
export function poolGraphs(
  x: Tensor,
  graph: GraphsOfNodes | { readonly mask?: TensorLike },
  reduce: Reduce = 'sum',
): Tensor {
  const op = 'poolGraphs';
  checkTensor(op, 'x', x);
  checkedReduce(`${op}: reduce`, reduce);
  const flat = graph as Partial<GraphsOfNodes>;
  if (flat.graphOf !== undefined && flat.graphs !== undefined) {
    const of = segmentIds(op, 'graphOf', flat.graphOf, flat.graphs, x);
    if (x.shape.length === 2 && of.shape.length === 1 && of.shape[0] === x.shape[0])
      return segments(x, of, flat.graphs, reduce);
    throw new LayerShapeError(
      `${op}: expected features [${of.shape[0]}, c], one row for each node, got [${x.shape.join(', ')}].`,
    );
  }
  if (typeof graph !== 'object' || graph === null)
    throw new GraphError(`${op}: expected { graphs, graphOf } or { mask }, got ${String(graph)}.`);
  const { mask } = graph as { readonly mask?: TensorLike };
  if (x.shape.length < 2)
    throw new LayerShapeError(`${op}: expected features [..., n, c], got [${x.shape.join(', ')}].`);
  const lead = x.shape.slice(0, -2);
  const n = x.shape[lead.length];
  const given = placed(mask ?? true, x);
  if (mask !== undefined) checkTail(op, 'the mask', given, lead, [n], MaskError);
  const flags = given
    .notEqual(0)
    .broadcastTo([...lead, n])
    .expandDims(-1);
  const axis = -2;
  if (reduce === 'max')
    return n === 0
      ? x.sum({ axis })
      : where(flags.any({ axis }), where(flags, x, Number.NEGATIVE_INFINITY).max({ axis }), 0);
  const total = where(flags, x, 0).sum({ axis });
  return reduce === 'sum' ? total : total.div(flags.astype(x.dtype).sum({ axis }).maximum(1));
}
