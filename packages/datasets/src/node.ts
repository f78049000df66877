export { type EarthOptions, earth } from './earth.ts';
export { DataFileMissingError, DataFolderMissingError } from './earthError.ts';
export { PointFileError, type ReadPointsOptions, readPoints } from './readPoints.ts';
