import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../failures/failures.ts';
import { type Unit, unitFolder, unitTitle } from './unit.ts';

const LOG = 'output.log';
/** Lines of a failed unit's output that are shown. */
const SHOWN_LINES = 8;

/**
 * Runs units side by side, each in a process of its own. What they print goes to `output.log` in their
 * folders. An aborted signal stops them at their next checkpoint.
 *
 * @param argumentsOf the arguments that make this program run one unit
 * @param onEnd told of every unit that came to its end
 */
export async function runSideBySide(
  runs: string,
  units: readonly Unit[],
  jobs: number,
  {
    signal,
    argumentsOf,
    onEnd,
  }: { signal: AbortSignal; argumentsOf: (unit: Unit) => string[]; onEnd: (unit: Unit) => void },
): Promise<void> {
  const waiting = [...units];
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    for (let unit = waiting.shift(); unit !== undefined && !signal.aborted; unit = waiting.shift()) {
      const failure = await runChild(runs, unit, argumentsOf(unit), signal);
      if (failure === null) onEnd(unit);
      else failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, units.length) }, worker));
  signal.throwIfAborted();
  if (failures.length > 0) throw new UsageError(failures.join('\n'));
}

/** Runs one unit; the reason when it failed. */
async function runChild(runs: string, unit: Unit, args: string[], signal: AbortSignal): Promise<string | null> {
  const folder = unitFolder(runs, unit);
  await mkdir(folder, { recursive: true });
  const file = join(folder, LOG);
  const log = createWriteStream(file);
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  signal.removeEventListener('abort', stop);
  await new Promise<void>((resolve) => log.end(resolve));
  if (code === 0) return null;
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-SHOWN_LINES);
  return `${unitTitle(unit)} ended with exit code ${code}; the end of ${file}:\n  ${lines.join('\n  ')}`;
}
