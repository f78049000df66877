/** Where in a file a problem lies and what would be right. */
export interface FileProblem {
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

/** Base of the errors of files with lines. The message reads `file:line:column: expected ..., given .... remedy`. */
export class FileProblemError extends Error {
  override name = 'FileProblemError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly given: string;
  readonly remedy: string;

  constructor({ file, line, column = 0, expected, given, remedy }: FileProblem) {
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
