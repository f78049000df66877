/** Where in a CSV file a problem lies and what would be right. */
export interface CsvProblem {
  /** Name of the file, as the caller gave it. */
  file: string;
  /** 1-based line of the file. */
  line: number;
  /** 1-based number of the field within its record; 0 when the whole line is meant. */
  column: number;
  expected: string;
  given: string;
  remedy: string;
}

/** Base of every error of {@link parseLatLonCsv}. The message reads `file:line:column: expected ..., given .... remedy`. */
export class CsvError extends Error {
  override name = 'CsvError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly given: string;
  readonly remedy: string;

  constructor(problem: CsvProblem) {
    const { file, line, column, expected, given, remedy } = problem;
    const place = column > 0 ? `${file}:${line}:${column}` : `${file}:${line}`;
    super(`${place}: expected ${expected}, given ${given}. ${remedy}`);
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
