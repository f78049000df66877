import { ArgumentError } from '../../../errors/errors.ts';
import { MOST_THREADS } from './board.ts';
import { cores, whyAlone } from './workers.ts';

const VARIABLE = 'FLOWFIELD_THREADS';
/** Work is cut in about so many pieces: more threads than that have nothing to do. */
const MOST_BY_DEFAULT = 16;

/** A number of threads that a person gave. Throws `ArgumentError` that names `where` it stands. */
export function checkedThreads(where: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_THREADS) return value;
  throw new ArgumentError(
    `${where}: expected a whole number of threads from 1 to ${MOST_THREADS}, got ${typeof value === 'string' ? `'${value}'` : String(value)}. ` +
      'Leave it out for as many as the process has cores.',
  );
}

/** What the environment says; undefined where it says nothing. */
function fromEnvironment(): number | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const given = process?.env?.[VARIABLE];
  if (given === undefined || given.trim() === '') return undefined;
  return checkedThreads(VARIABLE, /^\d+$/.test(given.trim()) ? Number(given) : given);
}

/** Threads of a device for which nobody asked for a number. Throws `ArgumentError` for a bad `FLOWFIELD_THREADS`. */
export function usualThreads(): number {
  const given = fromEnvironment();
  if (whyAlone() !== null) return 1;
  return given ?? Math.max(1, Math.min(cores(), MOST_BY_DEFAULT));
}

/** Whether everything that can be cut is shared, however small, and threads are waited for: to run tests that way. */
export function sharesAll(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.FLOWFIELD_SHARE_ALL === '1';
}
