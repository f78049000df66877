import type { LabelledGraph } from '@flowfield/datasets';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { type GraphSet, shuffled } from './graphSet.ts';

/** Graphs in one padded shape. */
export type GraphBatch = {
  /** 0 or 1, [batch, n, n]. */
  adjacency: Tensor;
  /** One-hot tags [batch, n, tags]. */
  tags: Tensor;
  /** Which nodes are real [batch, n]. */
  mask: Tensor;
  /** Classes [batch]. */
  labels: Tensor;
  /** 1, or 0 for rows that only fill the batch [batch]. */
  weights: Tensor;
};

/** Batches of at most `most` graphs of one size, in random order: how IGN is trained. */
export function equalSizeBatches(set: GraphSet, graphs: readonly number[], most: number, key: random.Key): number[][] {
  const [graphKey, batchKey] = random.split(key);
  const groups = grouped(shuffled(graphs, graphKey), (graph) => set.graphs[graph].nodes);
  return shuffled(
    groups.flatMap((list) => chunks(list, most)),
    batchKey,
  );
}

/** Batches of at most `most` graphs that are padded to one size, for evaluation. */
export const paddedBatches = (set: GraphSet, graphs: readonly number[], most: number): number[][] =>
  grouped(graphs, (graph) => paddedSize(set.graphs[graph].nodes)).flatMap((list) => chunks(list, most));

/** A batch as tensors. Nodes and rows are padded to a few shapes, since each new shape is a compilation. */
export function graphBatch({ graphs, labels, tags }: GraphSet, chosen: readonly number[], rows: number): GraphBatch {
  const n = paddedSize(Math.max(...chosen.map((graph) => graphs[graph].nodes)));
  const adjacency = new Float32Array(rows * n * n);
  const oneHot = new Float32Array(rows * n * tags);
  // A row that only fills the batch has one node, so that its means exist.
  const mask = Float32Array.from({ length: rows * n }, (_, i) => (i % n === 0 ? 1 : 0));
  chosen.forEach((graph, row) => {
    const one: LabelledGraph = graphs[graph];
    one.sources.forEach((source, arc) => {
      adjacency[(row * n + source) * n + one.targets[arc]] = 1;
    });
    one.tags.forEach((tag, node) => {
      mask[row * n + node] = 1;
      if (tags > 0) oneHot[(row * n + node) * tags + tag] = 1;
    });
  });
  return {
    adjacency: tensor(adjacency).reshape([rows, n, n]),
    tags: tensor(oneHot).reshape([rows, n, tags]),
    mask: tensor(mask).reshape([rows, n]),
    labels: tensor(Int32Array.from({ length: rows }, (_, row) => labels[chosen[row] ?? chosen[0]])),
    weights: tensor(Float32Array.from({ length: rows }, (_, row) => (row < chosen.length ? 1 : 0))),
  };
}

/** Multiples of 4, from 32 nodes on of 8, from 64 on of 16. */
function paddedSize(nodes: number): number {
  const step = nodes <= 32 ? 4 : nodes <= 64 ? 8 : 16;
  return Math.ceil(nodes / step) * step;
}

function grouped(graphs: readonly number[], of: (graph: number) => number): number[][] {
  const groups = new Map<number, number[]>();
  for (const graph of graphs) groups.set(of(graph), [...(groups.get(of(graph)) ?? []), graph]);
  return [...groups.entries()].sort(([a], [b]) => a - b).map(([, list]) => list);
}

const chunks = (list: readonly number[], most: number): number[][] =>
  Array.from({ length: Math.ceil(list.length / most) }, (_, i) => list.slice(i * most, (i + 1) * most));
