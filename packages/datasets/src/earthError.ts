import { describe } from './arguments/refuse.ts';

const HOW_TO_GET =
  'Get manifold_data/data.zip of the GitHub repository rtqichen/rtqichen.github.io, put the CSV files of its folder earth_data into a folder named earth, ' +
  'and set FLOWFIELD_DATA to the folder that holds earth.';

/** Base of the errors of `earth`. */
export class EarthDataError extends Error {
  override name = 'EarthDataError';
}

/** The name is none of the data sets. */
export class UnknownDatasetError extends EarthDataError {
  override name = 'UnknownDatasetError';
  /** The valid name with the smallest edit distance. */
  readonly nearest: string;

  constructor(given: unknown, nearest: string, names: readonly string[]) {
    super(
      `earth: expected one of ${names.join(', ')}, given ${typeof given === 'string' ? `${JSON.stringify(given)}. Did you mean ${JSON.stringify(nearest)}?` : `${describe(given)}. Give one of these names.`}`,
    );
    this.nearest = nearest;
  }
}

/** FLOWFIELD_DATA is not set, or names no folder. */
export class DataFolderMissingError extends EarthDataError {
  override name = 'DataFolderMissingError';

  constructor(expected: string, given: string) {
    super(`earth: expected ${expected}, given ${given}. ${HOW_TO_GET}`);
  }
}

/** The data folder lacks the file, or it cannot be read. */
export class DataFileMissingError extends EarthDataError {
  override name = 'DataFileMissingError';

  constructor(file: string, cause: unknown) {
    super(
      `earth: expected a readable file ${file}, given ${cause instanceof Error ? cause.message : String(cause)}. ${HOW_TO_GET}`,
      { cause },
    );
  }
}

/** The file is not the published one. */
export class ChecksumError extends EarthDataError {
  override name = 'ChecksumError';

  constructor(file: string, expected: string, given: string) {
    super(
      `earth: expected sha256 ${expected} of ${file}, given ${given}. The file is damaged or another version. ${HOW_TO_GET}`,
    );
  }
}
