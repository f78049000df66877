import { argsort, onHost, random, stack, type Tensor, tensor, triu, where } from '@flowfield/tensor-webgpu';

export const BLOCKS = 6;
/** Nodes of a block: 5 to 34. */
const [LEAST, MOST] = [5, 34];
/** Nodes that graphs are padded to: the most that six blocks can have. */
export const NODES = BLOCKS * MOST;
const [INSIDE, BETWEEN] = [0.55, 0.25];
/** Graphs whose edges are drawn in one call. */
const CHUNK = 20;

/** Graphs of six blocks, padded to 204 nodes: edges bool [graphs, n, n], hints and blocks [graphs, n] (-1 in blocks for padding). */
export type BlockGraphs = { edges: Tensor; hints: Tensor; blocks: Tensor };

/**
 * CLUSTER of Dwivedi et al. 2020: six blocks of 5 to 34 nodes, an edge with probability 0.55 inside a block and 0.25 between blocks, nodes in random order. One node of block b
 * has the hint b + 1, all others 0; the block of every node is to be found.
 */
export async function blockGraphs(key: random.Key, count: number): Promise<BlockGraphs> {
  const [sizeKey, orderKey, hintKey, edgeKey] = random.split(key, 4);
  const sizes = await random.randint(sizeKey, [count, BLOCKS], LEAST, MOST + 1).data();
  const order = await argsort(random.uniform(orderKey, [count, NODES]), { axis: -1 }).data();
  const chosen = await onHost((own: random.Key) => random.uniform(own, [count, BLOCKS], { dtype: 'f64' }).dataSync())(
    hintKey,
  );
  const blocks = new Int32Array(count * NODES).fill(-1);
  const hints = new Int32Array(count * NODES);
  for (let graph = 0; graph < count; graph++) {
    const own = Array.from({ length: BLOCKS }, (_, block) => Number(sizes[graph * BLOCKS + block]));
    const nodes = own.reduce((sum, size) => sum + size, 0);
    // A random order of all places, restricted to those of the graph.
    const places = Array.from(order.subarray(graph * NODES, (graph + 1) * NODES), Number).filter(
      (place) => place < nodes,
    );
    let next = 0;
    own.forEach((size, block) => {
      const hinted = next + Math.floor(Number(chosen[graph * BLOCKS + block]) * size);
      hints[graph * NODES + places[hinted]] = block + 1;
      for (const end = next + size; next < end; next++) blocks[graph * NODES + places[next]] = block;
    });
  }
  const known = tensor(blocks).reshape([count, NODES]);
  const edges: Tensor[] = [];
  for (let from = 0; from < count; from += CHUNK) {
    edges.push(...drawnEdges(known.slice([from, Math.min(from + CHUNK, count)]), random.foldIn(edgeKey, from)));
  }
  return { edges: stack(edges), hints: tensor(hints).reshape([count, NODES]), blocks: known };
}

function drawnEdges(blocks: Tensor, key: random.Key): Tensor[] {
  const [graphs, n] = blocks.shape;
  const [a, b] = [blocks.expandDims(-1), blocks.expandDims(-2)];
  const real = a.greaterEqual(0).logicalAnd(b.greaterEqual(0));
  const probability = where(real, where(a.equal(b), INSIDE, BETWEEN), 0);
  const upper = triu(random.uniform(key, [graphs, n, n]).less(probability).astype('f32'), 1);
  const both = upper.add(upper.swapaxes(-1, -2)).greater(0.5);
  return Array.from({ length: graphs }, (_, i) => both.at(i));
}
