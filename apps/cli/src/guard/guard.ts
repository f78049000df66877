import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Set in the process that does the work. */
const GUARDED = 'FLOWFIELD_GUARDED';

/** What the worker tells the guard: that ending it now loses nothing, and what a person should know then; `null` takes it back. */
interface NothingToLose {
  readonly advice: string | null;
}

/** Milliseconds that a worker with nothing to lose has to end by itself. */
const GRACE = 1000;

/** What the guard tells the worker on the first signal. */
interface StopMessage {
  readonly stop: true;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type StopSignal = (typeof signals)[number];

/** Shows the cursor and wraps lines again, after a progress bar that was cut off. */
const RESTORED_TERMINAL = '\u001b[?25h\u001b[?7h';

/** Whether this process does the work, under the eyes of a guard. */
export const isGuarded = (): boolean => process.env[GUARDED] !== undefined && process.send !== undefined;

/**
 * Runs this program again as a worker and stays awake beside it, because a long computation is deaf to signals. The first
 * signal asks the worker to stop at its next checkpoint, or ends it where nothing can be lost; the second ends it at once. A
 * worker whose guard is gone stops too.
 *
 * @returns the exit code: that of the worker, or 128 + the number of the signal (130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP)
 */
export async function guard(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [GUARDED]: '1' },
  });
  let first: StopSignal | null = null;
  let advice: string | null = null;
  child.on('message', (message) => {
    advice = (message as NothingToLose).advice;
  });
  const onSignal = (signal: StopSignal): void => {
    if (first !== null) {
      child.kill('SIGKILL');
      return;
    }
    first = signal;
    say('Stopping after this step; again ends now.');
    if (child.connected) child.send({ stop: true } satisfies StopMessage);
    setTimeout(() => {
      if (advice === null) return;
      say(advice);
      child.kill('SIGKILL');
    }, GRACE).unref();
  };
  for (const signal of signals) process.on(signal, () => onSignal(signal));
  // Who started this program with a channel (npm start) is gone.
  process.on('disconnect', () => onSignal('SIGTERM'));
  // The channel alone keeps no program alive.
  process.channel?.unref();
  const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  if (killedBy !== null && process.stderr.isTTY) process.stderr.write(RESTORED_TERMINAL);
  if (first !== null && (code === null || code === INTERRUPTED)) return 128 + constants.signals[first as StopSignal];
  if (killedBy === null) return code ?? 1;
  say(`Ended by ${killedBy}.`);
  return 128 + constants.signals[killedBy];
}

/** The exit code of a worker that stopped as it was asked to. */
const INTERRUPTED = 130;

/** A line on standard error; below the bar that may be drawn there. */
function say(line: string): void {
  // A closed terminal, a reader that has left: nobody to tell.
  process.stderr.on('error', () => {});
  process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${line}\n`);
}

/** In the worker: tells the guard that it may be ended, and what to say then; or, with `null`, that it may not. */
export function nothingToLose(advice: string | null): void {
  process.send?.({ advice } satisfies NothingToLose);
}

/** In the worker: a signal that is aborted when the guard asks for it, or is gone. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  process.on('message', (message) => {
    if ((message as StopMessage).stop) stop.abort();
  });
  process.on('disconnect', () => stop.abort());
  // A terminal sends its signals to the worker as well. The guard decides.
  for (const signal of signals) process.on(signal, () => {});
  // The channel alone keeps no program alive.
  process.channel?.unref();
  return stop.signal;
}
