import type { RunStorage } from '../storage/storage.ts';
import { checkName, named } from './runName.ts';

/** What is used of a file of the origin's private file system. */
interface FileHandle {
  getFile(): Promise<{ readonly size: number; arrayBuffer(): Promise<ArrayBuffer> }>;
  createWritable(options?: { readonly keepExistingData?: boolean }): Promise<{
    seek(position: number): Promise<void>;
    write(bytes: Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort?(): Promise<void>;
  }>;
}

/** What is used of a folder of the origin's private file system. */
export interface DirectoryHandle {
  getDirectoryHandle(name: string, options?: { readonly create?: boolean }): Promise<DirectoryHandle>;
  getFileHandle(name: string, options?: { readonly create?: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterable<string>;
}

/** The folder of all runs of an origin. */
const RUNS = 'flowfield-runs';

/** Files that the browser makes while it writes. */
const SWAP = '.crswap';

/** The root of the page's private file system; `null` where the browser has none. */
export async function privateRoot(): Promise<DirectoryHandle | null> {
  const { storage } =
    (globalThis as { navigator?: { storage?: { getDirectory?(): Promise<unknown> } } }).navigator ?? {};
  try {
    return ((await storage?.getDirectory?.()) as DirectoryHandle | undefined) ?? null;
  } catch {
    // Private windows of some browsers have the function and refuse the call.
    return null;
  }
}

const ifMissing =
  <T>(value: T) =>
  (error: unknown): T => {
    if ((error as Error).name === 'NotFoundError') return value;
    throw error;
  };

/**
 * Files of a run in the private file system (OPFS) of a page, in a folder below `root`. A file is replaced when it is closed, at
 * once: a page that is closed in the middle leaves the old one.
 * @throws ArgumentError for names with a path in them; StorageError, with file and remedy, where the browser does not let it.
 */
export function opfsStorage(run: string, root: DirectoryHandle): RunStorage {
  checkName('opfsStorage', 'run', run);
  let folder: Promise<DirectoryHandle> | null = null;
  const opened = (): Promise<DirectoryHandle> => {
    folder ??= root
      .getDirectoryHandle(RUNS, { create: true })
      .then((runs) => runs.getDirectoryHandle(run, { create: true }));
    return folder;
  };
  const guarded = <T>(name: string, work: (folder: DirectoryHandle) => Promise<T>): Promise<T> => {
    checkName('opfsStorage', 'file', name);
    return named('opfsStorage', `${run}/${name}`, async () => work(await opened()));
  };
  const put = async (handle: FileHandle, bytes: Uint8Array, from: number): Promise<void> => {
    const stream = await handle.createWritable({ keepExistingData: from > 0 });
    try {
      if (from > 0) await stream.seek(from);
      await stream.write(bytes);
      await stream.close();
    } catch (error) {
      await stream.abort?.().catch(() => {});
      throw error;
    }
  };
  return {
    read: async (name) =>
      guarded(name, async (folder) => {
        const handle = await folder.getFileHandle(name).catch(ifMissing(null));
        return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer());
      }),
    write: async (name, bytes) =>
      guarded(name, async (folder) => put(await folder.getFileHandle(name, { create: true }), bytes, 0)),
    append: async (name, bytes) =>
      guarded(name, async (folder) => {
        const handle = await folder.getFileHandle(name, { create: true });
        await put(handle, bytes, (await handle.getFile()).size);
      }),
    remove: async (name) => guarded(name, (folder) => folder.removeEntry(name).catch(ifMissing(undefined))),
    list: () =>
      named('opfsStorage', run, async () => {
        const names: string[] = [];
        for await (const name of (await opened()).keys()) if (!name.endsWith(SWAP)) names.push(name);
        return names;
      }),
  };
}
