import { colors } from '../pictures/canvas.ts';
import { figure } from '../pictures/figure.ts';
import type { PlanarSet } from './planarGraphs.ts';

/** Dots along an edge, so that a panel of points can show it. */
const DOTS = 150;

/** Graphs that were found on point sets: right edges, edges too many, edges that are missing. `said` holds one matrix a set. */
export function planarPicture(sets: readonly PlanarSet[], said: Uint8Array): string {
  return figure({
    title: 'Found edges; wrong ones red, missing ones pale',
    panelWidth: 260,
    panels: sets.map(({ points, edges }, set) => {
      const found = said.subarray(set * edges.length, (set + 1) * edges.length);
      const those = (right: (said: number, truth: number) => boolean) =>
        dots(points, (at) => right(found[at], edges[at]));
      return {
        kind: 'points' as const,
        domain: { x: [0, 1], y: [0, 1] },
        series: [
          { points: those((a, b) => a === 0 && b === 1), color: colors.muted, radius: 0.5, opacity: 0.5 },
          { points: those((a, b) => a === 1 && b === 1), color: colors.train, radius: 0.7, opacity: 1 },
          { points: those((a, b) => a === 1 && b === 0), color: colors.model, radius: 0.7, opacity: 1 },
          { points, color: colors.ink, radius: 3, opacity: 1 },
        ],
      };
    }),
  });
}

function dots(points: Float64Array, shown: (at: number) => boolean): number[] {
  const n = points.length / 2;
  const places: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j || !shown(i * n + j)) continue;
      for (let k = 0; k <= DOTS; k++) {
        const t = k / DOTS;
        places.push(points[2 * i] * (1 - t) + points[2 * j] * t, points[2 * i + 1] * (1 - t) + points[2 * j + 1] * t);
      }
    }
  }
  return places;
}
