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

process.exitCode = await flowfield(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  call: process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'flowfield',
  version,
});
