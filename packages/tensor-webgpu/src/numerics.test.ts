import { describe, expect, it } from 'vitest';
import { DeviceError, deviceInfo, devices, matmul, ones, tensor } from './index.ts';

describe('deviceInfo', () => {
  it('names the arithmetic by what it does', () => {
    // a·a - c is 2⁻²⁴ where it is rounded once, and nothing where the product is rounded on its own.
    const a = 1 + 2 ** -12;
    const c = 1 + 2 ** -11;
    const left = ones([8, 1]).mul(tensor([[-c, a]]));
    const right = tensor([[1], [a]]).mul(ones([1, 8]));
    const once = matmul(left, right).toArray(2)[0][0] !== 0;
    expect(deviceInfo('cpu').numerics).toBe(once ? 'wasm-simd-fma' : 'wasm-simd');
  });

  it('knows every device, and the default one', () => {
    for (const name of devices()) {
      const info = deviceInfo(name);
      expect(info.name).toBe(name);
      expect(info.dtypes).toContain('f32');
      expect(info.threads).toBeGreaterThanOrEqual(1);
    }
    expect(deviceInfo().name).toBe(ones([1]).device?.name);
    expect(() => deviceInfo('gpu9')).toThrow(DeviceError);
  });
});
