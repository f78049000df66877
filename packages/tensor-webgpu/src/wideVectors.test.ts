import { afterAll, describe, expect, it } from 'vitest';
import { cpuDevice } from './backends/wasm/device.ts';
import { DeviceError } from './errors/errors.ts';
import { useWideVectors } from './wideVectors.ts';

describe('wide vectors', () => {
  const { getBuiltinModule } = process;
  afterAll(() => {
    process.getBuiltinModule = getBuiltinModule;
    (getBuiltinModule('node:v8') as typeof import('node:v8')).setFlagsFromString('--no-experimental-wasm-revectorize');
  });

  it('are switched on where the check gives the same bits', (context) => {
    if (process.arch !== 'x64') context.skip('wide vectors are for x86-64 processors');
    const device = cpuDevice();
    useWideVectors(device);
    expect(device.pairVectors).toBe(true);
  });

  it('are refused outside Node, with the remedy, and change nothing', () => {
    process.getBuiltinModule = undefined as unknown as typeof getBuiltinModule;
    const device = cpuDevice();
    expect(() => useWideVectors(device)).toThrow(
      /^init: wide vectors need Node 22.3 or newer on an x86-64 processor, .* Leave wideVectors out; everything works without it, with products at about half the speed.$/,
    );
    expect(device.pairVectors).toBe(false);
  });

  it('are refused by engines without the option, which is never set there', () => {
    const asked: string[] = [];
    const { versions } = process;
    process.getBuiltinModule = (() => ({ setFlagsFromString: (flag: string) => asked.push(flag) })) as never;
    for (const other of [
      { node: '20.0.0', v8: '11.3.2' },
      { node: '22.0.0', v8: '12.9', deno: '2.1' },
      { node: '24', v8: '13.6', bun: '1.3' },
      { node: '40', v8: '20.1' },
    ]) {
      Object.defineProperty(process, 'versions', { value: other, configurable: true });
      const device = cpuDevice();
      expect(() => useWideVectors(device)).toThrow(DeviceError);
      expect(device.pairVectors).toBe(false);
    }
    Object.defineProperty(process, 'versions', { value: versions, configurable: true });
    expect(asked).toEqual([]);
  });
});
