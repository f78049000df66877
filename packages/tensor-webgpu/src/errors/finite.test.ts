import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstNonFinite } from './finite.ts';

it('finds the first number that is not finite, and nothing else', () => {
  const values = fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double()));
  fc.assert(fc.property(values, (list) => firstNonFinite(list) === list.findIndex((value) => !Number.isFinite(value))));
  expect(firstNonFinite(Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY))).toBe(2);
  expect(firstNonFinite(Float64Array.of(1e308, 1e308, -5e-324))).toBe(-1);
});
