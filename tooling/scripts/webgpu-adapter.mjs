import { existsSync, readdirSync } from 'node:fs';
import { run } from './workspace.mjs';

/** The software Vulkan driver that Debian's chromium package ships. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Environment variables that give the WebGPU tests an adapter: none where there is a GPU or the person has
 * chosen a driver, SwiftShader elsewhere on Linux. Installs the driver where that is possible (apt, as root).
 */
export async function webgpuEnvironment() {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
  if (process.platform !== 'linux' || VK_DRIVER_FILES || VK_ICD_FILENAMES || hasGpu()) return {};
  if (!existsSync(swiftShader)) await installSwiftShader();
  if (existsSync(swiftShader)) return { VK_DRIVER_FILES: swiftShader, VK_ICD_FILENAMES: swiftShader };
  console.log(
    'No GPU and no SwiftShader driver: the WebGPU tests will be skipped. ' +
      "On Debian: 'apt-get install chromium libvulkan1' brings one.",
  );
  return {};
}

function hasGpu() {
  return (
    existsSync('/dev/nvidia0') ||
    (existsSync('/dev/dri') && readdirSync('/dev/dri').some((n) => n.startsWith('render')))
  );
}

async function installSwiftShader() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.log('No GPU here: installing the chromium package for its software WebGPU driver ...');
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] };
  if ((await run('apt-get', ['-qq', 'update'], options)) !== 0) return;
  await run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'chromium', 'libvulkan1'], options);
}
