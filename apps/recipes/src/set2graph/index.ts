import type { Paper } from '../part.ts';
import { exact } from './exact.ts';
import { partition } from './partition.ts';
import { planarPart } from './planarPart.ts';

const small = { set: [128, 128, 128, 128, 64], edge: [64, 64], batch: 4 };
const wide = { set: [128, 128, 128, 128, 32], edge: [128, 128], passes: 60_000, batch: 16 };

export const set2graph: Paper = {
  name: 'set2graph',
  reference: 'Serviansky, Segol, Shlomi, Cranmer, Gross, Maron, Lipman: Set2Graph, 2020',
  parts: [
    exact,
    planarPart({
      name: 'delaunay-20',
      summary: 'the Delaunay triangulation of 20 points, with and without context',
      minutes: 6,
      efforts: ['quick'],
      task: 'delaunay',
      n: 20,
      ...small,
      passes: 60_000,
      gates: { f1: { atLeast: 0.82 }, siamese: { atMost: 0.76 }, gain: { atLeast: 0.08 } },
    }),
    planarPart({
      name: 'delaunay-50',
      summary:
        'the Delaunay triangulation of 50 points; a Gabriel graph is as good, so this shows context, not triangulation',
      minutes: 10,
      seeds: [0],
      task: 'delaunay',
      n: 50,
      ...small,
      passes: 100_000,
      gates: { f1: { atLeast: 0.75 } },
      paper: '.926 (50 times the passes)',
    }),
    partition,
    planarPart({
      name: 'neighbours',
      summary: 'which points are among the three nearest of each of 10',
      minutes: 3,
      efforts: ['quick'],
      task: 'neighbors',
      n: 10,
      ...wide,
      gates: { f1: { atLeast: 0.9 }, siamese: { atMost: 0.86 } },
    }),
    planarPart({
      name: 'hull',
      summary: 'the edges of the convex hull of 20 points of the plane',
      minutes: 8,
      task: 'hull',
      n: 20,
      ...wide,
      gates: { f1: { atLeast: 0.68 }, siamese: { atMost: 0.45 } },
    }),
  ],
};
