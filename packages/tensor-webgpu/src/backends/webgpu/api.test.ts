import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceError, NoAdapterError } from '../../errors/index.ts';
import { openGpu, type Surroundings, webGpu } from './api.ts';
import { WebGpuDevice } from './device.ts';
import { exchangingLanes } from './exchangeTrial.ts';

const failing = (code?: string): Surroundings => ({
  gpu: undefined,
  node: true,
  load: () => Promise.reject(Object.assign(new Error('libvulkan is broken'), { code })),
});

const gpuWith = (adapter: unknown): GPU => ({ requestAdapter: async () => adapter }) as unknown as GPU;

describe('without a GPU', () => {
  it('a missing package says how to install it', async () => {
    await expect(webGpu(failing('ERR_MODULE_NOT_FOUND'))).rejects.toThrow(NoAdapterError);
    await expect(webGpu(failing('ERR_MODULE_NOT_FOUND'))).rejects.toThrow(/npm install webgpu/);
  });

  it('a package that does not load says why', async () => {
    await expect(webGpu(failing())).rejects.toThrow(/libvulkan is broken.*cpu/);
  });

  it('a browser without WebGPU is told apart', async () => {
    const page = { ...failing(), node: false };
    await expect(webGpu(page)).rejects.toThrow(NoAdapterError);
    await expect(webGpu(page)).rejects.toThrow(/browser.*cpu/);
    const gpu = gpuWith(null);
    expect(await webGpu({ ...page, gpu })).toBe(gpu);
  });

  it('no adapter is a named error with a remedy', async () => {
    await expect(openGpu(gpuWith(null))).rejects.toThrow(NoAdapterError);
    await expect(openGpu(gpuWith(null))).rejects.toThrow(/driver.*`cpu`/);
  });

  it('an adapter that gives no device names itself', async () => {
    const adapter = {
      limits: {},
      info: { description: 'Card 9' },
      requestDevice: () => Promise.reject(new Error('too many devices')),
    };
    await expect(openGpu(gpuWith(adapter))).rejects.toThrow(DeviceError);
    await expect(openGpu(gpuWith(adapter))).rejects.toThrow(/Card 9.*too many devices/);
  });
});

describe('an implementation that has only what every one has', () => {
  /** An adapter that knows no optional feature, and refuses what it does not know, as browsers do. */
  const plain = (info?: object) => {
    const asked: GPUDeviceDescriptor[] = [];
    const limits = { maxBufferSize: 1 << 28, maxStorageBuffersPerShaderStage: 8 };
    const adapter = {
      limits,
      info,
      features: new Set<string>(),
      requestDevice: async (descriptor: GPUDeviceDescriptor = {}) => {
        asked.push(descriptor);
        for (const [name, value] of Object.entries(descriptor.requiredLimits ?? {}))
          if (!(name in limits) || value === undefined) throw new TypeError(`unknown limit ${name}`);
        for (const feature of descriptor.requiredFeatures ?? []) throw new TypeError(`unknown feature ${feature}`);
        return { limits: adapter.limits, lost: new Promise(() => {}) };
      },
    };
    return { adapter, asked };
  };

  it('is asked for no feature, and for no limit that it does not know', async () => {
    const { adapter, asked } = plain({ vendor: 'acme', architecture: '', description: '' });
    await openGpu(gpuWith(adapter));
    expect(asked).toEqual([{ requiredLimits: adapter.limits }]);
  });

  it('need not say what it is: the device has a name for its numbers all the same', async () => {
    const { device, info } = await openGpu(gpuWith(plain().adapter));
    expect(await exchangingLanes(device, info)).toBe(1);
    const gpu = new WebGpuDevice({ device, info });
    expect(gpu.info()).toMatchObject({ threads: 1, notes: [] });
    expect(gpu.emulated).toBe(false);
    expect(gpu.info().numerics).toMatch(/^webgpu: /);
  });

  it('says of an adapter without a name what went wrong', async () => {
    const { adapter } = plain();
    const refusing = { ...adapter, requestDevice: () => Promise.reject(new Error('no more')) };
    await expect(openGpu(gpuWith(refusing))).rejects.toThrow(/no more.*`cpu`/);
  });
});

describe('an implementation whose lanes exchange registers', () => {
  it('is asked for that, and for nothing else', async () => {
    const asked: GPUDeviceDescriptor[] = [];
    const adapter = {
      limits: {},
      features: new Set(['subgroups', 'shader-f16', 'timestamp-query']),
      requestDevice: async (descriptor: GPUDeviceDescriptor) => asked.push(descriptor),
    };
    await openGpu(gpuWith(adapter));
    expect(asked).toEqual([{ requiredLimits: {}, requiredFeatures: ['subgroups'] }]);
  });

  it('is not believed where the device has no such feature, or says no width', async () => {
    const device = (...names: string[]) => ({ features: new Set(names) }) as unknown as GPUDevice;
    const info = { subgroupMinSize: 32 } as GPUAdapterInfo;
    expect(await exchangingLanes(device(), info)).toBe(1);
    expect(await exchangingLanes({} as GPUDevice, info)).toBe(1);
    for (const subgroupMinSize of [undefined, 0, 1, 2, Number.NaN])
      expect(await exchangingLanes(device('subgroups'), { subgroupMinSize } as unknown as GPUAdapterInfo)).toBe(1);
  });

  it('is not believed when it cannot run what tries it; nothing is left behind', async () => {
    let [scopes, buffers] = [0, 0];
    const device = (popErrorScope: () => Promise<null>) =>
      ({
        features: new Set(['subgroups']),
        queue: { writeBuffer() {} },
        createBuffer: () => {
          buffers++;
          return { destroy: () => buffers-- };
        },
        createShaderModule() {
          throw new TypeError('no such language');
        },
        pushErrorScope: () => scopes++,
        popErrorScope,
      }) as unknown as GPUDevice;
    const info = { subgroupMinSize: 32 } as GPUAdapterInfo;
    const pop = async (): Promise<null> => {
      scopes--;
      return null;
    };
    expect(await exchangingLanes(device(pop), info)).toBe(1);
    expect([scopes, buffers]).toEqual([0, 0]);
  });
});

describe('what kernels are written in', () => {
  it('is WGSL without extensions, but for what is tried first', () => {
    const names = globSync('**/*.ts', { cwd: import.meta.dirname }).filter((name) => !/test/.test(name));
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) {
      if (name === 'exchange.ts') continue;
      const text = readFileSync(join(import.meta.dirname, name), 'utf8');
      const found = /\b(enable|requires) [a-z0-9_]+;|subgroup[A-Z](?!inSize)|\bf16\b|writeTimestamp/.exec(text);
      expect([name, found?.[0]]).toEqual([name, undefined]);
    }
  });
});
