import { expect, it } from 'vitest';
import { earthquakes } from './earthquakes.ts';

it('holds the published week', () => {
  const { latitude, longitude, points, magnitude } = earthquakes();
  expect([latitude.length, longitude.length, magnitude.length, points.length / 3]).toEqual([1707, 1707, 1707, 1707]);
  expect([latitude[0], longitude[0], magnitude[0]]).toEqual([34.4945, -118.6671667, 2]);
  expect(Math.min(...magnitude)).toBe(-0.8);
  expect(Math.max(...magnitude)).toBe(6.4);
  // The bounding box that the feed states.
  expect([Math.min(...longitude), Math.min(...latitude)]).toEqual([-179.6445, -65.8617]);
  expect([Math.max(...longitude), Math.max(...latitude)]).toEqual([178.8275, 83.0422]);
});
