import { gatherRows } from './gatherRows.ts';
import type { LatLonPoints } from './spherical.ts';

/**
 * The first event of every distinct (latitude, longitude) pair, in the given order. Pairs are compared exactly, as written.
 *
 * A density has no lower bound on its negative log-likelihood where test events repeat training events; report
 * results on de-duplicated events beside the raw ones.
 */
export function dropDuplicates({ latitude, longitude, points }: LatLonPoints): LatLonPoints {
  const seen = new Set<string>();
  const kept: number[] = [];
  for (let i = 0; i < latitude.length; i++) {
    const place = `${latitude[i]},${longitude[i]}`;
    if (seen.has(place)) continue;
    seen.add(place);
    kept.push(i);
  }
  return {
    latitude: gatherRows(latitude, kept, 1),
    longitude: gatherRows(longitude, kept, 1),
    points: gatherRows(points, kept, 3),
  };
}
