import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

it('kernels of linear algebra and of control flow are in the bundles that use them', async () => {
  const holds = async (name: string): Promise<boolean[]> => {
    const text = readFileSync(await bundled(`export { ${name} } from ${from('index.ts')};`), 'utf8');
    // A name and a method of theirs, which no minifier changes.
    return ['"triangularSolve"', 'storeLiterals'].map((mark) => text.includes(mark));
  };
  expect(await holds('tensor')).toEqual([false, false]);
  expect(await holds('tensor, linalg, cond')).toEqual([true, true]);
  const file = await bundled(
    `import { cond, linalg, scan, tensor } from ${from('index.ts')};
     const a = linalg.solve(tensor([[4, 1], [1, 3]]), tensor([9, 5]));
     const [sum] = scan((c, x) => [cond(x.greater(1.5), () => c.add(10), () => c.add(1)), null], 0, a);
     console.log(sum.item(), linalg.svd(tensor([[3, 0], [0, 4]])).s.toArray().join());`,
  );
  expect(printed(file)).toBe('11 4,3\n');
});

it('errors, checks, trees and scalars bring nothing else into a bundle', async () => {
  const file = await bundled(
    `import { checkedOptions } from ${from('errors/index.ts')};
     import { scalar } from ${from('trace/scalar.ts')};
     import { map } from ${from('tree/index.ts')};
     console.log(map((x) => x + 1, checkedOptions('f', { a: 1 }, ['a'])).a);
     try { scalar(1); } catch (error) { console.log(String(error)); }`,
  );
  expect(statSync(file).size).toBeLessThan(7500);
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
