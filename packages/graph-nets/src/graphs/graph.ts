import { ArgumentError, checkedOptions, checkedWhole } from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';

/**
 * A graph as plain data: compressed sparse rows. The arcs that leave node i are offsets[i] … offsets[i + 1] - 1, sorted by where they go; an undirected edge is two arcs, a loop
 * one.
 */
export interface Graph {
  readonly nodes: number;
  /** [nodes + 1] */
  readonly offsets: Int32Array;
  /** Where each arc starts, ascending. */
  readonly sources: Int32Array;
  /** Where each arc goes; messages flow along arcs. */
  readonly targets: Int32Array;
  /** Row-major [nodes, nodeWidth]; empty without features. */
  readonly nodeFeatures: Float64Array;
  readonly nodeWidth: number;
  /** Row-major [arcs, edgeWidth], in the order of the arcs. */
  readonly edgeFeatures: Float64Array;
  readonly edgeWidth: number;
}

/** Numbers for each node or edge: one a row, or rows, or a flat array of them. */
export type Features = ArrayLike<number> | readonly (readonly number[])[];

export interface GraphOptions {
  readonly nodes: number;
  /** Pairs of ends. Or give `sources` and `targets`. */
  readonly edges?: readonly (readonly [number, number])[];
  readonly sources?: ArrayLike<number>;
  readonly targets?: ArrayLike<number>;
  /** Whether arcs are given one by one (true), or every edge once for both directions (default false). */
  readonly directed?: boolean;
  /** What edges given several times do (also as i-j and j-i unless directed): 'error' (default), or 'sum', one edge with the sum of their features. */
  readonly repeated?: 'error' | 'sum';
  /** One row for each node. */
  readonly nodeFeatures?: Features;
  /** One row for each edge as given. */
  readonly edgeFeatures?: Features;
}

const names = ['nodes', 'edges', 'sources', 'targets', 'directed', 'repeated', 'nodeFeatures', 'edgeFeatures'] as const;

/**
 * A graph from its edges. Features of edges follow their edges into the order of the arcs.
 * @throws GraphError for ends that are not there, edges given twice unless `repeated` is 'sum', or features of another count; ArgumentError for
 *   unknown options.
 */
export function graph(options: GraphOptions): Graph {
  const op = 'graph';
  const { edges, directed = false, repeated = 'error', ...given } = checkedOptions(op, options, names);
  const nodes = checkedWhole(`${op}: nodes`, given.nodes, 0);
  if (typeof directed !== 'boolean') throw new ArgumentError(`${op}: directed must be true or false, got ${directed}.`);
  if (repeated !== 'error' && repeated !== 'sum')
    throw new ArgumentError(`${op}: repeated must be 'error' or 'sum', got ${String(repeated)}.`);
  const [sources, targets] = endsOf(op, edges, given.sources, given.targets);
  const count = sources.length;
  const nodeRows = rowsOf(op, 'nodeFeatures', given.nodeFeatures, nodes);
  const edgeRows = rowsOf(op, 'edgeFeatures', given.edgeFeatures, count);

  const arcs: { from: number; to: number; edge: number }[] = [];
  for (let edge = 0; edge < count; edge++) {
    const [from, to] = [sources[edge], targets[edge]];
    for (const end of [from, to]) {
      if (Number.isInteger(end) && end >= 0 && end < nodes) continue;
      throw new GraphError(
        `${op}: expected ends 0 to ${nodes - 1}, got ${end} in edge ${edge}, ${from}-${to}. Nodes count from 0; give nodes the number of all nodes.`,
      );
    }
    arcs.push({ from, to, edge });
    if (!directed && from !== to) arcs.push({ from: to, to: from, edge });
  }
  arcs.sort((a, b) => a.from - b.from || a.to - b.to || a.edge - b.edge);
  const kept: { from: number; to: number; edges: number[] }[] = [];
  for (const { from, to, edge } of arcs) {
    const before = kept[kept.length - 1];
    if (before?.from !== from || before.to !== to) {
      kept.push({ from, to, edges: [edge] });
      continue;
    }
    if (repeated === 'error') {
      throw new GraphError(
        `${op}: expected each edge once, got ${from}-${to} as edges ${before.edges[0]} and ${edge}. ` +
          (directed
            ? "Say repeated: 'sum' to add them."
            : "If both directions are listed, say directed: true; to add them, repeated: 'sum'."),
      );
    }
    before.edges.push(edge);
  }
  const offsets = new Int32Array(nodes + 1);
  for (const { from } of kept) offsets[from + 1]++;
  for (let i = 0; i < nodes; i++) offsets[i + 1] += offsets[i];
  const { width } = edgeRows;
  const edgeFeatures = new Float64Array(kept.length * width);
  kept.forEach((arc, i) => {
    for (const edge of arc.edges) {
      for (let c = 0; c < width; c++) edgeFeatures[i * width + c] += edgeRows.data[edge * width + c];
    }
  });
  return {
    nodes,
    offsets,
    sources: Int32Array.from(kept, ({ from }) => from),
    targets: Int32Array.from(kept, ({ to }) => to),
    nodeFeatures: nodeRows.data,
    nodeWidth: nodeRows.width,
    edgeFeatures,
    edgeWidth: width,
  };
}

