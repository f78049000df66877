import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latLonToUnit, SphericalCoordinateError, unitToLatLon } from './spherical.ts';

const latitude = fc.double({ min: -90, max: 90, noNaN: true });
const longitude = fc.double({ min: -180, max: 360, noNaN: true });

describe('latLonToUnit', () => {
  it('puts the axes where geographers have them', () => {
    const points = latLonToUnit([0, 0, 90, -90, 0], [0, 90, 12, 300, 180]);
    const expected = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1, -1, 0, 0];
    for (const [i, value] of expected.entries()) expect(points[i]).toBeCloseTo(value, 15);
  });

  it('returns unit vectors, equal for longitudes a turn apart', () => {
    fc.assert(
      fc.property(latitude, longitude, (lat, lon) => {
        const [x, y, z, x2, y2, z2] = latLonToUnit([lat, lat], [lon, lon - 360]);
        expect(Math.hypot(x!, y!, z!)).toBeCloseTo(1, 14);
        expect(Math.hypot(x! - x2!, y! - y2!, z! - z2!)).toBeLessThan(1e-14);
      }),
    );
  });

  it.each([
    [[91], [0]],
    [[NaN], [0]],
    [[0], [Infinity]],
    [[0, 1], [0]],
  ])('refuses (%s, %s)', (lat, lon) => {
    expect(() => latLonToUnit(lat, lon)).toThrow(SphericalCoordinateError);
  });
});

describe('unitToLatLon', () => {
  it('undoes latLonToUnit', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -89.9, max: 89.9, noNaN: true }),
        fc.double({ min: -179.9, max: 180, noNaN: true }),
        (lat, lon) => {
          const back = unitToLatLon(latLonToUnit([lat], [lon]));
          expect(back.latitude[0]).toBeCloseTo(lat, 11);
          expect(back.longitude[0]).toBeCloseTo(lon, 9);
        },
      ),
    );
  });

  it('is undone by latLonToUnit, whatever the length of the vector', () => {
    const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        coordinate,
        coordinate,
        coordinate,
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (x, y, z, scale) => {
          const length = Math.hypot(x, y, z);
          fc.pre(length > 1e-3);
          const { latitude, longitude } = unitToLatLon([x * scale, y * scale, z * scale]);
          const back = latLonToUnit(latitude, longitude);
          expect(Math.hypot(back[0]! - x / length, back[1]! - y / length, back[2]! - z / length)).toBeLessThan(1e-14);
        },
      ),
    );
  });

  it('keeps a place a millimetre from the pole', () => {
    const colatitude = 1.6e-10;
    const { latitude } = unitToLatLon([Math.sin(colatitude), 0, Math.cos(colatitude)]);
    expect(90 - latitude[0]!).toBeCloseTo((colatitude * 180) / Math.PI, 12);
    expect(latitude[0]).toBeLessThan(90);
  });

  it.each([[[0, 0, 0]], [[NaN, 0, 1]], [[Infinity, 0, 0]], [[1, 0]]])('refuses %s', (points) => {
    expect(() => unitToLatLon(points)).toThrow(SphericalCoordinateError);
  });
});
