export {
  AmbiguousColumnError,
  CsvError,
  EmptyCsvError,
  FieldCountError,
  MalformedQuoteError,
  MissingColumnError,
  NotANumberError,
  OutOfRangeError,
  UnclosedQuoteError,
  type CsvProblem,
} from './csvError.ts';
export { dropDuplicates } from './dropDuplicates.ts';
export { earthquakes, type Earthquakes } from './earthquakes.ts';
export { gatherRows } from './gatherRows.ts';
export { parseLatLonCsv, type LatLonTable, type ParseLatLonCsvOptions } from './parseLatLonCsv.ts';
export { philox2x32 } from './philox.ts';
export { latLonToUnit, SphericalCoordinateError, unitToLatLon, type LatLonPoints } from './spherical.ts';
export { splitIndices, SplitError, type Split, type SplitFractions, type SplitOptions } from './splitIndices.ts';
