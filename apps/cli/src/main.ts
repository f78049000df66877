#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { guard, isGuarded, nothingToLose, stopSignal } from './guard/guard.ts';

process.exitCode = isGuarded() ? await work() : await guard(process.argv.slice(2));

async function work(): Promise<number> {
  const signal = stopSignal();
  // Loaded here, so that the guard starts without it.
  const { flowfield } = await import('./command/flowfield.ts');
  const { reportFailure, exitCodes } = await import('./failures/report.ts');
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  // A reader such as `head` may leave before the end: of the results, and there is nothing left to do;
  // of the progress, and the work goes on.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    const { message, code } = reportFailure(error);
    process.stderr.write(`${message}\n`);
    process.exit(code);
  });
  process.stderr.on('error', () => {});
  return flowfield(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    signal,
    nothingToLose,
    call: process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'flowfield',
    version,
  });
}
