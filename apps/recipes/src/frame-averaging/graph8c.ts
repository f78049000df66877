import { graphFrame } from '@flowfield/equivariant-layers';
import { random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { GRAPH8C, hardPairs } from '../symmetry/graph8c.ts';
import { frameNet, relativeGap } from './frameNet.ts';

/** Frames of quick runs have at most so many elements. */
const QUICK_FRAME = 5040n;
/** A pair counts as told apart when it differs so many times as much as a graph from itself relabelled. */
const DISTINCT = 1000;

export const graph8c: Part = {
  name: 'graph8c',
  summary:
    'the pairs of graph8c that color refinement cannot tell apart, by frozen networks averaged over all of each frame',
  minutes: 1,
  onlyCpu: 'it computes in float64',
  data: [GRAPH8C],
  seeds: [0, 1, 2, 3, 4],
  efforts: ['quick'],
  remark:
    'Degrees saturate tanh in dense graphs, so that about one draw of weights in fifteen brings some pair nearer than the gate (4 of 60 draws of an independent program in NumPy did), though still a billion times farther apart than rounding. No pair is left undistinguished.',
  metrics: [
    {
      name: 'least',
      label: 'least difference of a pair',
      gate: { atLeast: 1e-6, quick: true },
      digits: 7,
    },
    { name: 'left', label: 'pairs that differ less than 1,000 times the next figure', paper: 0, digits: 0 },
    {
      name: 'control',
      label: 'largest difference of a graph and itself relabelled',
      gate: { atMost: 1e-12, quick: true },
      digits: 16,
    },
    { name: 'pairs', label: 'pairs', digits: 0 },
    { name: 'elements', label: 'elements of the frames together', digits: 0 },
    { name: 'plain', label: 'largest difference without positions', baseline: true, digits: 16 },
  ],
  async run({ seed, effort, files, work }) {
    const { adjacency, pairs } = await hardPairs(files);
    const net = frameNet(random.key(seed));
    const graphs = Array.from({ length: adjacency.shape[0] }, (_, i) => adjacency.at(i));
    const frames = graphs.map((graph) => graphFrame(graph));
    const used = pairs.filter((pair) => effort !== 'quick' || pair.every((i) => frames[i].size <= QUICK_FRAME));
    const shown = [...new Set(used.flat())];
    const values = new Map<number, Float64Array>();
    const controls: number[] = [];
    for (const [done, i] of shown.entries()) {
      const value = net.averaged(graphs[i], frames[i]);
      const moved = relabelled(graphs[i], random.foldIn(random.key(seed), 1000 + i));
      controls.push(relativeGap(value, net.averaged(moved, graphFrame(moved))));
      values.set(i, value);
      work.progress('graphs', done + 1, shown.length);
      work.signal.throwIfAborted();
    }
    const plain = new Map(shown.map((i) => [i, net.plain(graphs[i])]));
    const gaps = (of: Map<number, Float64Array>) =>
      used.map(([a, b]) => relativeGap(of.get(a) as Float64Array, of.get(b) as Float64Array)).sort((a, b) => a - b);
    const found = gaps(values);
    return {
      figures: {
        least: found[0],
        left: found.filter((gap) => gap < DISTINCT * Math.max(...controls)).length,
        control: Math.max(...controls),
        pairs: used.length,
        elements: shown.reduce((sum, i) => sum + Number(frames[i].size), 0),
        plain: gaps(plain)[used.length - 1],
      },
      pictures: {
        gaps: figure({
          title: 'Pairs of graphs, and graphs against themselves',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'in order of size' },
              y: { label: 'relative difference (1e-17 for 0)', log: true },
              series: [
                { label: 'pairs', x: found.map((_, i) => i), y: found },
                {
                  label: 'the same graph relabelled',
                  x: controls.map((_, i) => i),
                  y: controls.sort((a, b) => a - b).map((gap) => Math.max(gap, 1e-17)),
                },
              ],
            },
          ],
        }),
      },
    };
  },
};

/** The graph with its nodes in an order drawn at random. */
export function relabelled(adjacency: Tensor, key: random.Key): Tensor {
  const order = random.permutation(key, adjacency.shape[0]);
  return adjacency.take(order).take(order, { axis: 1 });
}
