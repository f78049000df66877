import { checkedOptions, checkedWhole, type Tensor, tensor } from '@flowfield/tensor-webgpu';
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
}

/**
 * Graphs as padded dense arrays; nodes without arcs are nodes all the same.
 * @throws GraphError for a size below that of a graph.
 */
export function toDense(given: Graph | GraphBatch, options: DenseOptions = {}): DenseBatch {
  const batch = isBatch(given) ? given : batchGraphs([given]);
  const counts = Array.from({ length: batch.graphs }, (_, g) => batch.nodeOffsets[g + 1] - batch.nodeOffsets[g]);
  const largest = counts.reduce((most, count) => Math.max(most, count), 0);
  const size = checkedWhole('toDense: size', checkedOptions('toDense', options, ['size']).size ?? largest, 0);
  if (size < largest)
    throw new GraphError(`toDense: expected a size of at least ${largest}, the largest graph, got ${size}.`);
  const { graphs, nodeWidth, edgeWidth } = batch;
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

/** What `fromDense` needs; entries of the adjacency other than 0 are arcs. */
export type DenseInput = Pick<DenseBatch, 'graphs' | 'size' | 'adjacency'> & Partial<DenseBatch>;

/**
 * The graphs of padded dense arrays. Without a mask every place is a node. Real nodes come first or not: they are numbered in order.
 * @throws GraphError for arrays of other lengths, and arcs at padding.
 */
export function fromDense(dense: DenseInput): GraphBatch {
  const { graphs, size, adjacency, mask, nodeFeatures, nodeWidth = 0, edgeFeatures, edgeWidth = 0 } = dense;
  const lengths = {
    adjacency: [adjacency, graphs * size * size],
    mask: [mask, graphs * size],
    nodeFeatures: [nodeFeatures, graphs * size * nodeWidth],
    edgeFeatures: [edgeFeatures, graphs * size * size * edgeWidth],
  } as const;
  for (const [name, [array, length]] of Object.entries(lengths)) {
    if (array === undefined || array.length === length) continue;
    throw new GraphError(
      `fromDense: expected ${name} of ${length} numbers for ${graphs} graphs of size ${size}, got ${array.length}.`,
    );
  }
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

/** The arrays of a dense batch as tensors [graphs, size, …]. */
export function denseTensors(
  dense: DenseBatch,
  { dtype = 'f32' }: { readonly dtype?: 'f32' | 'f64' } = {},
): DenseTensors {
  const { graphs, size } = dense;
  const made = (data: Float64Array, shape: readonly number[]): Tensor => tensor(data, { dtype }).reshape([...shape]);
  return {
    adjacency: made(dense.adjacency, [graphs, size, size]),
    mask: tensor(Int32Array.from(dense.mask)).reshape([graphs, size]).greater(0),
    nodeFeatures: made(dense.nodeFeatures, [graphs, size, dense.nodeWidth]),
    edgeFeatures: made(dense.edgeFeatures, [graphs, size, size, dense.edgeWidth]),
  };
}

const isBatch = (given: Graph | GraphBatch): given is GraphBatch =>
  (given as Partial<GraphBatch> | undefined)?.nodeOffsets !== undefined;
