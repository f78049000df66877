import { appendFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArgumentError } from '@flowfield/tensor-webgpu';
import { StorageError } from '../storage/digest.ts';
import type { RunStorage } from '../storage/storage.ts';

/** What to do about a fault of the system, by its code. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on the disk, then resume.',
  EDQUOT: 'Free space within your quota, then resume.',
  EROFS: 'The disk is read-only: choose another folder.',
  EACCES: 'Change its permissions, or choose another folder.',
  EPERM: 'Change its permissions, or choose another folder.',
  ENOTDIR: 'A part of the path is a file: choose another folder.',
  EISDIR: 'It is a folder: remove it, or choose another folder.',
  EMFILE: 'Too many files are open: close some, or raise the limit (ulimit -n).',
};

/** `work`, with faults of the system named by file and remedy. */
async function named<T>(
  what: 'read' | 'written' | 'removed' | 'listed',
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined || !(cause instanceof Error) || !('syscall' in cause)) throw cause;
    const remedy = remedies[code] ?? 'See that the disk is there, or choose another folder.';
    throw new StorageError(`folderStorage: ${path} cannot be ${what}: ${message}. ${remedy}`, path, { code, cause });
  }
}

/**
 * Files of a folder, which is made when it is not there. A write goes to a temporary file, is brought to the disk (fsync)
 * and then renamed, so that a crash leaves the old file or the new one.
 * @throws ArgumentError for a name with a path in it; StorageError, with file and remedy, where the system does not let it (a full
 *   disk, no permission).
 */
export function folderStorage(folder: string): RunStorage {
  const pathOf = (name: string): string => {
    if (name !== '' && name !== '.' && name !== '..' && basename(name) === name) return join(folder, name);
    throw new ArgumentError(`folderStorage: expected a plain file name, got '${name}'. Use one storage per folder.`);
  };
  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    const temporary = `${path}.${process.pid}.tmp`;
    await mkdir(folder, { recursive: true });
    try {
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(folder);
  };
  const missing = (error: unknown): null => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  };
  return {
    async read(name) {
      const path = pathOf(name);
      return named('read', path, () => readFile(path).then((bytes) => new Uint8Array(bytes), missing));
    },
    async write(name, bytes) {
      const path = pathOf(name);
      await named('written', path, () => write(path, bytes));
    },
    async append(name, bytes) {
      const path = pathOf(name);
      await named('written', path, async () => {
        await mkdir(folder, { recursive: true });
        await appendFile(path, bytes);
      });
    },
    async remove(name) {
      const path = pathOf(name);
      await named('removed', path, () => rm(path, { force: true }));
    },
    list: () => named('listed', folder, async () => (await readdir(folder).catch(missing)) ?? []),
  };
}

/** Brings a rename to the disk, where the system lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
