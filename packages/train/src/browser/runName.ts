import { ArgumentError } from '@flowfield/tensor-webgpu';
import { StorageError } from '../storage/digest.ts';

/** Throws `ArgumentError` unless `name` is a name without a path in it. */
export function checkName(use: string, what: string, name: string): void {
  if (typeof name === 'string' && name !== '' && name !== '.' && name !== '..' && !/[/\\]/.test(name)) return;
  throw new ArgumentError(`${use}: expected a plain name of a ${what}, got '${String(name)}'. Leave out slashes.`);
}

/** `work`, with faults of the browser named by file and remedy. */
export async function named<T>(use: string, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { name, message } = cause as Error;
    if (cause instanceof ArgumentError) throw cause;
    const remedy =
      name === 'QuotaExceededError'
        ? 'The page has used up its space: remove old runs, or free space on the disk.'
        : 'See that the page may keep data (not in a private window), and that no other tab uses the run.';
    throw new StorageError(`${use}: ${file}: ${name}: ${message} ${remedy}`, file, { code: name, cause });
  }
}
