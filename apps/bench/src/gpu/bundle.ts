// Packs the GPU benches as self-contained ES modules for a machine that has Node and the package `webgpu` alone.
//   node --conditions=@flowfield/source src/gpu/bundle.ts [OUT]
import { join } from 'node:path';
import { build } from 'esbuild';

const out = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'dist', 'gpu');
const core = join(import.meta.dirname, '..', '..', '..', '..', 'packages', 'tensor-webgpu');
await build({
  entryPoints: {
    bench: join(import.meta.dirname, 'main.ts'),
    tiles: join(core, 'scripts', 'tiles.ts'),
    products: join(core, 'scripts', 'products.ts'),
    auto: join(import.meta.dirname, 'auto.ts'),
    merge: join(import.meta.dirname, 'merge.ts'),
  },
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  conditions: ['@flowfield/source'],
  external: ['webgpu'],
  logLevel: 'warning',
});
console.log(`bench.mjs, tiles.mjs, products.mjs, auto.mjs and merge.mjs in ${out}`);
