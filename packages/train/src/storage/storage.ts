import { ArgumentError } from '@flowfield/tensor-webgpu';

/** Named files of a run: a folder, a browser's storage, memory. */
export interface RunStorage {
  /** The bytes of a file, or `null` when there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** Replaces a file at once: a reader (or a crash) sees the old bytes or the new ones, never a part. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds to the end of a file. Where it is missing, the file is read and written as a whole. */
  append?(name: string, bytes: Uint8Array): Promise<void>;
  /** Where it is missing, old checkpoints stay. */
  remove?(name: string): Promise<void>;
  /** The names of all files. Where it is missing, what cut-off writes left stays. */
  list?(): Promise<string[]>;
}

/** Files in memory, gone with the object. */
export function memoryStorage(): RunStorage & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (name) => files.get(name)?.slice() ?? null,
    write: async (name, bytes) => {
      files.set(name, bytes.slice());
    },
    remove: async (name) => {
      files.delete(name);
    },
    list: async () => [...files.keys()],
  };
}

/** `storage` itself. Throws `ArgumentError` unless it reads and writes. */
export function checkedStorage(op: string, storage: RunStorage): RunStorage {
  if (typeof storage?.read === 'function' && typeof storage.write === 'function') return storage;
  throw new ArgumentError(
    `${op}: expected a storage, which has read and write, got ${storage && typeof storage === 'object' ? 'an object without them' : String(storage)}. Use memoryStorage(), folderStorage(path) or browserStorage(name).`,
  );
}
