#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { flowfield } from './command/flowfield.ts';
import { exitCodes } from './failures/report.ts';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first asks for a good end, the second does not wait for it.
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    stop.abort();
  });
}

// A reader such as `head` may leave before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.done);
});

process.exitCode = await flowfield(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  call: process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'flowfield',
  version,
});
