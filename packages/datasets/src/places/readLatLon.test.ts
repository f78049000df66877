import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import {
  AmbiguousColumnError,
  CsvError,
  EmptyCsvError,
  FieldCountError,
  FileKindError,
  MissingColumnError,
  NotANumberError,
  OutOfRangeError,
  type ReadLatLonOptions,
  readLatLon,
  UnclosedQuoteError,
} from '../index.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const utf16 = (text: string, { big = false, mark = true } = {}): Uint8Array => {
  const bytes = new Uint8Array(Buffer.from((mark ? '\uFEFF' : '') + text, 'utf16le'));
  return big ? new Uint8Array(Buffer.from(bytes).swap16()) : bytes;
};
const geo = (...geometries: unknown[]): string =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: geometries.map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
  });
const point = (...coordinates: number[]) => ({ type: 'Point', coordinates });
const parquet = (columns: Record<string, unknown[]>, codec?: 'UNCOMPRESSED' | 'SNAPPY'): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: Object.entries(columns).map(([name, data]) => ({ name, data: data as number[] })),
      ...(codec && { codec }),
    }),
  );

/** Two places, as every file below has them. */
const latitudes = [10.5, -33.25];
const longitudes = [20.25, 151];

describe('files as people have them, all with the same two places', () => {
  test.each<[string, Uint8Array | string, ReadLatLonOptions?]>([
    ['plain', 'lat,lon\n10.5,20.25\n-33.25,151\n'],
    ['capitals, quotes and other columns', 'Place,"Latitude","LONGITUDE"\n"Etna, IT",10.5,20.25\nFuji,-33.25,151\n'],
    ['long', 'lat,long\n10.5,20.25\n-33.25,151\n'],
    [
      'Darwin Core',
      'id,decimalLatitude,decimalLongitude,coordinateUncertaintyInMeters\n1,10.5,20.25,9\n2,-33.25,151,9\n',
    ],
    [
      'a Darwin Core pair of each kind',
      'verbatimLatitude,verbatimLongitude,decimalLatitude,decimalLongitude\nx,y,10.5,20.25\nx,y,-33.25,151\n',
    ],
    ['a timetable', 'stop_id,stop_lat,stop_lon\na,10.5,20.25\nb,-33.25,151\n'],
    ['units in the names', 'Latitude (deg),Longitude (deg)\n10.5,20.25\n-33.25,151\n'],
    ['units in brackets', 'Lat. [°N],Lon. [°E]\n10.5,20.25\n-33.25,151\n'],
    ['meteorites', 'name,reclat,reclong,GeoLocation\nA,10.5,20.25,"(10.5, 20.25)"\nB,-33.25,151,""\n'],
    ['the error of a coordinate beside it', 'lat,lon,lat_err,lon_err\n10.5,20.25,1,1\n-33.25,151,1,1\n'],
    ['a long name that is none', 'long_name,lat,lon\nEtna,10.5,20.25\nFuji,-33.25,151\n'],
    ['numbered names', 'Latitude1,Longitude1,WGS84\n10.5,20.25,x\n-33.25,151,x\n'],
    [
      'two chosen of four',
      'from_lat,from_lon,to_lat,to_lon\n0,0,10.5,20.25\n0,0,-33.25,151\n',
      { columns: ['to_lat', 'TO_LON'] },
    ],
    ['chosen by number, without a header', '1,10.5,20.25\n2,-33.25,151\n', { columns: ['2', '3'] }],
    ['numbers as names', ',0,1\n0,10.5,20.25\n1,-33.25,151\n', { columns: ['0', '1'] }],
    ['a text sequence of GeoJSON', `\u001e${geo(point(20.25, 10.5))}\n\u001e${geo(point(151, -33.25))}\n`],
    ['x and y, chosen', 'X,Y\n20.25,10.5\n151,-33.25\n', { columns: ['y', 'x'] }],
    ['tabs', 'lat\tlon\tplace\n10.5\t20.25\tEtna, IT\n-33.25\t151\tFuji\n'],
    ['semicolons and decimal commas', 'Ort;Breitengrad;Längengrad\nÄtna;10,5;20,25\nFuji;-33,25;151\n'],
    ['decimal commas in quotes', 'lat,lon\n"10,5","20,25"\n"-33,25","151"\n'],
    ['bars, with a header behind #', '#EventID|Time|Latitude|Longitude\n1|2020|10.5|20.25\n2|2020|-33.25|151\n'],
    ['blanks', '  lat    lon\n 10.5  20.25\n-33.25   151\n'],
    ['comments before the header', '# made by hand\n# lat is in degrees, lon too\nlat,lon\n10.5,20.25\n-33.25,151\n'],
    ['what Excel writes', 'sep=;\r\nlat;lon\r\n10,5;20,25\r\n-33,25;151\r\n'],
    ['units below the header', 'time,latitude,longitude\nUTC,degrees_north,degrees_east\n0,10.5,20.25\n1,-33.25,151\n'],
    ['hemispheres and degree signs', 'lat,lon\n10.5 N,20.25°E\n33.25S,151\n'],
    ['a minus of typesetters', 'lat,lon\n10.5,20.25\n\u221233.25,151\n'],
    ['separators at the ends of rows', 'lat,lon\n10.5,20.25,\n-33.25,151,\n'],
    ['UTF-8 with a mark', '\uFEFFlat,lon\n10.5,20.25\n-33.25,151\n'],
    ['UTF-16, little-endian', utf16('lat\tlon\n10.5\t20.25\n-33.25\t151\n')],
    ['UTF-16, big-endian', utf16('lat,lon\n10.5,20.25\n-33.25,151\n', { big: true })],
    ['UTF-16 without a mark', utf16('lat,lon\n10.5,20.25\n-33.25,151\n', { mark: false })],
    ['Windows-1252', latin1('lugar,lat,lon\nSão Tomé,10.5,20.25\nFuji,-33.25,151\n')],
    ['gzip', gzipSync('lat,lon\n10.5,20.25\n-33.25,151\n')],
    ['gzip of GeoJSON', gzipSync(geo(point(20.25, 10.5), point(151, -33.25)))],
    ['old line ends', 'lat,lon\r10.5,20.25\r-33.25,151\r'],
    ['GeoJSON, with heights', geo(point(20.25, 10.5, 300), point(151, -33.25))],
    [
      'GeoJSON of many points',
      geo({
        type: 'MultiPoint',
        coordinates: [
          [20.25, 10.5],
          [151, -33.25],
        ],
      }),
    ],
    ['GeoJSON, one feature a line', `${geo(point(20.25, 10.5))}\n${geo(point(151, -33.25))}\n`],
    ['objects', '[{"lat": 10.5, "lon": 20.25}, {"lat": "-33.25", "lon": 151}]'],
    ['objects in objects', '{"events": [{"at": {"lat": 10.5, "lng": 20.25}}, {"at": {"lat": -33.25, "lng": 151}}]}'],
    ['an object a line', '{"latitude": 10.5, "longitude": 20.25}\n{"latitude": -33.25, "longitude": 151}\n'],
    ['Parquet', parquet({ depth: [1, 2], latitude: latitudes, longitude: longitudes })],
    ['Parquet, not packed', parquet({ lat: latitudes, lon: longitudes }, 'UNCOMPRESSED')],
  ])('%s', async (_, content, options) => {
    const bytes = typeof content === 'string' ? utf8(content) : content;
    const read = await readLatLon(bytes, options);
    expect([...read.latitude]).toEqual(latitudes);
    expect([...read.longitude]).toEqual(longitudes);
    expect(read.points).toHaveLength(6);
    expect(read.skipped).toEqual({ count: 0, first: [] });
  });
});

