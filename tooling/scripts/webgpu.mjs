// Where Node finds a WebGPU adapter on this machine: a real one, or SwiftShader, which Chromium brings along.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './workspace.mjs';

const chromium = process.env.CHROMIUM_PATH;

/** Folders of Chromium that hold SwiftShader and a Vulkan loader. */
const places = [
  ...(chromium && existsSync(chromium) ? [dirname(realpathSync(chromium))] : []),
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
];

const probe = `
  import { createRequire } from 'node:module';
  import { pathToFileURL } from 'node:url';
  const { resolve } = createRequire(process.argv[1]);
  const { create } = await import(pathToFileURL(resolve('webgpu')).href);
  const adapter = await create([]).requestAdapter();
  if (adapter) console.log('adapter');
  process.exit(0);
`;

/**
 * The environment in which a new process of Node has an adapter: `{ env }`, empty where the machine's own drivers
 * serve; or `{ missing }`, the reason why there is none. The loader reads these variables once, when a process starts.
 *
 * @returns {{ env?: Record<string, string>, missing?: string }}
 */
export function webgpuInNode() {
  if (hasAdapter({})) return { env: {} };
  const folder = places.find((place) => existsSync(join(place, 'vk_swiftshader_icd.json')));
  if (folder === undefined)
    return { missing: 'no WebGPU adapter in Node: no driver, and no Chromium with SwiftShader' };
  const driver = join(folder, 'vk_swiftshader_icd.json');
  const libraries = process.env.LD_LIBRARY_PATH ? `${process.env.LD_LIBRARY_PATH}:${folder}` : folder;
  const env = { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries };
  if (hasAdapter(env)) return { env };
  return { missing: `no WebGPU adapter in Node: Dawn found none in ${driver}` };
}

/** Asks in a process of its own: Dawn would keep this one alive. */
function hasAdapter(env) {
  const manifest = join(root, 'packages', 'tensor-webgpu', 'package.json');
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', probe, manifest], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return stdout?.includes('adapter') ?? false;
}
