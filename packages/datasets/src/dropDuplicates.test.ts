import { expect, it } from 'vitest';
import { dropDuplicates } from './dropDuplicates.ts';
import { gatherRows } from './gatherRows.ts';
import { latLonToUnit } from './spherical.ts';

it('keeps the first of equal places, in order', () => {
  const latitude = Float64Array.of(1, 2, 1, 1, 2);
  const longitude = Float64Array.of(5, 6, 5, 7, 6);
  const unique = dropDuplicates({ latitude, longitude, points: latLonToUnit(latitude, longitude) });
  expect([...unique.latitude]).toEqual([1, 2, 1]);
  expect([...unique.longitude]).toEqual([5, 6, 7]);
  expect(unique.points).toEqual(latLonToUnit([1, 2, 1], [5, 6, 7]));
});

it('refuses to gather rows that do not exist', () => {
  expect([...gatherRows(Float64Array.of(1, 2, 3, 4), [1, 1, 0], 2)]).toEqual([3, 4, 3, 4, 1, 2]);
  expect(() => gatherRows(Float64Array.of(1, 2), [1], 2)).toThrow(RangeError);
  expect(() => gatherRows(Float64Array.of(1, 2, 3), [0], 2)).toThrow(
    /expected a multiple of the width 2, given 3 values/,
  );
});
