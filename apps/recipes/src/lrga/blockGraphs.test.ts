import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { BLOCKS, blockGraphs, NODES } from './blockGraphs.ts';

test('blocks, hints and edges are as they are said to be', async () => {
  const count = 60;
  const { edges, hints, blocks } = await blockGraphs(random.key(0), count);
  expect(edges.shape).toEqual([count, NODES, NODES]);
  const [of, hint, joined] = [blocks, hints, edges.astype('i32')].map((leaf) => Array.from(leaf.dataSync(), Number));
  const seen = { inside: 0, insidePairs: 0, between: 0, betweenPairs: 0 };
  for (let g = 0; g < count; g++) {
    const own = of.slice(g * NODES, (g + 1) * NODES);
    for (let block = 0; block < BLOCKS; block++) {
      const nodes = own.flatMap((b, node) => (b === block ? [node] : []));
      expect(nodes.length).toBeGreaterThanOrEqual(5);
      expect(nodes.length).toBeLessThanOrEqual(34);
      expect(nodes.filter((node) => hint[g * NODES + node] === block + 1)).toHaveLength(1);
    }
    const real = own.filter((block) => block >= 0).length;
    expect(hint.slice(g * NODES, (g + 1) * NODES).filter((value) => value > 0)).toHaveLength(BLOCKS);
    // Padding comes last, and has no edges.
    expect(own.slice(real).every((block) => block === -1)).toBe(true);
    for (let a = 0; a < NODES; a++) {
      for (let b = 0; b <= a; b++) {
        const edge = joined[(g * NODES + a) * NODES + b];
        expect(joined[(g * NODES + b) * NODES + a] === edge, `${g} ${a} ${b}`).toBe(true);
        if (a === b || a >= real) expect(edge === 0, `${g} ${a} ${b}`).toBe(true);
        else if (own[a] === own[b]) [seen.inside, seen.insidePairs] = [seen.inside + edge, seen.insidePairs + 1];
        else [seen.between, seen.betweenPairs] = [seen.between + edge, seen.betweenPairs + 1];
      }
    }
  }
  const near = (found: number, pairs: number, p: number) =>
    expect(Math.abs(found / pairs - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / pairs));
  near(seen.inside, seen.insidePairs, 0.55);
  near(seen.between, seen.betweenPairs, 0.25);
});

test('nodes stand in random order: blocks are not sorted', async () => {
  const { blocks } = await blockGraphs(random.key(1), 3);
  const first = Array.from(blocks.at(0).dataSync(), Number).filter((block) => block >= 0);
  expect([...first].sort((a, b) => a - b)).not.toEqual(first);
});
