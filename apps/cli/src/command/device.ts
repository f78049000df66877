import { didYouMean } from '@flowfield/recipes';
import { defaultDevice, init } from '@flowfield/tensor-webgpu';
import { UsageError } from '../failures/failures.ts';

/** Leaves the choice of the device to the library. */
export const autoDevice = 'auto';

/** What the command line says of where to compute. */
export interface DeviceArguments {
  readonly device: string;
  readonly wideVectors?: boolean;
  readonly threads?: number;
}

/**
 * Makes a device the default one and returns its name.
 * @throws UsageError for a name that this machine does not have
 */
export async function chooseDevice({ device: name, wideVectors, threads }: DeviceArguments): Promise<string> {
  const names = await init({ wideVectors, threads });
  if (name === autoDevice) return defaultDevice().name;
  if (names.includes(name)) return defaultDevice(name).name;
  const all = [autoDevice, ...names];
  throw new UsageError(`--device expects one of ${all.join(', ')}, given '${name}'${didYouMean(name, all)}`);
}
