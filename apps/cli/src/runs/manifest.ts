import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@flowfield/recipes';
import { folderStorage } from '@flowfield/train/node';
import { RunFolderError } from '../failures/failures.ts';

/** The file that makes a folder a run: what its files are, by SHA-256. */
export const MANIFEST = 'manifest.json';

interface Manifest {
  readonly version: 1;
  /** By name: the hash; two while a file is being replaced. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

/**
 * Writes a file of a run, whole or not at all, and notes its hash. A stop at any moment leaves the old file or the new
 * one, and a manifest that knows it.
 */
export async function writeRunFile(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const hash = await sha256(bytes);
  const { files } = (await readManifest(folder)) ?? NO_MANIFEST;
  const write = (hashes: readonly string[]): Promise<void> => writeManifest(folder, { ...files, [name]: hashes });
  await write([...new Set([...(files[name] ?? []), hash])]);
  await folderStorage(folder).write(name, bytes);
  await write([hash]);
}

/** Notes the hash of a file that grew while the run was trained, and stands still now. */
export async function sealRunFile(folder: string, name: string): Promise<void> {
  const bytes = await readFile(join(folder, name)).catch((cause: NodeJS.ErrnoException) => {
    // A run that was stopped before its first step has none.
    if (cause.code === 'ENOENT') return null;
    throw cause;
  });
  if (bytes === null) return;
  const { files } = (await readManifest(folder)) ?? NO_MANIFEST;
  await writeManifest(folder, { ...files, [name]: [await sha256(bytes)] });
}

/**
 * Takes the hash of a file that will grow out of the manifest, once it was found right. A run that was killed has none.
 * @throws RunFolderError when the file is missing, or not as it was left
 */
export async function unsealRunFile(folder: string, name: string): Promise<void> {
  const manifest = await readManifest(folder);
  if (manifest?.files[name] === undefined) return;
  await readRunFile(folder, name, MENDED);
  const { [name]: _, ...files } = manifest.files;
  await writeManifest(folder, files);
}

async function writeManifest(folder: string, files: Manifest['files']): Promise<void> {
  const manifest: Manifest = { version: 1, files };
  await folderStorage(folder).write(MANIFEST, new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`));
}

/**
 * The bytes of a file of a run, once their hash is that of the manifest.
 * @throws RunFolderError when the file is missing, or not as it was written
 */
export async function readRunFile(folder: string, name: string, whenMissing: string): Promise<Uint8Array> {
  const file = join(folder, name);
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new RunFolderError(`'${folder}' has no ${name}; ${whenMissing}`, { cause });
    throw cause;
  });
  const manifest = await readManifest(folder);
  // A model and its configuration that were copied out of their run work without it, unchecked.
  if (manifest === null) return bytes;
  const known = manifest.files[name];
  if (known === undefined) {
    throw new RunFolderError(`${file} is not in ${MANIFEST}, so that nothing tells whether it is whole; ${MENDED}`);
  }
  const hash = await sha256(bytes);
  if (known.includes(hash)) return bytes;
  throw new RunFolderError(
    `${file} is not as the run wrote it: its SHA-256 begins with ${hash.slice(0, 12)}, in ${MANIFEST} with ${known.map((one) => one.slice(0, 12)).join(' or ')}; ${MENDED}`,
  );
}

const NO_MANIFEST: Manifest = { version: 1, files: {} };

/** What to do about a damaged file. */
export const MENDED = 'restore the file from a copy, or train again into another folder';

/** The manifest of a folder; `null` where there is none. */
async function readManifest(folder: string): Promise<Manifest | null> {
  const file = join(folder, MANIFEST);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
  try {
    const manifest = JSON.parse(text) as Manifest;
    const hashes = Object.values(manifest?.files ?? [null]);
    const valid = hashes.every((list) => Array.isArray(list) && list.every((hash) => /^[0-9a-f]{64}$/.test(hash)));
    if (manifest.version !== 1 || !valid) throw new Error('expected version 1 and a list of hashes for each file');
    return manifest;
  } catch (cause) {
    throw new RunFolderError(`${file} is damaged: ${(cause as Error).message}; ${MENDED}`, { cause });
  }
}
