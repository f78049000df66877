import { describe, expect, it } from 'vitest';
import { bytesOf, dispatch, storageBuffer, testDevice } from './kernel.ts';

describe('a hand-made kernel', () => {
  const doubled = `
    @group(0) @binding(0) var<storage, read_write> b0: array<f32>;
    @group(0) @binding(1) var<storage, read_write> b1: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < arrayLength(&b0)) { b1[id.x] = 2.0 * b0[id.x]; }
    }`;

  it('reads and writes the buffers it is given', async () => {
    const device = await testDevice();
    const input = storageBuffer(
      device,
      Float32Array.from({ length: 100 }, (_, i) => i),
    );
    const output = storageBuffer(device, 400);
    await dispatch(device, [{ source: doubled, buffers: [input, output], workgroups: [2, 1, 1] }]);
    const values = new Float32Array(await bytesOf(device, output));
    expect([...values]).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i));
  });

  it('that is not WGSL throws with the messages of the compiler', async () => {
    const device = await testDevice();
    const wrong = dispatch(device, [{ source: doubled.replace('2.0', 'two'), buffers: [], workgroups: [1, 1, 1] }]);
    await expect(wrong).rejects.toThrow(/two/);
  });
});
