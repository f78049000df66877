import type { RunStorage } from '../storage/storage.ts';
import { checkName, named } from './runName.ts';

/** What is used of IndexedDB. */
interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: unknown;
  onerror: unknown;
}
interface Store {
  get(key: string): Request<Uint8Array | undefined>;
  put(value: Uint8Array, key: string): Request<unknown>;
  delete(key: string): Request<unknown>;
  getAllKeys(): Request<unknown[]>;
}
interface Transaction {
  objectStore(name: string): Store;
  readonly error: unknown;
  oncomplete: unknown;
  onabort: unknown;
  onerror: unknown;
}
interface Database {
  transaction(store: string, mode: 'readonly' | 'readwrite', options: { durability: 'strict' }): Transaction;
  createObjectStore(name: string): unknown;
  close(): void;
  onversionchange: unknown;
}
interface OpenRequest extends Request<Database> {
  onupgradeneeded: unknown;
  onblocked: unknown;
}
export interface DatabaseFactory {
  open(name: string, version: number): OpenRequest;
}

const DATABASE = 'flowfield-runs';
const FILES = 'files';

/** The page's databases; `null` where the browser has none. */
export const pageDatabases = (): DatabaseFactory | null =>
  (globalThis as { indexedDB?: DatabaseFactory }).indexedDB ?? null;

const openDatabase = (factory: DatabaseFactory): Promise<Database> =>
  new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(FILES);
    request.onsuccess = () => {
      // Another tab may bring a newer form of the database.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab holds an older form of the database.'));
  });

/**
 * Files of a run in a database of the page (IndexedDB), for browsers without a private file system that can be written. Every
 * change is one transaction: it happens whole or not at all.
 * @throws ArgumentError for names with a path in them; StorageError, with file and remedy, where the browser does not let it.
 */
export function indexedDbStorage(run: string, factory: DatabaseFactory): RunStorage {
  checkName('indexedDbStorage', 'run', run);
  let database: Promise<Database> | null = null;
  const prefix = `${run}/`;

  /** `work` on the store in one transaction; resolves to the result of the request that it returns, when all is kept. */
  const within = async <T>(
    mode: 'readonly' | 'readwrite',
    work: (store: Store) => Request<T> | null,
  ): Promise<T | undefined> => {
    database ??= openDatabase(factory);
    const open = await database;
    return new Promise((resolve, reject) => {
      const transaction = open.transaction(FILES, mode, { durability: 'strict' });
      const request = work(transaction.objectStore(FILES));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  };
  const guarded = <T>(name: string, work: (key: string) => Promise<T>): Promise<T> => {
    checkName('indexedDbStorage', 'file', name);
    return named('indexedDbStorage', prefix + name, () => work(prefix + name));
  };
  return {
    read: async (name) => guarded(name, async (key) => (await within('readonly', (store) => store.get(key))) ?? null),
    write: async (name, bytes) =>
      guarded(name, async (key) => void (await within('readwrite', (store) => store.put(bytes.slice(), key)))),
    append: async (name, bytes) =>
      guarded(name, async (key) => {
        await within('readwrite', (store) => {
          const found = store.get(key);
          found.onsuccess = () => {
            const old = found.result ?? new Uint8Array();
            const joined = new Uint8Array(old.length + bytes.length);
            joined.set(old);
            joined.set(bytes, old.length);
            store.put(joined, key);
          };
          return null;
        });
      }),
    remove: async (name) =>
      guarded(name, async (key) => void (await within('readwrite', (store) => store.delete(key)))),
    list: () =>
      named('indexedDbStorage', run, async () => {
        const keys = (await within('readonly', (store) => store.getAllKeys())) ?? [];
        return keys.map(String).flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
      }),
  };
}
