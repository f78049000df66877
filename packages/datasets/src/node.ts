export { type EarthOptions, earth } from './earth.ts';
export { DataFileMissingError, DataFolderMissingError } from './earthError.ts';
export { type Fold, type GraphSet, readGraphSet } from './readGraphSet.ts';
export { PointFileError, type ReadPointsOptions, readPoints } from './readPoints.ts';
