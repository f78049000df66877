import type { Work } from './autoDevice.ts';
import { referenceDevice } from './backends/reference/reference.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import { checkedThreads } from './backends/wasm/threads/setting.ts';
import type { WebGpuDevice } from './backends/webgpu/device.ts';
import { checkedOptions, checkedWhole, describe } from './errors/checks.ts';
import { ArgumentError } from './errors/errors.ts';
import { formatInConsole } from './methods/devtools.ts';
import { tensor } from './ops/creation.ts';
import { registerRewrites } from './optimize/rewrite.ts';
import { rewriteRules } from './rewrites/index.ts';
import type { Device } from './runtime/device.ts';
import { clearPrograms } from './runtime/execute.ts';
import { chooseDevice, defaultDevice, devices, registerDevice } from './runtime/registry.ts';
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
  /**
   * The device on which new tensors are made from now on: its name, or a device of your own, known by its name after it.
   * `webgpu` opens a GPU (in Node the package `webgpu` must be installed); `auto` opens one where `work` is not surely small,
   * times both devices at it for about 0.1 s, once a process and size, and takes the GPU where that is clearly faster.
   * `deviceInfo().notes` then says why, and what was measured. A GPU that is emulated on the CPU is not taken.
   */
  readonly device?: string | Device;
  /** For `auto`: the width of the layers and the rows that go through them at once. Default: small. */
  readonly work?: Work;
  /** For `auto`: the least work that a GPU gains by, in place of the measurement. */
  readonly gpuFrom?: Work;
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

/** The GPU, once it was opened. */
let gpu: Promise<WebGpuDevice> | null = null;

/** Makes the device `webgpu` known; opens it again when it was lost. */
async function openGpu(): Promise<WebGpuDevice> {
  if (!gpu) {
    // Only who asks for a GPU loads what it takes.
    gpu = import('./backends/webgpu/device.ts').then(({ openWebGpu }) => openWebGpu());
    gpu.catch(() => {
      gpu = null;
    });
  }
  const device = await gpu;
  await device.reopen();
  registerDevice(device);
  return device;
}

function checkWork(name: string, work: Work | undefined): void {
  if (work === undefined) return;
  const { width, rows } = checkedOptions(`init, ${name}`, work, ['width', 'rows']);
  checkedWhole(`init, ${name}.width`, width);
  checkedWhole(`init, ${name}.rows`, rows);
}

/**
 * Opens the devices that are asked for and returns the names of all, the default first. The CPU devices are there without
 * it; a GPU is there after `init({ device: 'webgpu' })`, and again after the same call when it was lost.
 *
 * @throws DeviceError for a device that is not there or whose name another one has, and when wide
 * vectors are asked for and cannot be had; NoAdapterError when there is no GPU; ArgumentError for a misspelt option or a
 * bad number of threads.
 */
export async function init(options: InitOptions = {}): Promise<string[]> {
  const { wideVectors, device, threads, work, gpuFrom } = checkedOptions('init', options, [
    'device',
    'work',
    'gpuFrom',
    'wideVectors',
    'threads',
  ]);
  checkWork('work', work);
  checkWork('gpuFrom', gpuFrom);
  if (wideVectors !== undefined && typeof wideVectors !== 'boolean') {
    throw new ArgumentError(
      `init: wideVectors: expected true or false, got ${describe(wideVectors)}. Leave it out for where it pays.`,
    );
  }
  if (threads !== undefined && cpu.useThreads(checkedThreads('init: threads', threads))) clearPrograms();
  if (wideVectors) useWideVectors(cpu);
  else if (wideVectors === false) avoidWideVectors(cpu);
  if (typeof device === 'object') {
    registerDevice(device);
    defaultDevice(device.name);
  } else if (device === 'auto') {
    const { autoDevice } = await import('./autoDevice.ts');
    const chosen = await autoDevice({ work, gpuFrom, cpu, open: openGpu });
    chooseDevice(chosen.device, chosen.reason);
  } else if (device !== undefined) {
    if (device === 'webgpu') await openGpu();
    defaultDevice(device);
  }
  if (typeof document !== 'undefined') formatInConsole();
  const first = defaultDevice().name;
  return [first, ...devices().filter((name) => name !== first)];
}
