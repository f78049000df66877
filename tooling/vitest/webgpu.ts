import { basename } from 'node:path';
import { defineProject } from 'vitest/config';
import { webgpuInNode } from '../scripts/webgpu.mjs';

/**
 * The tests of the package in `folder` that need a GPU, in Node: `src/**\/*.webgpu.test.ts`, on Dawn. The same files run
 * in headless Chromium, see browser.ts.
 *
 * Each file has a process of its own, which vitest ends by a signal: Dawn would keep it alive, and may crash when it is
 * taken down late.
 */
export function webgpuTests(folder: string, env: Readonly<Record<string, string>>) {
  return defineProject({
    resolve: { conditions: ['@flowfield/source', 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: ['@flowfield/source', 'module', 'node', 'development|production'] } },
    test: {
      name: `${basename(folder)} on WebGPU`,
      root: folder,
      environment: 'node',
      include: ['src/**/*.webgpu.test.ts'],
      pool: 'forks',
      env,
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  });
}

/** What a process needs to find an adapter; `undefined` where there is none. */
export const webgpuEnvironment = (): Readonly<Record<string, string>> | undefined => webgpuInNode().env;
