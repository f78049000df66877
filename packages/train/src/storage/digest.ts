import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** Files of a run cannot be read, written or trusted. */
export class StorageError extends FlowfieldError {
  /** The file that the error is about. */
  readonly file: string;
  /** The code of the system, such as ENOSPC, where there is one. */
  readonly code: string | null;

  constructor(message: string, file: string, options: { code?: string | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.file = file;
    this.code = options.code ?? null;
  }
}

/** The SHA-256 of some bytes, as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) {
    throw new StorageError(
      'sha256: expected crypto.subtle, which checks the files of a run, but this page has none. Serve it over https, or from localhost.',
      '',
    );
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a file must be: its length and its sum. */
export interface FileSeal {
  readonly bytes: number;
  readonly sha256: string;
}

export const sealOf = async (bytes: Uint8Array): Promise<FileSeal> => ({
  bytes: bytes.length,
  sha256: await sha256(bytes),
});

/** How `bytes` differ from their seal, or `null`. */
export async function difference(bytes: Uint8Array, seal: FileSeal): Promise<string | null> {
  if (bytes.length !== seal.bytes) return `it has ${bytes.length} bytes where ${seal.bytes} were written`;
  return (await sha256(bytes)) === seal.sha256 ? null : 'its SHA-256 is not the one that was written down';
}

/** Whether a value read from JSON is a seal. */
export const isSeal = (value: unknown): value is FileSeal => {
  const seal = value as Partial<FileSeal> | null;
  return Number.isSafeInteger(seal?.bytes) && typeof seal?.sha256 === 'string';
};
