import { GraphError } from '../errors.ts';
import { checkedGraph, type Graph } from './graph.ts';

/** Several graphs side by side as one, without arcs between them. */
export interface GraphBatch extends Graph {
  readonly graphs: number;
  /** Nodes of graph g are nodeOffsets[g] … nodeOffsets[g + 1] - 1. [graphs + 1] */
  readonly nodeOffsets: Int32Array;
  /** The graph of each node. */
  readonly graphOf: Int32Array;
}

/**
 * Graphs as one batch, in order; graphs without nodes keep their place.
 * @throws GraphError for no graphs, values that are no graphs, or features of different widths.
 */
export function batchGraphs(list: readonly Graph[]): GraphBatch {
  if (!Array.isArray(list) || list.length === 0)
    throw new GraphError('batchGraphs: expected a list of at least one graph, got none.');
  list.forEach((one, g) => {
    if (one?.offsets instanceof Int32Array && one.sources instanceof Int32Array) return;
    throw new GraphError(`batchGraphs: expected graphs, got another value at place ${g}. Make each with graph.`);
  });
  const widthOf = (name: 'nodeWidth' | 'edgeWidth', count: (one: Graph) => number): number => {
    const widths = [...new Set(list.filter((one) => count(one) > 0).map((one) => one[name]))];
    if (widths.length <= 1) return widths[0] ?? 0;
    throw new GraphError(
      `batchGraphs: expected one ${name} for all graphs, got ${widths.join(' and ')}. Give every graph the same features.`,
    );
  };
  const nodeWidth = widthOf('nodeWidth', ({ nodes }) => nodes);
  const edgeWidth = widthOf('edgeWidth', ({ sources }) => sources.length);
  const nodeOffsets = new Int32Array(list.length + 1);
  list.forEach(({ nodes }, g) => {
    nodeOffsets[g + 1] = nodeOffsets[g] + nodes;
  });
  const nodes = nodeOffsets[list.length];
  const moved = (part: (one: Graph) => Int32Array): Int32Array =>
    Int32Array.from(list.flatMap((one, g) => Array.from(part(one), (node) => node + nodeOffsets[g])));
  const offsets = new Int32Array(nodes + 1);
  let arcs = 0;
  list.forEach((one, g) => {
    for (let i = 1; i <= one.nodes; i++) offsets[nodeOffsets[g] + i] = arcs + one.offsets[i];
    arcs += one.sources.length;
  });
  return {
    nodes,
    offsets,
    sources: moved((one) => one.sources),
    targets: moved((one) => one.targets),
    nodeFeatures: joined(list.map((one) => one.nodeFeatures)),
    nodeWidth,
    edgeFeatures: joined(list.map((one) => one.edgeFeatures)),
    edgeWidth,
    graphs: list.length,
    nodeOffsets,
    graphOf: Int32Array.from(list.flatMap((one, g) => Array<number>(one.nodes).fill(g))),
  };
}

/** The graphs of a batch, one by one. Throws `GraphError` for what is no batch. */
export function unbatchGraphs(batch: GraphBatch): Graph[] {
  if (checkedGraph('unbatchGraphs', batch).nodeOffsets?.length !== batch.graphs + 1)
    throw new GraphError(
      'unbatchGraphs: expected a batch of graphs, got one graph. Make a batch with batchGraphs(graphs).',
    );
  return Array.from({ length: batch.graphs }, (_, g) => {
    const [from, to] = [batch.nodeOffsets[g], batch.nodeOffsets[g + 1]];
    const [first, last] = [batch.offsets[from], batch.offsets[to]];
    return {
      nodes: to - from,
      offsets: batch.offsets.slice(from, to + 1).map((at) => at - first),
      sources: batch.sources.slice(first, last).map((node) => node - from),
      targets: batch.targets.slice(first, last).map((node) => node - from),
      nodeFeatures: batch.nodeFeatures.slice(from * batch.nodeWidth, to * batch.nodeWidth),
      nodeWidth: batch.nodeWidth,
      edgeFeatures: batch.edgeFeatures.slice(first * batch.edgeWidth, last * batch.edgeWidth),
      edgeWidth: batch.edgeWidth,
    };
  });
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
