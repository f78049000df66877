import { describe, expect, test } from 'vitest';
import { type Tensor, tensor } from '../../index.ts';

/** Enough for a loop over several vectors, and a rest of every kind. */
const LENGTHS = [32, 33, 50, 67, 1003];

/** Rows of ordinary numbers, with `special` at each of a few places in turn. */
function rows(length: number, special: number, other: (i: number) => number): Float32Array[] {
  const places = [0, 1, 5, 16, 18, 31, length - 1];
  return places.map((place) => Float32Array.from({ length }, (_, i) => (i === place ? special : other(i))));
}

const reduced = (data: readonly Float32Array[], how: (x: Tensor) => Tensor): number[] => {
  const shape = [data.length, data[0].length];
  return Array.from(how(tensor(Float32Array.from(data.flatMap((row) => [...row])), { shape })).dataSync());
};

const across = (x: Tensor): Tensor => x.transpose();

describe('the largest and the smallest of a row', () => {
  test.each(LENGTHS)('of %i is NaN when one element is', (length) => {
    const data = rows(length, Number.NaN, (i) => Math.sin(i) * (i % 7 === 0 ? Infinity : 3));
    for (const at of [(x: Tensor) => x.max({ axis: 1 }), (x: Tensor) => x.min({ axis: 1 })])
      expect(reduced(data, at)).toEqual(data.map(() => Number.NaN));
    expect(reduced(data, (x) => across(x).max({ axis: 0 }))).toEqual(data.map(() => Number.NaN));
  });

  test.each(LENGTHS)('of %i is found wherever it stands', (length) => {
    const data = rows(length, 7.5, (i) => Math.sin(i));
    expect(reduced(data, (x) => x.max({ axis: 1 }))).toEqual(data.map(() => 7.5));
    expect(reduced(data, (x) => x.neg().min({ axis: 1 }))).toEqual(data.map(() => -7.5));
    const infinite = rows(length, -Infinity, () => -1e38);
    expect(reduced(infinite, (x) => x.min({ axis: 1 }))).toEqual(infinite.map(() => -Infinity));
    expect(reduced([new Float32Array(length).fill(-Infinity)], (x) => x.max({ axis: 1 }))).toEqual([-Infinity]);
  });

  test.each(LENGTHS)('of %i orders zeros by their sign', (length) => {
    const negative = (x: number): boolean => Object.is(x, -0);
    const mixed = rows(length, 0, (i) => (i % 2 ? -0 : -1));
    for (const value of reduced(mixed, (x) => x.max({ axis: 1 }))) expect(value).toBe(0);
    const below = rows(length, -0, (i) => -1 - i);
    for (const value of reduced(below, (x) => x.max({ axis: 1 }))) expect(negative(value)).toBe(true);
    const least = rows(length, -0, (i) => (i % 2 ? 0 : 1));
    for (const value of reduced(least, (x) => x.min({ axis: 1 }))) expect(negative(value)).toBe(true);
    const above = rows(length, 0, (i) => 1 + i);
    for (const value of reduced(above, (x) => x.min({ axis: 1 }))) expect(value).toBe(0);
  });
});
