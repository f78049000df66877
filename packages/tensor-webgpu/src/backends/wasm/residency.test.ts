import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../errors/errors.ts';
import { cpuDevice } from './device.ts';
import { programOf } from './testing/against-reference.ts';

const MIB = 1 << 20;
const vector = (bytes: number) => ({ shape: [bytes / 4], dtype: 'f32' as const });
const plusOne = programOf([vector(MIB)], (l, x) => [l.add(x, 1)]);

describe('tensors beside the heap', { timeout: 60_000 }, () => {
  it('a loop within one task may drop far more results than memory holds', () => {
    const device = cpuDevice({ memoryLimit: 32 * MIB });
    const step = device.compile(plusOne);
    let x = device.put(new Float32Array(MIB / 4), 'f32');
    for (let i = 0; i < 500; i++) [x] = step.run([x]);
    expect(new Set(device.readSync(x))).toEqual(new Set([500]));
    expect(device.memory().reservedBytes).toBeLessThanOrEqual(32 * MIB);
  });

  it('what is moved aside comes back with its elements, of every dtype', () => {
    const device = cpuDevice({ memoryLimit: 8 * MIB });
    const held = (['f32', 'f64', 'i32', 'u32', 'bool'] as const).map((dtype, i) => {
      const program = programOf([{ shape: [3], dtype }], (l, x) => [l.rev(x, [0])]);
      const data = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, bool: Uint8Array }[dtype];
      return { run: device.compile(program), storage: device.put(data.of(1, 0, i), dtype), i };
    });
    const step = device.compile(plusOne);
    let x = device.put(new Float32Array(MIB / 4), 'f32');
    for (let i = 0; i < 30; i++) [x] = step.run([x]);
    for (const { run, storage, i } of held) {
      const one = i > 0 && storage.dtype === 'bool' ? 1 : i;
      expect(Array.from(device.readSync(storage))).toEqual([1, 0, one]);
      expect(Array.from(device.readSync(run.run([storage])[0]))).toEqual([one, 0, 1]);
    }
  });

  it('tensors in use stay, however small the limit, and giving back is final wherever a tensor lies', () => {
    const device = cpuDevice({ memoryLimit: 8 * MIB });
    const old = device.put(new Float32Array(MIB / 4), 'f32');
    const others = Array.from({ length: 12 }, (_, i) => device.put(new Float32Array(MIB / 4).fill(i), 'f32'));
    expect(device.memory().liveTensors).toBe(13);
    expect(device.memory().liveBytes).toBe(13 * MIB);
    for (const storage of [old, ...others]) storage.dispose();
    old.dispose();
    expect(device.memory()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
    expect(() => device.readSync(old)).toThrow('used after its memory was given back');
  });

  it('a program that needs more than there is names what to do', () => {
    const device = cpuDevice({ memoryLimit: 4 * MIB });
    const copies = programOf([vector(MIB)], (l, x) => Array.from({ length: 6 }, (_, i) => l.add(x, i)));
    const x = device.put(new Float32Array(MIB / 4), 'f32');
    expect(() => device.compile(copies).run([x])).toThrow(OutOfMemoryError);
    expect(() => device.compile(copies).run([x])).toThrow(/scope.*`using`.*jit.*event loop/);
    expect(device.memory()).toMatchObject({ liveTensors: 1, liveBytes: MIB });
  });

  it('gives surplus memory back when it is trimmed, and keeps the tensors', () => {
    const device = cpuDevice();
    const kept = device.put(Float32Array.of(1, 2, 3), 'f32');
    const early = device.compile(plusOne);
    device.put(new Float32Array(50 * MIB), 'f32').dispose();
    expect(device.memory().reservedBytes).toBeGreaterThan(200 * MIB);
    device.trim();
    expect(device.memory().reservedBytes).toBeLessThan(2 * MIB);
    expect(Array.from(device.readSync(kept))).toEqual([1, 2, 3]);
    const twice = device.compile(programOf([{ shape: [3], dtype: 'f32' }], (l, x) => [l.mul(x, 2)]));
    expect(Array.from(device.readSync(twice.run([kept])[0]))).toEqual([2, 4, 6]);
    const executable = device.compile(plusOne);
    executable.dispose();
    for (const gone of [executable, early])
      expect(() => gone.run([device.put(new Float32Array(MIB / 4), 'f32')])).toThrow(
        'was run after its memory was given back',
      );
  });
});
