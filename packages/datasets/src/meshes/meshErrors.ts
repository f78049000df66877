import { DataArgumentError } from '../arguments/argumentError.ts';
import { FileProblemError } from '../fileProblem.ts';

/** Base of every error of a file of a mesh. The message reads `file:line: expected ..., given .... remedy`. */
export class MeshFileError extends FileProblemError {
  override name = 'MeshFileError';
}

/** The file or line is of another format, or uses a part of it that is no mesh. */
export class MeshFormatError extends MeshFileError {
  override name = 'MeshFormatError';
}

/** A word that is not a number of the kind wanted, or not finite. */
export class MeshValueError extends MeshFileError {
  override name = 'MeshValueError';
}

/** Fewer or more numbers or corners than a statement has. */
export class MeshLengthError extends MeshFileError {
  override name = 'MeshLengthError';
}

/** A corner of a face that names no vertex, texture point or normal. */
export class MeshIndexError extends MeshFileError {
  override name = 'MeshIndexError';
}

/** A mesh in memory that is none, that has no area where some is needed, or options that do not fit it. */
export class MeshError extends DataArgumentError {
  override name = 'MeshError';
}
