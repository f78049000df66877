import { expect, test } from 'vitest';
import { productProblem } from '../problem.ts';
import { pack, unpack } from './wire.ts';

test('what is packed comes back, arrays to the bit', () => {
  const value = {
    ...productProblem('A·Bᵀ', 3),
    nested: [
      { shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) },
      { shape: [0], data: new Float32Array(0) },
    ],
    odd: { shape: [3], data: Float32Array.of(Number.NaN, -0, 1e-45) },
  };
  expect(unpack(pack(value))).toEqual(value);
  expect(pack(value).bytes.length).toBe(4 * (9 + 9 + 2 + 3));
});
