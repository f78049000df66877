import type { CsvError } from '../csvError.ts';

/** One row of a table, with its two cells of coordinates. */
export interface PlaceRow {
  /** As the file writes it: text, a number, or nothing. */
  readonly latitude: unknown;
  readonly longitude: unknown;
  /** Why it is no place, in the words that follow `given`. */
  readonly wrong?: { readonly expected: string; readonly given: string };
  /** Why it could not be read. */
  readonly fault?: CsvError;
  /** 1-based line of the row, and of each cell where quoted fields span lines; 0 in a file without lines. */
  readonly line: number;
  readonly lines?: readonly [number, number];
  /** The place in a file without lines, such as `feature 3`. */
  readonly where?: string;
}

/** The number of the latitude column and that of the longitude column, from 0. */
export type ColumnPair = readonly [number, number];

/** A table of any format. */
export interface PlaceTable {
  readonly header: readonly string[];
  /** 1-based; 0 in a file without lines. */
  readonly headerLine: number;
  /** The columns of coordinates, where the format says which they are. */
  readonly columns?: ColumnPair;
  /** The first row stands where a header would. */
  headless?(): PlaceTable;
  rows(columns: ColumnPair): Promise<readonly PlaceRow[]> | readonly PlaceRow[];
}
