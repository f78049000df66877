import { defineProject } from 'vitest/config';

/**
 * With TEST_BUILT=1 packages find each other in `dist`, as a person who installed them from npm would;
 * otherwise in `src`, so that tests need no build.
 */
export const testsBuiltPackages = process.env.TEST_BUILT === '1';

const sourceConditions = testsBuiltPackages ? [] : ['@flowfield/source'];

/** The vitest project of one package: its tests lie beside its source. */
export function packageTests(name: string) {
  return defineProject({
    resolve: { conditions: [...sourceConditions, 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: [...sourceConditions, 'module', 'node', 'development|production'] } },
    test: {
      name,
      environment: 'node',
      include: ['src/**/*.test.ts'],
      exclude: ['src/**/*.browser.test.ts'],
      testTimeout: 30_000,
    },
  });
}
