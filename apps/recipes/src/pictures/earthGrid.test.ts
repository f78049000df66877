import { unitToLatLon } from '@flowfield/datasets';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { earthGrid, interpolateGrid } from './earthGrid.ts';

it('runs north to south and west to east over cell centers', () => {
  const { rows, columns, points } = earthGrid(2, 4);
  const { latitude, longitude } = unitToLatLon(points);
  expect([rows, columns]).toEqual([2, 4]);
  expect([...latitude].map(Math.round)).toEqual([45, 45, 45, 45, -45, -45, -45, -45]);
  expect([...longitude].map(Math.round)).toEqual([-135, -45, 45, 135, -135, -45, 45, 135]);
});

it('gives back the values at the centers, and a straight line between them', () => {
  const { rows, columns, points } = earthGrid(18, 36);
  const { latitude, longitude } = unitToLatLon(points);
  const plane = (lat: number, lon: number) => 2 * lat - 3 * lon + 1;
  const grid = { rows, columns, logDensity: latitude.map((lat, k) => plane(lat, longitude[k]!)) };
  fc.assert(
    fc.property(
      fc.double({ min: -85, max: 85, noNaN: true }),
      fc.double({ min: -175, max: 175, noNaN: true }),
      (lat, lon) => {
        expect(interpolateGrid(grid, lat, lon)).toBeCloseTo(plane(lat, lon), 8);
      },
    ),
  );
});

it('wraps at the date line and stops at the poles', () => {
  const grid = { rows: 2, columns: 4, logDensity: [0, 1, 2, 3, 4, 5, 6, 7] };
  expect(interpolateGrid(grid, 45, 180)).toBeCloseTo(1.5, 12);
  expect(interpolateGrid(grid, 45, -180)).toBeCloseTo(1.5, 12);
  expect(interpolateGrid(grid, 90, -135)).toBe(0);
  expect(interpolateGrid(grid, -90, 135)).toBe(7);
});
