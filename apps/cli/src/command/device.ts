import { didYouMean } from '@flowfield/recipes';
import { ArgumentError, defaultDevice, deviceInfo, init } from '@flowfield/tensor-webgpu';
import { UsageError } from '../failures/failures.ts';

/** Leaves the choice of the device to the library. */
export const autoDevice = 'auto';

/** Opened only when it is asked for: where there is no GPU the library says so. */
export const gpuDevice = 'webgpu';

/** What the command line says of where to compute. */
export interface DeviceArguments {
  readonly device: string;
  readonly wideVectors?: boolean;
  readonly threads?: number;
}

/**
 * Makes a device the default one and returns its name.
 * @throws UsageError for a name that this machine does not have, and for FLOWFIELD_THREADS that is no number of threads
 */
export async function chooseDevice({ device: name, wideVectors, threads }: DeviceArguments): Promise<string> {
  const names = await init({ wideVectors, threads, ...(name === gpuDevice && { device: name }) });
  expectVariables();
  if (name === autoDevice) return defaultDevice().name;
  if (names.includes(name)) return defaultDevice(name).name;
  const all = [...new Set([autoDevice, ...names, gpuDevice])];
  throw new UsageError(`--device expects one of ${all.join(', ')}, given '${name}'${didYouMean(name, all)}`);
}

/** @throws UsageError for a variable of the environment that a device cannot read, before any work */
function expectVariables(): void {
  try {
    deviceInfo('cpu');
  } catch (cause) {
    throw cause instanceof ArgumentError ? new UsageError(cause.message, { cause }) : cause;
  }
}
