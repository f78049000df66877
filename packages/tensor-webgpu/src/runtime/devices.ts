import { referenceDevice } from '../backends/reference/reference.ts';
import { cpuDevice } from '../backends/wasm/device.ts';
import { devices, registerDevice } from './registry.ts';

registerDevice(cpuDevice());
registerDevice(referenceDevice());

/**
 * Finds the devices of this machine and returns their names, the default first. The CPU devices are there without
 * it; devices that must be asked for (a GPU) are there after it.
 */
export async function init(): Promise<string[]> {
  return devices();
}
