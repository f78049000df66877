/** Where in a table a problem lies and what would be right. */
export interface CsvProblem {
  /** Name of the file, as the caller gave it. */
  file: string;
  /** 1-based line of the file; 0 when the file as a whole is meant, or has no lines. */
  line: number;
  /** 1-based number of the field within its record; 0 when the whole line is meant. */
  column: number;
  /** The place in a file without lines, such as `feature 3`. */
  where?: string;
  expected: string;
  given: string;
  remedy: string;
}

/** The longest quote from a file in a message. */
const LONGEST_QUOTE = 120;

/** A text of bearable length. */
const clipped = (text: string): string => (text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}...`);

/**
 * Base of the errors of {@link parseLatLonCsv} and {@link readLatLon}. The message reads
 * `file:line:column: expected ..., given .... remedy`, with quotes from the file cut to 120 characters.
 */
export class CsvError extends Error {
  override name = 'CsvError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly given: string;
  readonly remedy: string;

  constructor(problem: CsvProblem) {
    const { file, line, column, where, remedy } = problem;
    const [expected, given] = [clipped(problem.expected), clipped(problem.given)];
    const lines = [file, ...(line > 0 ? [line] : []), ...(column > 0 ? [column] : [])].join(':');
    super(`${where === undefined ? lines : `${file}, ${where}`}: expected ${expected}, given ${given}. ${remedy}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.expected = expected;
    this.given = given;
    this.remedy = remedy;
  }
}

/** The file has no header, or a header and no data row. */
export class EmptyCsvError extends CsvError {
  override name = 'EmptyCsvError';
}

/** The header lacks a latitude, a longitude or an asked-for column. */
export class MissingColumnError extends CsvError {
  override name = 'MissingColumnError';
}

/** A row has a blank field where its class stands. */
export class MissingLabelError extends CsvError {
  override name = 'MissingLabelError';
}

/** Two columns of the header could be meant. */
export class AmbiguousColumnError extends CsvError {
  override name = 'AmbiguousColumnError';
}

/** A data row has more or fewer fields than the header. */
export class FieldCountError extends CsvError {
  override name = 'FieldCountError';
}

/** A field that must be a number is not a finite decimal number. */
export class NotANumberError extends CsvError {
  override name = 'NotANumberError';
}

/** A latitude or longitude lies outside its range. */
export class OutOfRangeError extends CsvError {
  override name = 'OutOfRangeError';
}

/** A quoted field is never closed. */
export class UnclosedQuoteError extends CsvError {
  override name = 'UnclosedQuoteError';
}

/** Text follows the closing quote of a field. */
export class MalformedQuoteError extends CsvError {
  override name = 'MalformedQuoteError';
}

/** The file is of another kind than tables are, or is damaged. */
export class FileKindError extends CsvError {
  override name = 'FileKindError';
}
