import week from './earthquakes.json' with { type: 'json' };
import { type LatLonPoints, latLonToUnit } from './spherical.ts';

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
  return {
    latitude: Float64Array.from(week.latitude),
    longitude: Float64Array.from(week.longitude),
    points: latLonToUnit(week.latitude, week.longitude),
    magnitude: Float64Array.from(week.magnitude),
  };
}
