// The browser that tests in a page need: Debian's package, installed where that may be done without asking.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './workspace.mjs';

const places = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const found = () => places.some((path) => path && existsSync(path));

/** Makes sure of a browser where it can. Returns why there is none, or `null` when there is one. */
export async function chromiumMissing() {
  if (found()) return null;
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log("Installing Debian's chromium for the tests that run in a page ...");
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
    await run('apt-get', ['update', '-q'], quiet);
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], quiet);
    if (found()) return null;
  }
  return 'no Chromium on this machine: install it, or set CHROMIUM_PATH';
}

/** Test files of one kind, such as `browser` or `webgpu`. */
export const testFilesOf = (kind) =>
  ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).flatMap((name) => {
      const folder = join(parent, name, 'src');
      if (!existsSync(join(root, folder))) return [];
      const files = readdirSync(join(root, folder), { recursive: true }).map(String);
      return files.filter((file) => file.endsWith(`.${kind}.test.ts`)).map((file) => join(folder, file));
    }),
  );
