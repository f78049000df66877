import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

/** The bundle for a browser of one module, minified. */
async function bundled(code: string): Promise<string> {
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, code);
  const outfile = join(folder, 'bundle.mjs');
  const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', logLevel: 'silent' } as const;
  await build({ entryPoints: [entry], outfile, ...options });
  return outfile;
}

const from = (module: string): string => JSON.stringify(join(source, module));
const printed = (file: string): string => execFileSync(process.execPath, [file], { encoding: 'utf8', stdio: 'pipe' });

// A bundler that drops unused modules must keep those that make the devices, the rewrite rules and the methods of Tensor.
it('a bundle for the browser of a few functions runs', async () => {
  const file = await bundled(
    `import { grad, tensor } from ${from('index.ts')};
     console.log(grad((x) => x.mul(x).sum())(tensor([1, 2])).toArray().join());`,
  );
  expect(printed(file)).toBe('2,4\n');
});

it('errors, checks, trees and scalars bring nothing else into a bundle', async () => {
  const file = await bundled(
    `import { checkedOptions } from ${from('errors/index.ts')};
     import { scalar } from ${from('trace/scalar.ts')};
     import { map } from ${from('tree/index.ts')};
     console.log(map((x) => x + 1, checkedOptions('f', { a: 1 }, ['a'])).a);
     try { scalar(1); } catch (error) { console.log(String(error)); }`,
  );
  expect(statSync(file).size).toBeLessThan(9000);
  expect(printed(file)).toMatch(/^2\n\w+: scalar: .*import '@flowfield\/tensor-webgpu'/);
});

it('a scalar of a program that has the library is a tensor of it', async () => {
  const file = await bundled(
    `import ${from('index.ts')};
     import { scalar } from ${from('trace/scalar.ts')};
     console.log(String(scalar(2, { dtype: 'f64' }).mul(3)));`,
  );
  expect(printed(file)).toBe('Tensor f64[] cpu 6\n');
});