/** All arcs between different nodes of n, without features. Throws `ArgumentError` unless n is a whole number. */
export function completeGraph(nodes: number): Graph {
  checkedWhole('completeGraph: nodes', nodes, 0);
  const edges = Array.from({ length: nodes }, (_, j) => Array.from({ length: j }, (__, i) => [i, j] as const)).flat();
  return graph({ nodes, edges });
}

/** `given` itself. Throws `GraphError` unless it is a graph. */
export function checkedGraph<G extends Graph>(op: string, given: G): G {
  if (given?.offsets?.length === given?.nodes + 1 && given.targets?.length !== undefined) return given;
  throw new GraphError(
    `${op}: expected a graph, got ${typeof given === 'object' && given !== null ? 'an object that is none' : String(given)}. Make it with graph({ nodes, edges }).`,
  );
}

/** The place of the arc from one node to another among the arcs, or -1. Throws `GraphError` for what is no graph. */
export function findArc(of: Graph, from: number, to: number): number {
  const { nodes, offsets, targets } = checkedGraph('findArc', of);
  if (!(from >= 0 && from < nodes)) return -1;
  let [low, high] = [offsets[from], offsets[from + 1]];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (targets[middle] < to) low = middle + 1;
    else high = middle;
  }
  return low < offsets[from + 1] && targets[low] === to ? low : -1;
}

/** The features of the arc from one node to another, or `null` where there is none. Throws `GraphError` for what is no graph. */
export function edgeFeature(of: Graph, from: number, to: number): Float64Array | null {
  const arc = findArc(of, from, to);
  return arc < 0 ? null : of.edgeFeatures.slice(arc * of.edgeWidth, (arc + 1) * of.edgeWidth);
}

function endsOf(
  op: string,
  edges: GraphOptions['edges'],
  sources: ArrayLike<number> | undefined,
  targets: ArrayLike<number> | undefined,
): [ArrayLike<number>, ArrayLike<number>] {
  if (edges !== undefined && sources === undefined && targets === undefined) {
    if (!Array.isArray(edges) || edges.some((edge) => edge?.length !== 2))
      throw new GraphError(`${op}: expected edges as a list of pairs, got another value. Write [[0, 1], [1, 2]].`);
    return [edges.map(([i]) => i), edges.map(([, j]) => j)];
  }
  if (edges === undefined && sources?.length !== undefined && sources.length === targets?.length)
    return [sources, targets as ArrayLike<number>];
  throw new GraphError(
    `${op}: expected edges, or sources and targets of one length, got ${edges === undefined ? '' : 'edges and '}${sources?.length ?? 'no'} sources and ${targets?.length ?? 'no'} targets. Give one of both; [] for no edges.`,
  );
}

function rowsOf(
  op: string,
  name: string,
  given: Features | undefined,
  count: number,
): { data: Float64Array; width: number } {
  if (given === undefined) return { data: new Float64Array(0), width: 0 };
  const nested = Array.isArray(given) && Array.isArray(given[0]);
  const rows = given as readonly (readonly number[])[];
  const data = Float64Array.from(nested ? rows.flat() : (given as ArrayLike<number>));
  const width = count === 0 ? 0 : data.length / count;
  const ragged = nested && (rows.length !== count || rows.some((row) => row.length !== width));
  if (Number.isInteger(width) && !ragged && (count > 0 || data.length === 0)) return { data, width };
  throw new GraphError(
    `${op}: expected ${name} with one row for each of ${count}, got ${nested ? `${rows.length} rows` : `${data.length} numbers`}. Give rows of one width.`,
  );
}
