import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { browserTests, chromium } from './tooling/vitest/browser.ts';

/** Packages with tests that run in a page. */
const inPages = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(join(import.meta.dirname, parent))
    .map((name) => join(import.meta.dirname, parent, name))
    .filter((folder) => existsSync(join(folder, 'src')))
    .filter((folder) =>
      readdirSync(join(folder, 'src'), { recursive: true }).some((name) => `${name}`.endsWith('.browser.test.ts')),
    ),
);

export default defineConfig({
  test: {
    projects: [
      ...['packages/*/vitest.config.ts', 'apps/*/vitest.config.ts', 'tooling/*/vitest.config.ts'],
      // What is built meets the same engine: the source is enough.
      ...(chromium === undefined || process.env.TEST_BUILT === '1' ? [] : inPages.map(browserTests)),
    ],
  },
});
