import { DataArgumentError } from './arguments/argumentError.ts';
import { checkNumbers } from './arguments/checks.ts';
import { refuse } from './arguments/refuse.ts';
import { gatherRows } from './gatherRows.ts';
import type { LatLonPoints } from './spherical.ts';

/**
 * The first event of every distinct (latitude, longitude) pair, in the given order. Pairs are compared exactly, as written.
 *
 * A density has no lower bound on its negative log-likelihood where test events repeat training events; report
 * results on de-duplicated events beside the raw ones.
 *
 * @throws DataArgumentError unless it is given n latitudes, n longitudes and n points of 3 numbers
 */
export function dropDuplicates(events: Readonly<Record<keyof LatLonPoints, ArrayLike<number>>>): LatLonPoints {
  const op = 'dropDuplicates';
  const { latitude, longitude, points } = (events ?? {}) as Partial<typeof events>;
  if (latitude === undefined || longitude === undefined || points === undefined) {
    refuse(op, 'events { latitude, longitude, points }', events, 'Pass what earthquakes() or readLatLon gives.');
  }
  checkNumbers(op, 'latitude', latitude);
  checkNumbers(op, 'longitude', longitude);
  checkNumbers(op, 'points', points);
  const n = latitude.length;
  if (longitude.length !== n || points.length !== 3 * n) {
    throw new DataArgumentError(
      `${op}: expected ${n} longitudes and ${3 * n} numbers of points for ${n} latitudes, given ${longitude.length} and ${points.length}. Take lists that belong together.`,
    );
  }
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
