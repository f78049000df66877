import { type FileProblem, FileProblemError } from './fileProblem.ts';

/** Where in a file of graphs a problem lies and what would be right. */
export type GraphFileProblem = FileProblem;

/** Base of every error of a file of graphs. The message reads `file:line:column: expected ..., given .... remedy`. */
export class GraphFileError extends FileProblemError {
  override name = 'GraphFileError';
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
