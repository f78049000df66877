import { defineConfig, type Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const shared: Options = { format: ['esm'], target: 'es2024', platform: 'neutral', sourcemap: true, clean: true };

/**
 * Leaves imports of neighbours as they are, but for the ending. A bundler of the person who uses the package can then drop
 * whole modules, which it does better than parts of one.
 */
const keepModules: Plugin = {
  name: 'flowfield:keep-modules',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
    );
  },
};

/**
 * The build of a package: an ESM file for each module, and a file of types for each of the public `entries` (name of that
 * file -> module). Other packages stay imports.
 */
export function library(entries: Readonly<Record<string, string>> = { index: 'src/index.ts' }) {
  return defineConfig({
    ...shared,
    entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/**/*.bench.ts', '!src/**/testing/**', '!src/fuzz/**'],
    esbuildPlugins: [keepModules],
    splitting: false,
    dts: { entry: entries },
  });
}

/** The build of a program: one file for each of its entries, which holds the private packages as well. */
export function program(overrides: Options) {
  return defineConfig({ ...shared, platform: 'node', ...overrides });
}
