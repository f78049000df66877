import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder and those above it. The error is that of the first one that cannot be made: Node's own tells less. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    let first = folder;
    while (!existsSync(dirname(first))) first = dirname(first);
    await mkdir(first);
    throw error;
  }
}
