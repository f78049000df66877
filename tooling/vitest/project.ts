import { basename, join } from 'node:path';
import { defineProject } from 'vitest/config';
import { publicEntryTests, redirectToBuild } from './built.ts';

/**
 * With TEST_BUILT=1 tests meet the packages as a person who installed them from npm would: built, through their
 * exports. Otherwise they meet the source, and need no build.
 */
const testsBuild = process.env.TEST_BUILT === '1';

const conditions = testsBuild ? [] : ['@flowfield/source'];

/** The vitest project of the package in `folder`; its tests lie beside its source. */
export function packageTests(folder: string) {
  return defineProject({
    plugins: testsBuild ? [redirectToBuild(folder)] : [],
    resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
    test: {
      name: basename(folder),
      environment: 'node',
      include: testsBuild ? publicEntryTests(folder) : ['src/**/*.test.ts'],
      exclude: ['src/**/*.{browser,webgpu}.test.ts'],
      setupFiles: process.env.TEST_WIDE === '1' ? [join(import.meta.dirname, 'wide.ts')] : [],
      testTimeout: 30_000,
    },
  });
}
