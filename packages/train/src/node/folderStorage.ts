import { appendFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArgumentError } from '@flowfield/tensor-webgpu';
import type { RunStorage } from '../storage/storage.ts';

/**
 * Files of a folder, which is made when it is not there. A write goes to a temporary file, is brought to the disk (fsync)
 * and then renamed, so that a crash leaves the old file or the new one.
 * @throws ArgumentError for a name with a path in it.
 */
export function folderStorage(folder: string): RunStorage {
  const pathOf = (name: string): string => {
    if (name !== '' && name !== '.' && name !== '..' && basename(name) === name) return join(folder, name);
    throw new ArgumentError(`folderStorage: expected a plain file name, got '${name}'. Use one storage per folder.`);
  };
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(pathOf(name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async write(name, bytes) {
      const path = pathOf(name);
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
    },
    async append(name, bytes) {
      await mkdir(folder, { recursive: true });
      await appendFile(pathOf(name), bytes);
    },
    remove: (name) => rm(pathOf(name), { force: true }),
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
