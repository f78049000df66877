/** Adjacency of an undirected graph with unit weights. */
export function adjacencyOf(nodes: number, edges: readonly (readonly [number, number])[]): number[][] {
  const rows = Array.from({ length: nodes }, () => Array<number>(nodes).fill(0));
  for (const [i, j] of edges) {
    rows[i][j] = 1;
    rows[j][i] = 1;
  }
  return rows;
}

/** A graph of at most 62 nodes from a line of graph6: the upper triangle, column by column, 6 bits a character. */
export function fromGraph6(line: string): number[][] {
  const nodes = line.charCodeAt(0) - 63;
  const bits = [...line.slice(1)].flatMap((char) =>
    [5, 4, 3, 2, 1, 0].map((bit) => ((char.charCodeAt(0) - 63) >> bit) & 1),
  );
  const pairs = Array.from({ length: nodes }, (_, j) => Array.from({ length: j }, (_, i) => [i, j] as const)).flat();
  return adjacencyOf(
    nodes,
    pairs.filter((_, k) => bits[k] === 1),
  );
}

/** The same graph with other numbers: entry (i, j) of the result is entry (order[i], order[j]). */
export const relabelledGraph = (rows: readonly (readonly number[])[], order: readonly number[]): number[][] =>
  order.map((i) => order.map((j) => rows[i][j]));

/** An order of n nodes from numbers in [0, 1). */
export const shuffled = (n: number, draw: () => number): number[] =>
  Array.from({ length: n }, (_, i) => ({ i, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ i }) => i);

/** Edges drawn independently. */
export function randomGraph(n: number, probability: number, draw: () => number): number[][] {
  const pairs = Array.from({ length: n }, (_, j) => Array.from({ length: j }, (_, i) => [i, j] as const)).flat();
  return adjacencyOf(
    n,
    pairs.filter(() => draw() < probability),
  );
}
