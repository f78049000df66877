import { type PlainGraph, parseGraph6 } from '@flowfield/datasets';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';
import { neighborsOf, pairsWithin, refinementClasses } from './colorRefinement.ts';

/** The connected graphs on eight nodes. */
export const GRAPH8C = 'sr/graph8c.g6';

export interface HardPairs {
  /** Graphs that color refinement cannot tell from another one. */
  readonly graphs: readonly PlainGraph[];
  /** Adjacency, [graphs, 8, 8] in f64. */
  readonly adjacency: Tensor;
  /** Pairs that it cannot tell apart, as indices of `graphs`. */
  readonly pairs: readonly (readonly [number, number])[];
  /** One graph of each of some classes that it does tell apart, [graphs, 8, 8]. */
  readonly others: Tensor;
}

/** The pairs of graph8c that color refinement cannot tell apart: 312, of 395 graphs. */
export async function hardPairs(files: DataFiles): Promise<HardPairs> {
  const all = parseGraph6(await files.benchmark(GRAPH8C), { file: GRAPH8C });
  const classes = refinementClasses(all.map(({ nodes, sources, targets }) => neighborsOf(nodes, sources, targets)));
  const hard = classes.filter((list) => list.length > 1);
  const used = hard.flat();
  const places = new Map(used.map((graph, place) => [graph, place]));
  const place = (graph: number): number => places.get(graph) as number;
  return {
    graphs: used.map((graph) => all[graph]),
    adjacency: adjacencyOf(used.map((graph) => all[graph])),
    pairs: pairsWithin(hard).map(([a, b]) => [place(a), place(b)] as const),
    others: adjacencyOf(hard.map(([first]) => all[first])),
  };
}

/** [graphs, n, n] in f64, of graphs with one number of nodes. */
export function adjacencyOf(graphs: readonly PlainGraph[]): Tensor {
  const n = graphs[0].nodes;
  const values = new Float64Array(graphs.length * n * n);
  graphs.forEach(({ sources, targets }, graph) => {
    for (let edge = 0; edge < sources.length; edge++) {
      const [a, b] = [sources[edge], targets[edge]];
      values[(graph * n + a) * n + b] = 1;
      values[(graph * n + b) * n + a] = 1;
    }
  });
  return tensor(values, { dtype: 'f64' }).reshape([graphs.length, n, n]);
}
