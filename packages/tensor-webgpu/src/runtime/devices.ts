import { referenceDevice } from '../backends/reference/reference.ts';
import { devices, registerDevice } from './registry.ts';

registerDevice(referenceDevice());

/**
 * Finds the devices of this machine and returns their names, the default first. The CPU devices are there without
 * it; devices that must be asked for (a GPU) are there after it.
 */
export async function init(): Promise<string[]> {
  return devices();
}
