import { GraphLengthError, GraphValueError } from './graphFileError.ts';

/** A line of whole numbers and where it stands. */
export interface NumberLine {
  readonly line: number;
  readonly values: readonly number[];
}

export interface NumberLineOptions {
  /** What stands between numbers (default blanks). */
  readonly separator?: RegExp;
  /** Whether the numbers must be whole (default true). */
  readonly whole?: boolean;
}

/** Decimal numbers; `Number` would take 0x10 too. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads lines of numbers one after another; blank lines are passed over. */
export function numberLines(file: string, text: string, { separator = /\s+/, whole = true }: NumberLineOptions = {}) {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  let at = 0;
  const skip = (): void => {
    while (at < lines.length && (lines[at] as string).trim() === '') at++;
  };
  return {
    /** The next line. Throws `GraphLengthError` at the end of the file, `GraphValueError` for words that are no numbers. */
    next(expected: string): NumberLine {
      skip();
      const line = at + 1;
      if (at >= lines.length) {
        throw new GraphLengthError({
          file,
          line: lines.length,
          expected,
          given: 'the end of the file',
          remedy: 'The file is cut; take it again.',
        });
      }
      const values = (lines[at++] as string)
        .trim()
        .split(separator)
        .map((word, i) => {
          const value = Number(word);
          if (DECIMAL.test(word) && (whole ? Number.isSafeInteger(value) : Number.isFinite(value))) return value;
          throw new GraphValueError({
            file,
            line,
            expected: `${expected} in ${whole ? 'whole ' : ''}numbers`,
            given: `${JSON.stringify(word)} as word ${i + 1}`,
            remedy: 'Check that this is the right file, and that no line is broken.',
          });
        });
      return { line, values };
    },
    /** How many lines are left at most. */
    left: (): number => lines.length - at,
    /** Whether nothing but blank lines is left. */
    ended(): boolean {
      skip();
      return at >= lines.length;
    },
    /** Throws `GraphLengthError` unless nothing but blank lines is left. */
    end(expected: string): void {
      skip();
      if (at >= lines.length) return;
      throw new GraphLengthError({
        file,
        line: at + 1,
        expected: `the end of the file after ${expected}`,
        given: JSON.stringify((lines[at] as string).trim().slice(0, 40)),
        remedy: 'The count at the beginning is too small, or lines were added.',
      });
    },
  };
}
