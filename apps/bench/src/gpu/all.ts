// The GPU bench, its peers, and what thresholds are to be set by, one after the other in less than ten minutes; all in one file.
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
const core = join(here, '..', '..', '..', '..', 'packages', 'tensor-webgpu', 'scripts');
const ours = (...path: string[]): string[] => [process.execPath, '--conditions=@flowfield/source', join(...path)];
/** Commands, and for each the seconds after which no row begins: 520 in all, and what their last rows take. */
const runs = [
  { name: 'gpu', seconds: 190, command: ours(here, 'main.ts') },
  { name: 'torch', seconds: 60, command: [options.python, join(peers, 'torch_rows.py')] },
  { name: 'jax', seconds: 110, command: [options.python, join(peers, 'jax_rows.py')] },
  { name: 'products', seconds: 80, command: ours(core, 'products.ts') },
  { name: 'tiles', seconds: 40, command: ours(core, 'tiles.ts') },
  { name: 'auto', seconds: 40, command: ours(here, 'auto.ts') },
];
/** Those with rows to put side by side. */
const compared = ['gpu', 'torch', 'jax'];
/** Seconds that a row may go on after those. */
const GRACE = 12;

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
const files = compared.map((name) => join(folder, `${name}.json`)).filter((path) => existsSync(path));
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
