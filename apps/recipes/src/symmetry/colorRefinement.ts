/** A graph as the neighbors of each node. */
export type Neighbors = readonly (readonly number[])[];

/** The neighbors of every node from a list of edges, each named once. */
export function neighborsOf(nodes: number, sources: ArrayLike<number>, targets: ArrayLike<number>): number[][] {
  const neighbors = Array.from({ length: nodes }, (): number[] => []);
  for (let edge = 0; edge < sources.length; edge++) {
    neighbors[sources[edge]].push(targets[edge]);
    neighbors[targets[edge]].push(sources[edge]);
  }
  return neighbors;
}

/**
 * What color refinement (1-WL) sees of a graph after as many rounds as it has nodes: equal texts for graphs that it cannot tell apart. Colors are
 * nested descriptions numbered in `names`, which is shared by the graphs that are compared.
 */
function refinedColors(neighbors: Neighbors, names: Map<string, number>): string {
  const numbered = (description: string): number => {
    const known = names.get(description) ?? names.size;
    names.set(description, known);
    return known;
  };
  let colors = neighbors.map(() => 0);
  for (let round = 0; round < neighbors.length; round++) {
    colors = neighbors.map((list, node) => {
      const around = list.map((other) => colors[other]).sort((a, b) => a - b);
      return numbered(`${colors[node]}:${around.join()}`);
    });
  }
  return colors.sort((a, b) => a - b).join();
}

/** Groups of graphs that color refinement cannot tell apart, as indices; those of one graph included. */
export function refinementClasses(graphs: readonly Neighbors[]): number[][] {
  const names = new Map<string, number>();
  const classes = new Map<string, number[]>();
  graphs.forEach((graph, index) => {
    const key = refinedColors(graph, names);
    const others = classes.get(key);
    if (others) others.push(index);
    else classes.set(key, [index]);
  });
  return [...classes.values()];
}

/** All pairs inside the groups. */
export const pairsWithin = (classes: readonly (readonly number[])[]): [number, number][] =>
  classes.flatMap((list) => list.flatMap((a, i) => list.slice(i + 1).map((b): [number, number] => [a, b])));
