import { describe } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';

/**
 * The offset of a diagonal, 0 the main one, 1 the one above it; of those that lie outside a matrix the nearest.
 * @throws ArgumentError unless it is an integer
 */
export function diagonalOffset(op: string, offset: number, rows: number, columns: number): number {
  if (!Number.isSafeInteger(offset)) {
    throw new ArgumentError(
      `${op}: expected offset as an integer, got ${describe(offset)}. Give the number of a diagonal: 0 for the main one.`,
    );
  }
  return Math.min(Math.max(offset, -rows), columns);
}
