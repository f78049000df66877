import { checkNumbers, wholeIn } from './arguments/checks.ts';
import { refuse } from './arguments/refuse.ts';

/** What is written of a graph. */
export interface EdgeList {
  /** How many nodes; they are 0 … nodes - 1. */
  readonly nodes: number;
  /** The two ends of each edge. */
  readonly sources: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
}

/** @throws DataArgumentError unless they are graphs of at most `mostNodes` nodes with as many sources as targets */
export function checkEdgeLists(op: string, graphs: readonly EdgeList[], mostNodes: number): void {
  if (!Array.isArray(graphs)) refuse(op, 'graphs as an array', graphs, 'Put a single graph in brackets.');
  for (let i = 0; i < graphs.length; i++) {
    const graph: EdgeList = graphs[i];
    if (typeof graph !== 'object' || graph === null) {
      refuse(op, `graph ${i} as { nodes, sources, targets }`, graph, 'Pass what the readers of graphs give.');
    }
    const { nodes, sources, targets } = graph;
    wholeIn(0, mostNodes)(op, `nodes of graph ${i}`, nodes);
    checkNumbers(op, `sources of graph ${i}`, sources);
    checkNumbers(op, `targets of graph ${i}`, targets);
    if (targets.length === sources.length) continue;
    refuse(op, `${sources.length} targets in graph ${i}, one for each source`, targets, 'Give both ends of each edge.');
  }
}
