import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';

const source = new URL('.', import.meta.url).pathname;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

// A bundler that drops unused modules must keep those that make the devices, the rewrite rules and the methods of Tensor.
it('a bundle for the browser of a few functions runs', async () => {
  const entry = join(folder, 'entry.ts');
  writeFileSync(
    entry,
    `import { grad, tensor } from ${JSON.stringify(join(source, 'index.ts'))};
     console.log(grad((x) => x.mul(x).sum())(tensor([1, 2])).toArray().join());`,
  );
  const outfile = join(folder, 'bundle.mjs');
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'browser', logLevel: 'silent' });
  expect(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })).toBe('2,4\n');
});
