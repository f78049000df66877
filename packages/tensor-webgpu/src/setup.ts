import { referenceDevice } from './backends/reference/reference.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import type { WebGpuDevice } from './backends/webgpu/device.ts';
import { checkedOptions, checkedWhole } from './errors/checks.ts';
import { DeviceError } from './errors/errors.ts';
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
  /**
   * The device on which new tensors are made from now on: its name, or a device of your own, known by its name after it.
   * `webgpu` opens a GPU (in Node the package `webgpu` must be installed); `auto` opens one and takes it where `work` is
   * large enough to gain by it, else the CPU.
   */
  readonly device?: string | Device;
  /** For `auto`: the width of the layers and the rows that go through them at once. Default: small. */
  readonly work?: Work;
  /** For `auto`: the least work that a GPU gains by. Default: what was measured, see `GPU_PAYS_FROM`. */
  readonly gpuFrom?: Work;
  /**
   * Node only: let V8 join vectors into ones of 256 bits (experimental there), for programs compiled from now on.
   * Checked first: the same bits, about twice the speed of matrix products. Default: false.
   */
  readonly wideVectors?: boolean;
}

/** How large the work of a program is, roughly. */
export interface Work {
  /** Extent of the matrices, such as the width of the layers. */
  readonly width: number;
  /** Rows that go through them at once, such as a batch. */
  readonly rows: number;
}

/** Below these the CPU is as fast as a GPU, which takes some microseconds for every kernel whatever its size. */
const GPU_PAYS_FROM: Work = { width: 96, rows: 256 };

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

/** The device for some work: a GPU that is one, for work that gains by it. */
async function autoDevice(work: Work | undefined, { width, rows }: Work): Promise<string> {
  if (!work || work.width < width || work.rows < rows) return cpu.name;
  try {
    const device = await openGpu();
    return device.emulated ? cpu.name : device.name;
  } catch (error) {
    if (error instanceof DeviceError) return cpu.name;
    throw error;
  }
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
 * vectors are asked for and cannot be had; NoAdapterError when there is no GPU; ArgumentError for a misspelt option.
 */
export async function init(options: InitOptions = {}): Promise<string[]> {
  const {
    wideVectors = false,
    device,
    work,
    gpuFrom = GPU_PAYS_FROM,
  } = checkedOptions('init', options, ['device', 'work', 'gpuFrom', 'wideVectors']);
  checkWork('work', work);
  checkWork('gpuFrom', gpuFrom);
  if (typeof device === 'object') {
    registerDevice(device);
    defaultDevice(device.name);
  } else if (device === 'auto') defaultDevice(await autoDevice(work, gpuFrom));
  else if (device !== undefined) {
    if (device === 'webgpu') await openGpu();
    defaultDevice(device);
  }
  if (wideVectors) useWideVectors(cpu);
  const first = defaultDevice().name;
  return [first, ...devices().filter((name) => name !== first)];
}
