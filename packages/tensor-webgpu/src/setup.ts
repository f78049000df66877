import { referenceDevice } from './backends/reference/reference.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import type { WebGpuDevice } from './backends/webgpu/device.ts';
import { checkedOptions } from './errors/checks.ts';
import { tensor } from './ops/creation.ts';
import { registerRewrites } from './optimize/rewrite.ts';
import { rewriteRules } from './rewrites/index.ts';
import type { Device } from './runtime/device.ts';
import { defaultDevice, devices, registerDevice } from './runtime/registry.ts';
import { registerScalars } from './trace/scalar.ts';
import { useWideVectors } from './wideVectors.ts';

const cpu = cpuDevice();

// The one place where the parts that know nothing of each other are put together.
registerRewrites(rewriteRules);
registerDevice(cpu);
registerDevice(referenceDevice());
registerScalars(tensor);

export interface InitOptions {
  /** The device on which new tensors are made from now on: its name, or a device of your own, known by its name after it. */
  readonly device?: string | Device;
  /**
   * Node only: let V8 join vectors into ones of 256 bits (experimental there), for programs compiled from now on.
   * Checked first: the same bits, about twice the speed of matrix products. Default: false.
   */
  readonly wideVectors?: boolean;
}

/** The GPU, once it was opened. */
let gpu: Promise<WebGpuDevice> | null = null;

/** Makes the device `webgpu` known; opens it again when it was lost. */
async function openGpu(): Promise<void> {
  // Only who asks for a GPU loads what it takes.
  gpu ??= import('./backends/webgpu/device.ts').then(({ openWebGpu }) => openWebGpu());
  try {
    const device = await gpu;
    await device.reopen();
    registerDevice(device);
  } catch (error) {
    gpu = null;
    throw error;
  }
}

/**
 * Finds the devices of this machine and returns their names, the default first. The CPU devices are there without
 * it; devices that must be asked for (a GPU) are there after it.
 *
 * @throws DeviceError for a device that is not there or whose name another one has, and when wide
 * vectors are asked for and cannot be had; ArgumentError for a misspelt option.
 */
export async function init(options: InitOptions = {}): Promise<string[]> {
  const { wideVectors = false, device } = checkedOptions('init', options, ['device', 'wideVectors']);
  if (typeof device === 'object') registerDevice(device);
  else if (device === 'webgpu') await openGpu();
  if (device !== undefined) defaultDevice(typeof device === 'string' ? device : device.name);
  if (wideVectors) useWideVectors(cpu);
  const first = defaultDevice().name;
  return [first, ...devices().filter((name) => name !== first)];
}
