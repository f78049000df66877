import { referenceDevice } from './backends/reference/reference.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import { checkedThreads } from './backends/wasm/threads/setting.ts';
import { checkedOptions, describe } from './errors/checks.ts';
import { ArgumentError } from './errors/errors.ts';
import { tensor } from './ops/creation.ts';
import { registerRewrites } from './optimize/rewrite.ts';
import { rewriteRules } from './rewrites/index.ts';
import type { Device } from './runtime/device.ts';
import { clearPrograms } from './runtime/execute.ts';
import { defaultDevice, devices, registerDevice } from './runtime/registry.ts';
import { registerScalars } from './trace/scalar.ts';
import { avoidWideVectors, offerWideVectors, useWideVectors } from './wideVectors.ts';

const cpu = cpuDevice();

// The one place where the parts that know nothing of each other are put together.
registerRewrites(rewriteRules);
registerDevice(cpu);
offerWideVectors(cpu);
registerDevice(referenceDevice());
registerScalars(tensor);

export interface InitOptions {
  /** The device on which new tensors are made from now on: its name, or a device of your own, known by its name after it. */
  readonly device?: string | Device;
  /**
   * Node only: let V8 join vectors into ones of 256 bits (experimental there), for programs compiled from now on: the same
   * bits, about twice the speed of matrix products. Default: on where a measurement of 50 ms, before the first program with
   * large products, shows equal bits and a gain, and off without a word elsewhere or where the variable
   * FLOWFIELD_WIDE_VECTORS is 0. `true` measures now and throws where they cannot be had; `false` goes without.
   */
  readonly wideVectors?: boolean;
  /**
   * Threads of the CPU device from now on, from 1 to 64. Default: what the variable FLOWFIELD_THREADS
   * says, or as many as the process has cores, 16 at most. Where there can be only one, `deviceInfo('cpu').notes` says why.
   */
  readonly threads?: number;
}

/**
 * Finds the devices of this machine and returns their names, the default first. The CPU devices are there without
 * it; devices that must be asked for (a GPU) are there after it.
 *
 * @throws DeviceError for a device that is not there or whose name another one has, and when wide
 * vectors are asked for and cannot be had; ArgumentError for a misspelt option or a bad number of threads.
 */
export async function init(options: InitOptions = {}): Promise<string[]> {
  const { wideVectors, device, threads } = checkedOptions('init', options, ['device', 'wideVectors', 'threads']);
  if (wideVectors !== undefined && typeof wideVectors !== 'boolean') {
    throw new ArgumentError(
      `init: wideVectors: expected true or false, got ${describe(wideVectors)}. Leave it out for where it pays.`,
    );
  }
  if (threads !== undefined && cpu.useThreads(checkedThreads('init: threads', threads))) clearPrograms();
  if (typeof device === 'object') registerDevice(device);
  if (device !== undefined) defaultDevice(typeof device === 'string' ? device : device.name);
  if (wideVectors) useWideVectors(cpu);
  else if (wideVectors === false) avoidWideVectors(cpu);
  const first = defaultDevice().name;
  return [first, ...devices().filter((name) => name !== first)];
}
