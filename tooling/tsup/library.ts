import { defineConfig, type Options } from 'tsup';

/** The build of a package: one ESM bundle per entry with its types. Other packages stay imports. */
export function library(overrides: Options = {}) {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'es2024',
    platform: 'neutral',
    dts: true,
    sourcemap: true,
    clean: true,
    ...overrides,
  });
}
