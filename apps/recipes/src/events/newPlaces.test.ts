import { expect, test } from 'vitest';
import { newPlaces } from './newPlaces.ts';

test('rows that the other part does not have', () => {
  const known = Float64Array.of(1, 0, 0, 0, 1, 0);
  expect(newPlaces(Float64Array.of(0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1e-16), known)).toEqual([1, 3]);
  expect(newPlaces(known, known)).toEqual([]);
  expect(newPlaces(known, new Float64Array(0))).toEqual([0, 1]);
});
