import { otherKind } from './fileKind.ts';
import type { PlaceRow, PlaceTable } from './placeTable.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const REMEDY = 'Write points as GeoJSON, or rows as a list of objects with a latitude and a longitude.';
/** Objects whose keys together are the header of a list. */
const HEADER_OBJECTS = 100;
const GEOMETRIES = [
  'Point',
  'MultiPoint',
  'LineString',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
  'GeometryCollection',
];

/** Stands before each value of a GeoJSON text sequence (RFC 8142). */
const RECORD_SEPARATOR = '\u001e';

/** Whether a text is JSON rather than rows. */
export const looksLikeJson = (text: string): boolean =>
  ['{', '['].includes(text.slice(0, 1000).replaceAll(RECORD_SEPARATOR, '').trimStart().charAt(0));

/**
 * A table in JSON: GeoJSON with points, a list of objects, or one of either kind a line.
 * @throws FileKindError for JSON that is damaged or holds something else
 */
export function jsonTable(text: string, file: string): PlaceTable {
  const value = parsed(text.replace(/^\uFEFF/, '').replaceAll(RECORD_SEPARATOR, '\n'), file);
  if (isObject(value) && isGeoJson(value)) return geoJsonTable([value]);
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) {
    return value.every(isGeoJson) ? geoJsonTable(value) : objectsTable(value);
  }
  if (isObject(value)) {
    const lists = Object.values(value).filter(
      (list): list is JsonObject[] => Array.isArray(list) && list.length > 0 && list.every(isObject),
    );
    if (lists.length === 1) return lists[0].every(isGeoJson) ? geoJsonTable(lists[0]) : objectsTable(lists[0]);
  }
  throw otherKind(file, `JSON with ${nameOf(value)}`, REMEDY);
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // One value a line, as GeoJSON text sequences and JSON Lines have them.
    const lines = text.split(/[\n\r]+/).filter((line) => line.trim() !== '');
    const values: unknown[] = [];
    for (const line of lines) {
      try {
        values.push(JSON.parse(line));
      } catch {
        throw otherKind(
          file,
          values.length === 0 || lines.length === 1
            ? 'JSON that is cut short or damaged'
            : `JSON lines whose line ${values.length + 1} is damaged`,
          'Check that the file was written or downloaded completely.',
        );
      }
    }
    return values;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isGeoJson = ({ type }: JsonObject): boolean =>
  type === 'FeatureCollection' || type === 'Feature' || GEOMETRIES.includes(type as string);

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${kindOf(value[0])}s`;
  if (!isObject(value)) return `a ${value === null ? 'null' : typeof value}`;
  if (typeof value.type === 'string') return `an object of type ${value.type}`;
  const keys = Object.keys(value);
  return keys.length === 0
    ? 'an empty object'
    : `the keys ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', ...' : ''}`;
}

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);

function geoJsonTable(values: readonly JsonObject[]): PlaceTable {
  const features = values.flatMap((value) =>
    value.type === 'FeatureCollection' ? (Array.isArray(value.features) ? value.features : []) : [value],
  );
  return {
    header: ['latitude', 'longitude'],
    headerLine: 0,
    columns: [0, 1],
    rows: () =>
      features.flatMap((feature, i) =>
        pointsOf(isObject(feature) && feature.type === 'Feature' ? feature.geometry : feature, `feature ${i + 1}`),
      ),
  };
}

/** The points of a geometry as rows; one row that is no place for another geometry. */
function pointsOf(geometry: unknown, where: string): PlaceRow[] {
  const row = (position: unknown): PlaceRow => {
    const [longitude, latitude] = Array.isArray(position) ? position : [];
    return { latitude, longitude, line: 0, where };
  };
  if (isObject(geometry)) {
    const { type, coordinates, geometries } = geometry;
    if (type === 'Point') return [row(coordinates)];
    if (type === 'MultiPoint' && Array.isArray(coordinates)) return coordinates.map(row);
    if (type === 'GeometryCollection' && Array.isArray(geometries)) {
      return geometries.flatMap((one) => pointsOf(one, where));
    }
  }
  const given = isObject(geometry)
    ? `a ${typeof geometry.type === 'string' ? geometry.type : 'geometry without a type'}`
    : 'no geometry';
  return [{ latitude: undefined, longitude: undefined, line: 0, where, wrong: { expected: 'a point', given } }];
}

/** Objects as rows; `{ place: { lat, lon } }` has the columns `place.lat` and `place.lon`. */
function objectsTable(objects: readonly JsonObject[]): PlaceTable {
  const flat = (object: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(object).flatMap(([key, value]) =>
        isObject(value) ? Object.entries(value).map(([inner, cell]) => [`${key}.${inner}`, cell]) : [[key, value]],
      ),
    );
  const header = [...new Set(objects.slice(0, HEADER_OBJECTS).flatMap((object) => Object.keys(flat(object))))];
  return {
    header,
    headerLine: 0,
    rows: ([latitude, longitude]) =>
      objects.map((object, i) => {
        const cells = flat(object);
        return {
          latitude: cells[header[latitude]],
          longitude: cells[header[longitude]],
          line: 0,
          where: `row ${i + 1}`,
        };
      }),
  };
}
