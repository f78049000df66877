export { type EarthName, type EarthOptions, earth, earthNames } from './earth.ts';
export {
  ChecksumError,
  DataFileMissingError,
  DataFolderMissingError,
  EarthDataError,
  UnknownDatasetError,
} from './earthError.ts';
