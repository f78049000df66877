import { DataArgumentError } from './arguments/argumentError.ts';
import { checkNumbers } from './arguments/checks.ts';

const RADIANS_PER_DEGREE = Math.PI / 180;

/** Events on the Earth: parallel arrays, one entry per event, and the same events as unit vectors. */
export interface LatLonPoints {
  /** Degrees north, -90 to 90. */
  latitude: Float64Array;
  /** Degrees east, as the source wrote them (-180 to 360). */
  longitude: Float64Array;
  /** Unit vectors, row-major (n, 3). */
  points: Float64Array;
}

/** Thrown by {@link latLonToUnit} and {@link unitToLatLon} for arrays that hold no points of the sphere. */
export class SphericalCoordinateError extends DataArgumentError {
  override name = 'SphericalCoordinateError';
}

/**
 * Unit vectors of geographic coordinates in degrees:
 * `x = (cos lat cos lon, cos lat sin lon, sin lat)`.
 *
 * @param latitude n values, -90 to 90
 * @param longitude n values; any finite angle, 360 degrees apart is the same place
 * @returns row-major (n, 3)
 * @throws SphericalCoordinateError when lengths differ, something is no list of numbers, a latitude is out of range or a value is not finite
 */
export function latLonToUnit(latitude: ArrayLike<number>, longitude: ArrayLike<number>): Float64Array {
  checkNumbers('latLonToUnit', 'latitude', latitude, SphericalCoordinateError);
  checkNumbers('latLonToUnit', 'longitude', longitude, SphericalCoordinateError);
  const n = latitude.length;
  if (longitude.length !== n) {
    throw new SphericalCoordinateError(
      `latLonToUnit: expected as many longitudes as latitudes, given ${n} latitudes and ${longitude.length} longitudes. Pass one pair per point.`,
    );
  }
  const points = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const latitudeDegrees = latitude[i]!;
    const longitudeDegrees = longitude[i]!;
    if (!(Math.abs(latitudeDegrees) <= 90) || !Number.isFinite(longitudeDegrees)) {
      throw new SphericalCoordinateError(
        `latLonToUnit: expected a latitude in -90..90 and a finite longitude in degrees, given (${latitudeDegrees}, ${longitudeDegrees}) at index ${i}. Check the units and the order of the arguments.`,
      );
    }
    const phi = latitudeDegrees * RADIANS_PER_DEGREE;
    const lambda = longitudeDegrees * RADIANS_PER_DEGREE;
    const cosPhi = Math.cos(phi);
    points[3 * i] = cosPhi * Math.cos(lambda);
    points[3 * i + 1] = cosPhi * Math.sin(lambda);
    points[3 * i + 2] = Math.sin(phi);
  }
  return points;
}

/**
 * Geographic coordinates in degrees of points of the sphere:
 * `lat = atan2(z, |(x, y)|)`, `lon = atan2(y, x)`. Both stay accurate near the poles; the length of a vector does not matter.
 *
 * @param points row-major (n, 3), any non-zero vectors
 * @returns latitude in -90..90, longitude in -180..180 (0 at the poles)
 * @throws SphericalCoordinateError when the points are no list of numbers, their length is no multiple of 3, or a vector is zero or not finite
 */
export function unitToLatLon(points: ArrayLike<number>): { latitude: Float64Array; longitude: Float64Array } {
  checkNumbers('unitToLatLon', 'points', points, SphericalCoordinateError);
  if (points.length % 3 !== 0) {
    throw new SphericalCoordinateError(
      `unitToLatLon: expected rows of 3 numbers, given ${points.length} numbers. Pass a row-major (n, 3) array.`,
    );
  }
  const n = points.length / 3;
  const latitude = new Float64Array(n);
  const longitude = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = points[3 * i]!;
    const y = points[3 * i + 1]!;
    const z = points[3 * i + 2]!;
    const length = Math.hypot(x, y, z);
    if (!(length > 0 && length < Infinity)) {
      throw new SphericalCoordinateError(
        `unitToLatLon: expected non-zero finite vectors, given (${x}, ${y}, ${z}) at row ${i}. Check the model or file the points come from.`,
      );
    }
    latitude[i] = Math.atan2(z, Math.hypot(x, y)) / RADIANS_PER_DEGREE;
    longitude[i] = Math.atan2(y, x) / RADIANS_PER_DEGREE;
  }
  return { latitude, longitude };
}
