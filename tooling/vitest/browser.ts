import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineProject } from 'vitest/config';

/** Where Debian and its relatives put Chromium; CHROMIUM_PATH names another place. Nothing is downloaded. */
const places = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine, or `undefined`. */
export const chromium: string | undefined = places.find((path) => path !== undefined && existsSync(path));

/** Headers that isolate a page from others, without which it has no shared memory and no threads. */
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const launchArguments = [
  // Root has no sandbox of its own in a container.
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];

/**
 * The tests of the package in `folder` that run in a page, in headless Chromium: `src/**\/*.browser.test.ts`, and those
 * on WebGPU, `src/**\/*.webgpu.test.ts`, which run in Node too.
 */
export function browserTests(folder: string) {
  return defineProject({
    resolve: { conditions: ['@flowfield/source', 'module', 'browser', 'development|production'] },
    server: { headers: isolation },
    test: {
      name: `${basename(folder)} in Chromium`,
      root: folder,
      include: ['src/**/*.{browser,webgpu}.test.ts'],
      // Examples of a README are programs of their own, which a page cannot start.
      exclude: ['src/**/*eadme.webgpu.test.ts'],
      setupFiles: [join(import.meta.dirname, 'page.ts')],
      testTimeout: 120_000,
      hookTimeout: 120_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath: chromium, args: launchArguments } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  });
}
