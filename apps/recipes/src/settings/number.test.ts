import { expect, test } from 'vitest';
import { readDecimal } from './number.ts';

test.each([
  ['12', 12],
  ['1e3', 1000],
  ['-0.5', -0.5],
  ['.25', 0.25],
  ['5.', 5],
  [' 7 ', 7],
  ['+1E-2', 0.01],
  ['0x10', Number.NaN],
  ['1_000', Number.NaN],
  ['Infinity', Number.NaN],
  ['', Number.NaN],
  ['1e', Number.NaN],
  ['12px', Number.NaN],
])('%j', (text, value) => {
  expect(readDecimal(text)).toBe(value);
});
