import { describe, expect, it } from 'vitest';
import { DeviceError, NoAdapterError } from '../../errors/index.ts';
import { openGpu, type Surroundings, webGpu } from './api.ts';

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
