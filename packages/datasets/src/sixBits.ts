import { GraphFormatError, GraphLengthError, GraphValueError } from './graphFileError.ts';

/** graph6 and sparse6 write 6 bits a byte, as 63 to 126. */
const LOWEST = 63;
const HIGHEST = 126;
/** Sizes up to these take 1, 4 and 8 bytes; larger ones cannot be written. */
const SMALL = 62;
const MIDDLE = 258_047;
export const MOST_NODES = 68_719_476_735;

/** A line of graph6 or sparse6 without its marks. */
export interface SixBitLine {
  readonly nodes: number;
  /** The numbers 0 … 63 behind the size. */
  readonly groups: Uint8Array;
  /** Column of the first of them. */
  readonly column: number;
}

/** Byte-order marks of UTF-8, in text and in bytes that were read one by one. */
const MARK = /^(\uFEFF|\u00EF\u00BB\u00BF)/;

/** Text of a file as lines with their numbers; CRLF, blank lines and a byte-order mark are fine, and the optional header goes. */
export function linesOf(
  input: string | Uint8Array,
  header: string,
): { readonly text: string; readonly line: number; readonly column: number }[] {
  const text = (typeof input === 'string' ? input : new TextDecoder('latin1').decode(input)).replace(MARK, '');
  return text.split('\n').flatMap((raw, i) => {
    const whole = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const start = i === 0 && whole.startsWith(header) ? header.length : 0;
    return whole.length === start ? [] : [{ text: whole.slice(start), line: i + 1, column: start + 1 }];
  });
}

/** Reads the size and the groups of a line that starts at a column. */
export function sixBitLine(file: string, line: number, text: string, column: number): SixBitLine {
  const values = Uint8Array.from({ length: text.length }, (_, i) => {
    const code = text.charCodeAt(i);
    if (code >= LOWEST && code <= HIGHEST) return code - LOWEST;
    throw new GraphValueError({
      file,
      line,
      column: column + i,
      expected: `bytes ${LOWEST} to ${HIGHEST}`,
      given: `byte ${code} (${JSON.stringify(text[i])})`,
      remedy: 'Remove what was added to the line; one graph stands on each line, without blanks.',
    });
  });
  const longest = values[0] === 63 && values[1] === 63;
  const width = longest ? 6 : values[0] === 63 ? 3 : 1;
  const start = longest ? 2 : values[0] === 63 ? 1 : 0;
  if (values.length < start + width) {
    throw new GraphLengthError({
      file,
      line,
      expected: `a size of ${start + width} bytes`,
      given: `${values.length} bytes`,
      remedy: 'The line is cut; take the file again.',
    });
  }
  const nodes = values.subarray(start, start + width).reduce((n, six) => n * 64 + six, 0);
  return { nodes, groups: values.subarray(start + width), column: column + start + width };
}

/** Throws for a line that begins as another format of the same family does. */
export function refuseOthers(file: string, line: number, text: string, others: Readonly<Record<string, string>>): void {
  const header = /^>>(\w+)<</.exec(text)?.[1];
  const remedy = header === undefined ? others[text[0] as string] : `This is a file of ${header}, or several joined.`;
  if (remedy === undefined) return;
  throw new GraphFormatError({
    file,
    line,
    column: 1,
    expected: 'a line of one graph in this format',
    given: `a line that begins with ${JSON.stringify(header === undefined ? text[0] : `>>${header}<<`)}`,
    remedy,
  });
}

/** The size of a graph, at most `MOST_NODES`, in 1, 4 or 8 characters. */
export function sizeText(nodes: number): string {
  const digits = (count: number): string =>
    Array.from({ length: count }, (_, i) =>
      String.fromCharCode(LOWEST + (Math.floor(nodes / 64 ** (count - 1 - i)) % 64)),
    ).join('');
  const mark = String.fromCharCode(HIGHEST);
  if (nodes <= SMALL) return digits(1);
  return nodes <= MIDDLE ? mark + digits(3) : mark + mark + digits(6);
}

/** Numbers 0 … 63 as characters; a piece at a time, since a call takes only so many arguments. */
export function groupsText(groups: Uint8Array): string {
  const pieces: string[] = [];
  for (let from = 0; from < groups.length; from += PIECE) {
    pieces.push(String.fromCharCode(...groups.subarray(from, from + PIECE).map((six) => six + LOWEST)));
  }
  return pieces.join('');
}

const PIECE = 8192;

/** Bits, a multiple of 6, as characters. */
export const bitsText = (bits: readonly number[]): string =>
  Array.from({ length: bits.length / 6 }, (_, i) =>
    String.fromCharCode(LOWEST + bits.slice(6 * i, 6 * i + 6).reduce((value, bit) => value * 2 + bit, 0)),
  ).join('');