describe('what is no such table is named, with what to do', () => {
  test.each<[string, Uint8Array | string, new (...given: never[]) => CsvError, RegExp]>([
    ['nothing', '', EmptyCsvError, /^my:1: .*an empty file.*downloaded completely/],
    ['gzip of nothing', gzipSync(''), EmptyCsvError, /an empty file/],
    ['a header alone', 'lat,lon\n', EmptyCsvError, /^my:1: .*no rows/],
    [
      'an Excel workbook',
      latin1('PK\x03\x04\x14\x00rest'),
      FileKindError,
      /^my: .*Excel workbook.*Save the sheet as CSV/,
    ],
    ['a NumPy array', latin1('\x93NUMPY\x01\x00'), FileKindError, /a NumPy array.*Save the table/],
    ['an SQLite database', latin1('SQLite format 3\x00'), FileKindError, /SQLite/],
    ['noise', Uint8Array.from({ length: 500 }, (_, i) => (i * 37) % 256), FileKindError, /a binary file/],
    ['a page', '<!DOCTYPE html><html>404</html>', FileKindError, /an HTML page.*check its address/],
    ['KML', '<?xml version="1.0"?><kml></kml>', FileKindError, /an XML file/],
    ['cut gzip', gzipSync('lat,lon\n1,2\n').subarray(0, 20), FileKindError, /gzip file that is cut/],
    [
      'cut Parquet',
      parquet({ lat: latitudes, lon: longitudes }).subarray(0, 60),
      FileKindError,
      /Parquet file that is cut/,
    ],
    ['cut GeoJSON', geo(point(1, 2)).slice(0, 40), FileKindError, /JSON that is cut/],
    ['a long line of other JSON', `{"a": "${'x'.repeat(1e6)}"}`, FileKindError, /JSON with the keys a/],
    ['TopoJSON', '{"type": "Topology", "objects": {}}', FileKindError, /an object of type Topology/],
    ['areas', geo(point(1, 2), { type: 'Polygon', coordinates: [] }), NotANumberError, /^my, feature 2: .*a Polygon/],
    ['GeoJSON in meters', geo(point(1500000, 5600000)), OutOfRangeError, /^my, feature 1: .*Check the units/],
    ['no header', '1,2\n3,4\n', MissingColumnError, /Name the columns in the first line, or give their numbers/],
    ['other columns', 'x,y\n1,2\n', MissingColumnError, /"x", "y".*Choose two with/],
    ['radians', 'lat_rad,lon_rad\n1,2\n', MissingColumnError, /"lat_rad"/],
    ['two pairs', 'from_lat,from_lon,to_lat,to_lon\n1,2,3,4\n', AmbiguousColumnError, /Choose two with/],
    ['Parquet with other columns', parquet({ x: [1], y: [2] }), MissingColumnError, /^my: .*"x", "y"/],
    ['Parquet with a gap', parquet({ lat: [1, null], lon: [2, 3] }), NotANumberError, /^my, row 2: .*null/],
    ['minutes and seconds', 'lat,lon\n10°30\'00",20\n', NotANumberError, /^my:2:1: expected decimal degrees/],
    ['a gap', 'lat,lon\n1,2\n,4\n', NotANumberError, /^my:3:1: .*given "".*skipBad: true/],
    ['a row too long', 'lat,lon\n1,2,3\n', FieldCountError, /^my:2: expected 2 fields/],
    ['meters', 'lat,lon\n5600000,1500000\n', OutOfRangeError, /^my:2:1: .*Check the units/],
    ['a quote that stays open', 'lat,lon\n1,"2\n', UnclosedQuoteError, /^my:2:2/],
    ['a very long cell', `lat,lon\n${'9'.repeat(1e6)},2\n`, NotANumberError, /\.\.\./],
  ])('%s', async (_, content, type, message) => {
    const bytes = typeof content === 'string' ? utf8(content) : content;
    const error = await readLatLon(bytes, { file: 'my' }).then(
      () => null,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(type);
    expect(error).toBeInstanceOf(CsvError);
    expect(error.message).toMatch(message);
    expect(error.message.length).toBeLessThanOrEqual(400);
    for (const part of [error.expected, error.given, error.remedy]) expect(part).not.toBe('');
  });

  test('columns that are not there, or the same twice', async () => {
    const bytes = utf8('latit,lng\n1,2\n');
    const optionWords = { columns: '--columns lat,lon' };
    await expect(readLatLon(bytes, { columns: ['latitt', 'lng'], optionWords })).rejects.toThrow(
      /a column named latitt, .*Correct --columns lat,lon. Did you mean "latit"\?/,
    );
    await expect(readLatLon(bytes, { columns: ['lng', 'lng'] })).rejects.toThrow(AmbiguousColumnError);
    await expect(readLatLon(bytes, { columns: ['1', '3'] })).rejects.toThrow(MissingColumnError);
  });
});

describe('bad rows', () => {
  test('are left out when asked for, counted, and the first of them named', async () => {
    const text = 'lat,lon\n1,2\nx,4\n5\n95,6\n7,8\n,\n';
    const { latitude, points, skipped } = await readLatLon(utf8(text), { file: 'my', skipBad: true });
    expect([...latitude]).toEqual([1, 7]);
    expect(points).toHaveLength(6);
    expect(skipped.count).toBe(4);
    expect(skipped.first.map(({ line }) => line)).toEqual([3, 4, 5]);
  });

  test('with lines whose quotes do not match: left out, and the lines after them read', async () => {
    const text = 'name,lat,lon\na,1,2\n"b"x,3,4\n"c\nd",5,6\n"open,7,8\ne,9,10\n';
    const { latitude, skipped } = await readLatLon(utf8(text), { file: 'my', skipBad: true });
    expect([...latitude]).toEqual([1, 5, 9]);
    expect(skipped.count).toBe(2);
    expect(skipped.first.map(({ name, line }) => [name, line])).toEqual([
      ['MalformedQuoteError', 3],
      ['UnclosedQuoteError', 6],
    ]);
    await expect(readLatLon(utf8(text), { file: 'my' })).rejects.toThrow(/^my:3: /);
    await expect(readLatLon(utf8('"lat,lon\n1,2\n'), { skipBad: true })).rejects.toThrow('a closing quote');
  });

  test('that are all there is: an error that names the first', async () => {
    await expect(readLatLon(utf8('lat,lon\nx,4\ny,5\n'), { file: 'my', skipBad: true })).rejects.toThrow(
      /2 rows without one. The first: my:2:1/,
    );
  });

  test('lines are those of the file, also below comments, blank lines and quoted line ends', async () => {
    const text = '# one\n\nplace,lat,lon\n"two\nlines",1,2\n"three\n\nlines",x,2\n';
    await expect(readLatLon(utf8(text), { file: 'my' })).rejects.toThrow(/^my:8:2/);
  });
});
