import { defaultDevice, init } from '@flowfield/tensor-webgpu';
import { UsageError } from '../failures/failures.ts';
import { didYouMean } from '../failures/nearest.ts';

/** Leaves the choice of the device to the library. */
export const autoDevice = 'auto';

/**
 * Makes a device the default one and returns its name.
 * @throws UsageError for a name that this machine does not have
 */
export async function chooseDevice(name: string): Promise<string> {
  const names = await init();
  if (name === autoDevice) return defaultDevice().name;
  if (names.includes(name)) return defaultDevice(name).name;
  const all = [autoDevice, ...names];
  throw new UsageError(`--device expects one of ${all.join(', ')}, given '${name}'${didYouMean(name, all)}`);
}
