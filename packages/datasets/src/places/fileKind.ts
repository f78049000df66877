import { FileKindError } from '../csvError.ts';

/** What a file is by its first bytes, and what a person does about it. */
interface OtherKind {
  readonly begins: string;
  /** Where the bytes stand; 0 when left out. */
  readonly at?: number;
  readonly name: string;
  readonly remedy: string;
}

const SAVE = 'Save the table as CSV, GeoJSON or Parquet.';
const UNPACK = 'Unpack it first, or pack it with gzip.';

const otherKinds: readonly OtherKind[] = [
  {
    begins: 'PK\x03\x04',
    name: 'an Excel workbook (.xlsx) or a ZIP archive',
    remedy: 'Save the sheet as CSV, or unpack the archive.',
  },
  { begins: '\xd0\xcf\x11\xe0', name: 'an Excel workbook (.xls)', remedy: 'Save the sheet as CSV.' },
  { begins: 'BZh', name: 'a bzip2 file', remedy: UNPACK },
  { begins: '\xfd7zXZ', name: 'an xz file', remedy: UNPACK },
  { begins: '\x28\xb5\x2f\xfd', name: 'a Zstandard file', remedy: UNPACK },
  { begins: '7z\xbc\xaf', name: 'a 7z archive', remedy: UNPACK },
  { begins: 'Rar!', name: 'a RAR archive', remedy: UNPACK },
  { begins: 'ustar', at: 257, name: 'a tar archive', remedy: UNPACK },
  { begins: '\x93NUMPY', name: 'a NumPy array', remedy: SAVE },
  { begins: '\x89HDF', name: 'an HDF5 or netCDF file', remedy: SAVE },
  { begins: 'CDF\x01', name: 'a netCDF file', remedy: SAVE },
  { begins: 'CDF\x02', name: 'a netCDF file', remedy: SAVE },
  { begins: 'SQLite format 3', name: 'an SQLite database or GeoPackage', remedy: SAVE },
  { begins: 'ARROW1', name: 'an Arrow or Feather file', remedy: SAVE },
  { begins: 'Obj\x01', name: 'an Avro file', remedy: SAVE },
  { begins: 'ORC', name: 'an ORC file', remedy: SAVE },
  { begins: 'PARE', name: 'an encrypted Parquet file', remedy: SAVE },
  { begins: '\x00\x00\x27\x0a', name: 'a shapefile', remedy: 'Convert it to GeoJSON (ogr2ogr -t_srs EPSG:4326).' },
  { begins: '%PDF', name: 'a PDF document', remedy: SAVE },
  { begins: '\x89PNG', name: 'a PNG picture', remedy: SAVE },
  { begins: '\xff\xd8\xff', name: 'a JPEG picture', remedy: SAVE },
  { begins: 'GIF8', name: 'a GIF picture', remedy: SAVE },
  { begins: 'II*\x00', name: 'a TIFF picture', remedy: SAVE },
  { begins: 'MM\x00*', name: 'a TIFF picture', remedy: SAVE },
  { begins: '\x7fELF', name: 'a program', remedy: SAVE },
  { begins: '\x80\x04\x95', name: 'a Python pickle', remedy: SAVE },
  { begins: '\x80\x05\x95', name: 'a Python pickle', remedy: SAVE },
];

/** Kinds of text that are no tables, by how they begin. */
const otherTexts: readonly { readonly begins: RegExp; readonly name: string; readonly remedy: string }[] = [
  {
    begins: /^<(!doctype html|html)/i,
    name: 'an HTML page',
    remedy: 'The download gave a page in place of the file: check its address.',
  },
  {
    begins: /^<(\?xml|kml|gpx|rss|feed)/i,
    name: 'an XML file, such as KML or GPX',
    remedy: 'Convert it to CSV or GeoJSON (ogr2ogr).',
  },
  { begins: /^version https:\/\/git-lfs/, name: 'a Git LFS pointer', remedy: 'Fetch the file itself: git lfs pull.' },
  { begins: /^\{\\rtf/, name: 'an RTF document', remedy: SAVE },
];

/** What a person expects to be read. */
const TABLE = 'a table with latitudes and longitudes (CSV, GeoJSON, Parquet)';

/** Whether bytes begin with a text of one-byte characters. */
export function beginsWith(bytes: Uint8Array, begin: string, at = 0): boolean {
  if (bytes.length < at + begin.length) return false;
  for (let i = 0; i < begin.length; i++) if (bytes[at + i] !== begin.charCodeAt(i)) return false;
  return true;
}

/** @throws FileKindError that names the kind, for bytes that begin as a known kind that is no table */
export function expectNoOtherKind(bytes: Uint8Array, file: string): void {
  const kind = otherKinds.find(({ begins, at }) => beginsWith(bytes, begins, at));
  if (kind !== undefined) throw otherKind(file, kind.name, kind.remedy);
}

/** Characters at the begin of a text that tell whether it is one. */
const LOOKED_AT = 65_536;
/** The share of control characters from which a file is taken to be no text. */
const MOST_CONTROLS = 0.01;

/** @throws FileKindError for text that is a page, a program or noise */
export function expectTabular(text: string, file: string): void {
  const begin = text.slice(0, LOOKED_AT).trimStart();
  const kind = otherTexts.find(({ begins }) => begins.test(begin));
  if (kind !== undefined) throw otherKind(file, kind.name, kind.remedy);
  let controls = 0;
  for (let i = 0; i < begin.length; i++) {
    const code = begin.charCodeAt(i);
    if (code === 0) controls = Infinity;
    // Tabs, line ends and the separators of JSON texts are at home in tables.
    else if (code < 32 && !(code >= 9 && code <= 13) && code !== 30) controls++;
  }
  if (controls > MOST_CONTROLS * begin.length) throw otherKind(file, 'a binary file of a kind that is not known', SAVE);
}

/** The error for a file that is something else. */
export function otherKind(file: string, given: string, remedy: string): FileKindError {
  return new FileKindError({ file, line: 0, column: 0, expected: TABLE, given, remedy });
}
