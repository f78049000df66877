/** Where in a file of graphs a problem lies and what would be right. */
export interface GraphFileProblem {
  /** Name of the file, as the caller gave it. */
  file: string;
  /** 1-based line of the file; 0 when the whole file is meant. */
  line: number;
  /** 1-based character of the line; 0 when the whole line is meant. */
  column?: number;
  expected: string;
  given: string;
  remedy: string;
}

/** Base of every error of a file of graphs. The message reads `file:line:column: expected ..., given .... remedy`. */
export class GraphFileError extends Error {
  override name = 'GraphFileError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly given: string;
  readonly remedy: string;

  constructor({ file, line, column = 0, expected, given, remedy }: GraphFileProblem) {
    const place = [file, ...(line > 0 ? [line] : []), ...(line > 0 && column > 0 ? [column] : [])].join(':');
    super(`${place}: expected ${expected}, given ${given}. ${remedy}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.expected = expected;
    this.given = given;
    this.remedy = remedy;
  }
}

/** The file or line is of another format. */
export class GraphFormatError extends GraphFileError {
  override name = 'GraphFormatError';
}

/** A byte that the format does not have, or a word that is not a number of the kind wanted. */
export class GraphValueError extends GraphFileError {
  override name = 'GraphValueError';
}

/** More or fewer lines, words or bytes than the file itself says. */
export class GraphLengthError extends GraphFileError {
  override name = 'GraphLengthError';
}

/** A node or graph number that names none. */
export class GraphIndexError extends GraphFileError {
  override name = 'GraphIndexError';
}
