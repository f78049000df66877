import { referenceDevice } from './backends/reference/reference.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import { registerRewrites } from './optimize/rewrite.ts';
import { rewriteRules } from './rewrites/index.ts';
import { devices, registerDevice } from './runtime/registry.ts';

// The one place where the parts that know nothing of each other are put together.
registerRewrites(rewriteRules);
registerDevice(cpuDevice());
registerDevice(referenceDevice());

/**
 * Finds the devices of this machine and returns their names, the default first. The CPU devices are there without
 * it; devices that must be asked for (a GPU) are there after it.
 */
export async function init(): Promise<string[]> {
  return devices();
}
