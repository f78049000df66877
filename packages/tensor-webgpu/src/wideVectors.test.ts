import { afterAll, describe, expect, it } from 'vitest';
import { cpuDevice } from './backends/wasm/device.ts';
import { f32, programOf } from './backends/wasm/testing/against-reference.ts';
import { ArgumentError, DeviceError } from './errors/errors.ts';
import { avoidWideVectors, offerWideVectors, useWideVectors } from './wideVectors.ts';

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
    expect(device.wide.on).toBe(true);
  });

  const side = 160;
  const product = programOf([f32(side, side), f32(side, side)], (l, x, y) => [
    l.dotGeneral(x, y, { contract: [[1], [0]], batch: [[], []] }),
  ]);

  it('are looked for before the first program with large products, and not before', () => {
    const device = cpuDevice();
    offerWideVectors(device);
    device.compile(programOf([f32(9, 9)], (l, x) => [l.tanh(x)]));
    expect(device.info().notes).toEqual([]);
    device.compile(product);
    expect(device.measureWide).toBeNull();
    expect(device.info().notes[0]).toMatch(
      device.wide.on
        ? /^Vectors of 256 bits, joined by V8: products [\d.]+ times as fast\.$/
        : /^Vectors of 128 bits(: |, as was asked for)/,
    );
  });

  it('are left alone where that is asked for', () => {
    const device = cpuDevice();
    offerWideVectors(device);
    avoidWideVectors(device);
    device.compile(product);
    expect(device.wide).toEqual({ on: false, note: 'Vectors of 128 bits, as was asked for.' });
  });

  it('are left alone where FLOWFIELD_WIDE_VECTORS is 0; another value is named', () => {
    const before = process.env.FLOWFIELD_WIDE_VECTORS;
    const device = cpuDevice();
    offerWideVectors(device);
    process.env.FLOWFIELD_WIDE_VECTORS = 'no';
    expect(() => device.compile(product)).toThrow(ArgumentError);
    expect(() => device.compile(product)).toThrow(/^FLOWFIELD_WIDE_VECTORS: expected 0 .* or 1 .*, got 'no'/);
    process.env.FLOWFIELD_WIDE_VECTORS = '0';
    device.compile(product);
    expect(device.wide.on).toBe(false);
    if (before === undefined) delete process.env.FLOWFIELD_WIDE_VECTORS;
    else process.env.FLOWFIELD_WIDE_VECTORS = before;
  });

  it('are refused outside Node, with the remedy, and change nothing', () => {
    process.getBuiltinModule = undefined as unknown as typeof getBuiltinModule;
    const device = cpuDevice();
    expect(() => useWideVectors(device)).toThrow(
      /^init: wide vectors need Node 22.3 or newer on an x86-64 processor, .* Leave wideVectors out; everything works without it, with products at about half the speed.$/,
    );
    expect(device.wide.on).toBe(false);
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
      expect(device.wide.on).toBe(false);
    }
    Object.defineProperty(process, 'versions', { value: versions, configurable: true });
    expect(asked).toEqual([]);
  });
});
