import { earthquakesCsv } from './earthquakesCsv.ts';
import { parseLatLonCsv } from './parseLatLonCsv.ts';
import type { LatLonPoints } from './spherical.ts';

/** What {@link earthquakes} returns. */
export interface Earthquakes extends LatLonPoints {
  /** Magnitude as the reporting network gave it, on mixed scales; small events are negative. */
  magnitude: Float64Array;
}

/**
 * 1,707 seismic events of one week (31 January to 7 February 2018, all magnitudes), newest first, embedded in the package.
 * 1,679 are earthquakes; 28 are quarry blasts and explosions that the networks located in that week.
 *
 * Source: USGS all-week feed, public domain, as redistributed by vega-datasets 3.2.1.
 */
export function earthquakes(): Earthquakes {
  const { latitude, longitude, points, columns } = parseLatLonCsv(earthquakesCsv, {
    file: 'earthquakes (embedded)',
    columns: ['magnitude'],
  });
  return { latitude, longitude, points, magnitude: columns.magnitude };
}
