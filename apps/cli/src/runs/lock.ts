import { readFileSync, rmSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunFolderError } from '../failures/failures.ts';

/** The file that says which process works in a run folder. */
export const LOCK = 'run.lock';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, where the system tells: another process may get the number later. */
  readonly began: string | null;
}

/**
 * Takes a run folder for this process. The lock of a process that is gone is taken over.
 *
 * @returns gives the folder back
 * @throws RunFolderError when another process works in it
 */
export async function lockRun(folder: string): Promise<() => void> {
  const file = join(folder, LOCK);
  const own: Holder = { pid: process.pid, host: hostname(), began: beginOf(process.pid) };
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(JSON.stringify(own)).finally(() => handle.close());
      const release = (): void => {
        rmSync(file, { force: true });
        process.off('exit', release);
      };
      process.on('exit', release);
      return release;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readHolder(file);
    if (holder !== null && works(holder)) {
      throw new RunFolderError(
        `'${folder}' is in use by process ${holder.pid}${holder.host === own.host ? '' : ` on ${holder.host}`}; wait for it or stop it${holder.host === own.host ? '' : `, or delete ${file} when it is gone`}`,
      );
    }
    await rm(file, { force: true });
  }
}

/** Whether the process is there; one on another computer is taken to be. */
function works({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is there too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return began === null || began === beginOf(pid);
}

/** What a lock says; `null` when it is gone or was cut off. */
async function readHolder(file: string): Promise<Holder | null> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Holder;
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' ? holder : null;
  } catch {
    return null;
  }
}

/** States of a process that has ended and that its parent has not asked for. */
const ENDED = ['Z', 'X', 'x'];

/** When a process began, in ticks since the computer started; `null` where the system does not say, or it has ended. */
function beginOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces; the state follows it, and the begin is the 20th field.
    const [state, ...more] = fields.slice(fields.lastIndexOf(')') + 2).split(' ');
    return ENDED.includes(state) ? null : (more[18] ?? null);
  } catch {
    return null;
  }
}
