import { MemoryLimitError } from '@flowfield/equivariant-layers';
import { ArgumentError, checkedOptions, checkedWhole, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';
import { batchGraphs, type GraphBatch } from './batch.ts';
import { type Graph, graph } from './graph.ts';

/** Graphs padded to one size, row-major. */
export interface DenseBatch {
  readonly graphs: number;
  /** Nodes of each graph with padding. */
  readonly size: number;
  /** [graphs, size, size]: 1 for an arc from row to column, else 0. */
  readonly adjacency: Float64Array;
  /** [graphs, size]: 1 for a node, 0 for padding. */
  readonly mask: Uint8Array;
  /** [graphs, size, nodeWidth], 0 at padding. */
  readonly nodeFeatures: Float64Array;
  readonly nodeWidth: number;
  /** [graphs, size, size, edgeWidth], 0 where there is no arc. */
  readonly edgeFeatures: Float64Array;
  readonly edgeWidth: number;
}

export interface DenseOptions {
  /** Nodes with padding (default: those of the largest graph). */
  readonly size?: number;
  /** Bytes that the arrays may take together (default 1 GiB). */
  readonly memoryLimit?: number;
}

const DEFAULT_LIMIT = 2 ** 30;

/**
 * Graphs as padded dense arrays; nodes without arcs are nodes all the same.
 * @throws GraphError for a size below that of a graph; MemoryLimitError, before anything is allocated, for arrays beyond `memoryLimit`.
 */
export function toDense(list: Graph | GraphBatch, options: DenseOptions = {}): DenseBatch {
  const batch = isBatch(list) ? list : batchGraphs([list]);
  const counts = Array.from({ length: batch.graphs }, (_, g) => batch.nodeOffsets[g + 1] - batch.nodeOffsets[g]);
  const largest = counts.reduce((most, count) => Math.max(most, count), 0);
  const { memoryLimit = DEFAULT_LIMIT, ...given } = checkedOptions('toDense', options, ['size', 'memoryLimit']);
  const size = checkedWhole('toDense: size', given.size ?? largest, 0);
  if (!(memoryLimit > 0))
    throw new ArgumentError(`toDense: memoryLimit must be a positive number of bytes, got ${String(memoryLimit)}.`);
  if (size < largest)
    throw new GraphError(`toDense: expected a size of at least ${largest}, the largest graph, got ${size}.`);
  const { graphs, nodeWidth, edgeWidth } = batch;
  const bytes = 8 * graphs * size * (size * (1 + edgeWidth) + nodeWidth);
  if (bytes > memoryLimit) {
    throw new MemoryLimitError(
      `toDense: ${graphs} graphs of ${size} nodes, with ${nodeWidth} features of nodes and ${edgeWidth} of arcs, need ${bytes.toLocaleString('en-US')} bytes; the limit is ${memoryLimit.toLocaleString('en-US')}. Use the flat batch, fewer graphs, or raise memoryLimit.`,
    );
  }
  const adjacency = new Float64Array(graphs * size * size);
  const mask = new Uint8Array(graphs * size);
  const nodeFeatures = new Float64Array(graphs * size * nodeWidth);
  const edgeFeatures = new Float64Array(graphs * size * size * edgeWidth);
  const place = (node: number): number => batch.graphOf[node] * size + node - batch.nodeOffsets[batch.graphOf[node]];
  for (let node = 0; node < batch.nodes; node++) {
    mask[place(node)] = 1;
    nodeFeatures.set(batch.nodeFeatures.subarray(node * nodeWidth, (node + 1) * nodeWidth), place(node) * nodeWidth);
  }
  batch.sources.forEach((source, arc) => {
    const at = place(source) * size + (place(batch.targets[arc]) % size);
    adjacency[at] = 1;
    edgeFeatures.set(batch.edgeFeatures.subarray(arc * edgeWidth, (arc + 1) * edgeWidth), at * edgeWidth);
  });
  return { graphs, size, adjacency, mask, nodeFeatures, nodeWidth, edgeFeatures, edgeWidth };
}

/** What `fromDense` needs, as flat arrays; entries of the adjacency other than 0 are arcs. */
export interface DenseInput {
  readonly graphs: number;
  readonly size: number;
  readonly adjacency: ArrayLike<number>;
  readonly mask?: ArrayLike<number>;
  readonly nodeFeatures?: ArrayLike<number>;
  readonly nodeWidth?: number;
  readonly edgeFeatures?: ArrayLike<number>;
  readonly edgeWidth?: number;
}

/**
 * The graphs of padded dense arrays. Without a mask every place is a node. Real nodes come first or not: they are numbered in order.
 * @throws GraphError for arrays of other lengths, entries of the adjacency that are no numbers, and arcs at padding.
 */
export function fromDense(dense: DenseInput): GraphBatch {
  const op = 'fromDense';
  checkDense(op, dense);
  const { nodeWidth = 0, edgeWidth = 0, ...given } = dense;
  const graphs = checkedWhole(`${op}: graphs`, given.graphs, 1);
  const size = checkedWhole(`${op}: size`, given.size, 0);
  const arrayOf = (name: 'adjacency' | 'mask' | 'nodeFeatures' | 'edgeFeatures', length: number) => {
    const array = given[name];
    if (array === undefined && name !== 'adjacency') return undefined;
    const flat = Array.isArray(array) || ArrayBuffer.isView(array);
    if (flat && (array as ArrayLike<number>).length === length) return Float64Array.from(array as ArrayLike<number>);
    throw new GraphError(
      `${op}: expected ${name} of ${length} numbers for ${graphs} graphs of size ${size}, got ${flat ? (array as ArrayLike<number>).length : 'no flat array'}. Read tensors by data().`,
    );
  };
  const adjacency = arrayOf('adjacency', graphs * size * size) as Float64Array;
  const mask = arrayOf('mask', graphs * size);
  const nodeFeatures = arrayOf('nodeFeatures', graphs * size * nodeWidth);
  const edgeFeatures = arrayOf('edgeFeatures', graphs * size * size * edgeWidth);
  const hole = adjacency.findIndex((entry) => Number.isNaN(entry));
  if (hole >= 0)
    throw new GraphError(`${op}: expected numbers in adjacency, got NaN at place ${hole}. Write 0 where no arc is.`);
  return batchGraphs(
    Array.from({ length: graphs }, (_, g) => {
      const places = Array.from({ length: size }, (__, i) => i).filter((i) => mask === undefined || mask[g * size + i]);
      const number = new Map(places.map((place, node) => [place, node]));
      const edges: [number, number][] = [];
      const features: number[] = [];
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const at = (g * size + i) * size + j;
          if (adjacency[at] === 0) continue;
          const [from, to] = [number.get(i), number.get(j)];
          if (from === undefined || to === undefined) {
            throw new GraphError(
              `fromDense: expected arcs between nodes, got one from ${i} to ${j} of graph ${g} at padding. Correct the mask, or clear the entry.`,
            );
          }
          edges.push([from, to]);
          if (edgeFeatures) features.push(...edgeFeatures.subarray(at * edgeWidth, (at + 1) * edgeWidth));
        }
      }
      const rows = places.flatMap((place) =>
        nodeFeatures
          ? [...nodeFeatures.subarray((g * size + place) * nodeWidth, (g * size + place + 1) * nodeWidth)]
          : [],
      );
      return graph({
        nodes: places.length,
        edges,
        directed: true,
        ...(nodeFeatures ? { nodeFeatures: rows } : {}),
        ...(edgeFeatures ? { edgeFeatures: features } : {}),
      });
    }),
  );
}

