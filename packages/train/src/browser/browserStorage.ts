import { ArgumentError, checkedOptions } from '@flowfield/tensor-webgpu';
import { StorageError } from '../storage/digest.ts';
import type { RunStorage } from '../storage/storage.ts';
import { indexedDbStorage, pageDatabases } from './indexedDbStorage.ts';
import { opfsStorage, privateRoot } from './opfsStorage.ts';

export interface BrowserStorageOptions {
  /** Where files are kept: 'opfs', the private file system of the page, 'indexedDb', or the first of them that works (default). */
  readonly kind?: 'opfs' | 'indexedDb';
}

/** Whether files of the private file system can be written from here: some browsers let only workers do that, by other means. */
async function isWritable(storage: RunStorage): Promise<boolean> {
  const probe = '.probe';
  try {
    await storage.write(probe, new Uint8Array([1]));
    await storage.remove?.(probe);
    return true;
  } catch {
    return false;
  }
}

/**
 * The files of the run of that name, kept by the browser for this page: they are there when it is opened again, until the person
 * clears the data of the site. Ask `navigator.storage.persist()` for a promise that the browser itself does not clear them.
 * @throws ArgumentError for a name with a path in it; StorageError where the browser keeps nothing.
 */
export async function browserStorage(run: string, options: BrowserStorageOptions = {}): Promise<RunStorage> {
  const { kind } = checkedOptions('browserStorage', options, ['kind']);
  if (kind !== undefined && kind !== 'opfs' && kind !== 'indexedDb') {
    throw new ArgumentError(`browserStorage: kind must be 'opfs' or 'indexedDb', got ${String(kind)}.`);
  }
  if (kind !== 'indexedDb') {
    const root = await privateRoot();
    const storage = root && opfsStorage(run, root);
    if (storage && (await isWritable(storage))) return storage;
  }
  if (kind !== 'opfs') {
    const factory = pageDatabases();
    if (factory) return indexedDbStorage(run, factory);
  }
  throw new StorageError(
    `browserStorage: this page cannot keep files ${kind === undefined ? 'in OPFS or IndexedDB' : `in ${kind}`}. Serve it over https or from localhost, outside private windows; memoryStorage() keeps a run as long as the page is open.`,
    run,
  );
}
