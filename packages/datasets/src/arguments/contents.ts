import { refuse } from './refuse.ts';

/** What a file holds, as bytes. */
export type FileBytes = Uint8Array | ArrayBuffer;

/** The name of a class of the engine, that of another page or context too. */
const kindOf = (given: unknown): string => Object.prototype.toString.call(given).slice(8, -1);

/** The bytes of `given`, in the same memory; `undefined` where it holds something else. */
function bytesOf(given: unknown): Uint8Array | undefined {
  if (given instanceof Uint8Array) return (given.buffer as { detached?: boolean }).detached ? undefined : given;
  const kind = kindOf(given);
  if (/^(Shared)?ArrayBuffer$/.test(kind)) {
    return (given as { detached?: boolean }).detached ? undefined : new Uint8Array(given as ArrayBuffer);
  }
  if (!/^(DataView|Uint8(Clamped)?Array|Int8Array)$/.test(kind)) return undefined;
  const { buffer, byteOffset, byteLength } = given as DataView;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The bytes of a file, which a caller has as a Uint8Array (a Buffer too), an ArrayBuffer or another view of bytes. */
export function checkedBytes(op: string, what: string, given: unknown): Uint8Array {
  const bytes = bytesOf(given);
  if (bytes) return bytes;
  const remedy =
    typeof given === 'string'
      ? 'Read the file without an encoding; new TextEncoder().encode(text) makes bytes of text.'
      : ArrayBuffer.isView(given) || kindOf(given) === 'ArrayBuffer'
        ? 'Give bytes, in memory that no other thread has taken over.'
        : 'Read the file first: await response.arrayBuffer() gives its bytes.';
  return refuse(op, `${what} as a Uint8Array or ArrayBuffer`, given, remedy);
}

/** The text of a file. */
export function checkFileText(op: string, given: unknown): void {
  if (typeof given === 'string') return;
  const remedy = bytesOf(given)
    ? 'Decode it with new TextDecoder().decode(bytes).'
    : 'Read the file first: await response.text() gives its text.';
  refuse(op, 'the text of the file', given, remedy);
}

/** The text of a file, or its bytes. */
export const checkedTextOrBytes = (op: string, given: unknown): string | Uint8Array =>
  typeof given === 'string' ? given : checkedBytes(op, 'the text of the file, or its bytes', given);
