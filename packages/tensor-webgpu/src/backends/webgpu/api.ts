import { DeviceError, NoAdapterError } from '../../errors/errors.ts';
import { EXCHANGE_FEATURE } from './exchange.ts';

/** Bits of `GPUBufferUsage` and `GPUMapMode`, which are no globals in Node. */
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
export const MAP_READ = 1;
/** `GPUShaderStage.COMPUTE`. */
export const COMPUTE = 4;

/** The part of npm `webgpu` that is used. */
interface NodeWebGpu {
  create(options: string[]): GPU;
}

const isNode = (): boolean => typeof process === 'object' && process.versions?.node !== undefined;

/** In Node the one object of Dawn: it must outlive every device. */
let dawn: GPU | null = null;

/** Where WebGPU is looked for. */
export interface Surroundings {
  /** What a browser has. */
  readonly gpu: GPU | undefined;
  readonly node: boolean;
  readonly load: (name: string) => Promise<NodeWebGpu>;
}

const here = (): Surroundings => ({
  gpu: (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu,
  node: isNode(),
  // By a name that bundlers do not follow: it is an optional dependency.
  load: (name) => import(/* @vite-ignore */ /* webpackIgnore: true */ name),
});

/**
 * WebGPU of this browser, or in Node that of the package `webgpu`, which is loaded when it is first asked for.
 * @throws NoAdapterError where there is none.
 */
export async function webGpu({ gpu, node, load }: Surroundings = here()): Promise<GPU> {
  if (gpu) return gpu;
  if (!node)
    throw new NoAdapterError(
      'This browser has no WebGPU: `navigator.gpu` is missing. Use a current Chrome, Edge, Firefox or Safari over https, or the device `cpu`.',
    );
  if (dawn) return dawn;
  let loaded: NodeWebGpu;
  try {
    loaded = await load('webgpu');
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    throw new NoAdapterError(
      missing
        ? 'WebGPU in Node needs the package `webgpu`, which is not installed. Run `npm install webgpu`, or use the device `cpu`.'
        : `The package \`webgpu\` did not load: ${(error as Error).message}. Install version 0.6 or newer, or use the device \`cpu\`.`,
      { cause: error },
    );
  }
  dawn = loaded.create([]);
  return dawn;
}

/** The limits that are asked for as large as the adapter has them. */
export const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const;

/** Of an adapter that does not tell what it is, as in browsers before 2024. */
const UNTOLD = { vendor: '', architecture: '', device: '', description: '' } as GPUAdapterInfo;

/**
 * A GPU device with the largest limits that its adapter has, and with lanes that exchange registers where it has them.
 * @throws NoAdapterError when there is no adapter; DeviceError when it gives no device.
 */
export async function openGpu(gpu: GPU): Promise<{ device: GPUDevice; info: GPUAdapterInfo }> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new NoAdapterError(
      'WebGPU found no adapter: no GPU with a driver that it can use. Check the driver (Vulkan, Metal or Direct3D 12), or use the device `cpu`.',
    );
  const requiredLimits: Record<string, number> = {};
  for (const name of LIMITS) {
    const limit: number | undefined = adapter.limits[name];
    // Asking for a limit that an implementation does not know fails the request.
    if (limit !== undefined) requiredLimits[name] = limit;
  }
  const info = adapter.info ?? UNTOLD;
  const feature = EXCHANGE_FEATURE as GPUFeatureName;
  const features = adapter.features?.has(feature) ? { requiredFeatures: [feature] } : {};
  try {
    return { device: await adapter.requestDevice({ requiredLimits, ...features }), info };
  } catch (error) {
    throw new DeviceError(
      `The GPU adapter '${info.description || info.vendor}' gave no device: ${(error as Error).message}. Close other programs that use the GPU and try again, or use the device \`cpu\`.`,
      { cause: error },
    );
  }
}
