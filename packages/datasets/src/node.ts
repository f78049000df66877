export { earth, earthNames, type EarthName, type EarthOptions } from './earth.ts';
export { ChecksumError, DataFileMissingError, DataFolderMissingError, EarthDataError, UnknownDatasetError } from './earthError.ts';
