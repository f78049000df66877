// The GPU bench and its peers one after the other, in less than ten minutes; what all came to in one file.
//   node --conditions=@flowfield/source src/gpu/all.ts [--out all.json] [--python python3] [--tiny]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'all.json' },
    python: { type: 'string', default: 'python3' },
    tiny: { type: 'boolean', default: false },
  },
});
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'flowfield-gpu-'));
const peers = join(here, '..', '..', 'peers');
/** Commands, and for each the seconds after which no row begins: 540 in all with what their last rows take. */
const runs = [
  {
    name: 'gpu',
    seconds: 220,
    command: [process.execPath, '--conditions=@flowfield/source', join(here, 'main.ts')],
  },
  { name: 'torch', seconds: 90, command: [options.python, join(peers, 'torch_rows.py')] },
  { name: 'jax', seconds: 170, command: [options.python, join(peers, 'jax_rows.py')] },
];
/** Seconds that a row may go on after those. */
const GRACE = 20;

const found: Record<string, unknown> = {};
for (const { name, seconds, command } of runs) {
  const out = join(folder, `${name}.json`);
  const failure = await run(
    [...command, '--out', out, '--seconds', `${seconds}`, ...(options.tiny ? ['--tiny'] : [])],
    {
      seconds: seconds + GRACE,
    },
  );
  found[name] = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : { error: failure ?? 'it wrote nothing' };
  writeFileSync(options.out, `${JSON.stringify(found, null, 1)}\n`);
}
console.log(`\nwritten to ${options.out}`);
const files = runs.map(({ name }) => join(folder, `${name}.json`)).filter((path) => existsSync(path));
if (files.length > 0) await run([process.execPath, join(here, 'merge.ts'), ...files], { seconds: GRACE });

/** Runs a command whose output is shown; what went wrong, or `null`. */
function run([program, ...given]: string[], { seconds }: { seconds: number }): Promise<string | null> {
  return new Promise((settle) => {
    const child = spawn(program, given, { stdio: 'inherit' });
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    const end = (failure: string | null): void => {
      clearTimeout(timer);
      settle(failure);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(code === 0 ? null : `it ended with ${signal ?? code}`));
  });
}
