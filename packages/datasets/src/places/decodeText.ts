import { otherKind } from './fileKind.ts';

/** The longest text that JavaScript engines hold, in bytes that may each be a character. */
const LONGEST = 2 ** 29 - 2 ** 10;
/** Bytes at the begin that tell the encoding. */
const LOOKED_AT = 1024;
/** The share of zero bytes, all at even or all at odd places, that text in UTF-16 has at least. */
const MANY_ZEROS = 0.2;

/**
 * The text of a file: UTF-8, UTF-16 (by its byte-order mark, or by the zeros that plain letters leave), and Windows-1252 where
 * it is no UTF-8.
 * @throws FileKindError for a file that is too long
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (bytes.length > LONGEST) {
    throw otherKind(
      file,
      `a text of ${Math.round(bytes.length / 2 ** 20)} MiB`,
      'Save it as Parquet, or split it into files below 512 MiB.',
    );
  }
  const wide = wideEncoding(bytes);
  if (wide !== null) return new TextDecoder(wide).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const begin = bytes.subarray(0, LOOKED_AT);
  const zeros = [0, 0];
  begin.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2]++;
  });
  const many = MANY_ZEROS * begin.length;
  if (zeros[1] > many && zeros[0] === 0) return 'utf-16le';
  if (zeros[0] > many && zeros[1] === 0) return 'utf-16be';
  return null;
}
