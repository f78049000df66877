import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { browserTests, chromium } from './tooling/vitest/browser.ts';
import { webgpuEnvironment, webgpuTests } from './tooling/vitest/webgpu.ts';

/** Packages and apps with test files that end so. */
const foldersWith = (ending: RegExp): string[] =>
  ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(import.meta.dirname, parent))
      .map((name) => join(import.meta.dirname, parent, name))
      .filter((folder) => existsSync(join(folder, 'src')))
      .filter((folder) => readdirSync(join(folder, 'src'), { recursive: true }).some((name) => ending.test(`${name}`))),
  );

// What is built meets the same engine: the source is enough in a page and on a GPU.
const testsBuild = process.env.TEST_BUILT === '1';
const onWebgpu = testsBuild ? [] : foldersWith(/\.webgpu\.test\.ts$/);
const inPages = testsBuild || chromium === undefined ? [] : foldersWith(/\.(browser|webgpu)\.test\.ts$/);
const webgpu = onWebgpu.length > 0 ? webgpuEnvironment() : undefined;

export default defineConfig({
  test: {
    projects: [
      ...['packages/*/vitest.config.ts', 'apps/*/vitest.config.ts', 'tooling/*/vitest.config.ts'],
      ...inPages.map(browserTests),
      ...(webgpu === undefined ? [] : onWebgpu.map((folder) => webgpuTests(folder, webgpu))),
    ],
  },
});