/** A dense batch as tensors, the form that layers take. */
export interface DenseTensors {
  readonly adjacency: Tensor;
  readonly mask: Tensor;
  readonly nodeFeatures: Tensor;
  readonly edgeFeatures: Tensor;
}

/** The arrays of a dense batch as tensors [graphs, size, …]. Throws `ArgumentError` for unknown options or another dtype. */
export function denseTensors(dense: DenseBatch, options: { readonly dtype?: 'f32' | 'f64' } = {}): DenseTensors {
  const { dtype = 'f32' } = checkedOptions('denseTensors', options, ['dtype']);
  if (dtype !== 'f32' && dtype !== 'f64')
    throw new ArgumentError(`denseTensors: dtype must be 'f32' or 'f64', got ${String(dtype)}. Use one of these.`);
  checkDense('denseTensors', dense);
  const { graphs, size } = dense;
  const made = (data: Float64Array, shape: readonly number[]): Tensor => tensor(data, { dtype }).reshape([...shape]);
  return {
    adjacency: made(dense.adjacency, [graphs, size, size]),
    mask: tensor(Int32Array.from(dense.mask)).reshape([graphs, size]).greater(0),
    nodeFeatures: made(dense.nodeFeatures, [graphs, size, dense.nodeWidth]),
    edgeFeatures: made(dense.edgeFeatures, [graphs, size, size, dense.edgeWidth]),
  };
}

function checkDense(op: string, dense: unknown): void {
  if (typeof dense === 'object' && dense !== null && 'graphs' in dense) return;
  throw new GraphError(
    `${op}: expected dense arrays { graphs, size, adjacency, … }, got ${typeof dense === 'object' && dense !== null ? 'an object without them' : String(dense)}. Make them with toDense(graphs).`,
  );
}

const isBatch = (given: Graph | GraphBatch): given is GraphBatch =>
  (given as Partial<GraphBatch> | undefined)?.nodeOffsets !== undefined;
