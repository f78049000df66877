import { latLonToUnit } from '@flowfield/datasets';
import { Resvg } from '@resvg/resvg-js';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { vonMisesFisherKde } from '../baselines/vonMisesFisherKde.ts';
import { earthMap } from './earthMap.ts';
import { PictureError } from './pictureError.ts';

/** Far from the coasts and the lines of the graticule, as are its mirror images. */
const PEAK: [number, number] = [-25, -105];
const density = vonMisesFisherKde(latLonToUnit([PEAK[0]], [PEAK[1]]), { kappa: 30, uniformWeight: 0.01 }).logDensity;

/** Where the map draws a single held-out event. */
function placeOf(latitude: number, longitude: number, options: Parameters<typeof earthMap>[0]): [x: number, y: number] {
  const svg = earthMap({ ...options, test: latLonToUnit([latitude], [longitude]) });
  const { document } = parseHTML(`<html><body>${svg}</body></html>`);
  const dot = document.querySelector('g[aria-label="dot"] circle')!;
  const [, dx, dy] = dot
    .closest('g[transform]')!
    .getAttribute('transform')!
    .match(/translate\(([\d.]+),([\d.]+)\)/)!;
  return [Number(dot.getAttribute('cx')) + Number(dx), Number(dot.getAttribute('cy')) + Number(dy)];
}

function brightness(svg: string, [x, y]: [number, number]): number {
  const { pixels, width } = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
  const at = 4 * (Math.round(y) * width + Math.round(x));
  return (pixels[at]! + pixels[at + 1]! + pixels[at + 2]!) / 3;
}

describe('earthMap', () => {
  it('shades a place by its own density, not that of its mirror images', () => {
    const svg = earthMap({ density });
    const [latitude, longitude] = PEAK;
    expect(brightness(svg, placeOf(latitude, longitude, { density }))).toBeLessThan(90);
    for (const [lat, lon] of [
      [-latitude, longitude],
      [latitude, -longitude],
      [-latitude, -longitude],
      [latitude, longitude + 180],
    ] as const) {
      expect(brightness(svg, placeOf(lat, lon, { density }))).toBeGreaterThan(200);
    }
  });

  it('draws every event and sample once', () => {
    const points = (n: number) =>
      latLonToUnit(
        Array.from({ length: n }, (_, i) => 3 * i),
        Array.from({ length: n }, (_, i) => 7 * i),
      );
    const svg = earthMap({ train: points(5), test: points(3), samples: points(4) });
    const { document } = parseHTML(`<html><body>${svg}</body></html>`);
    const counts = [...document.querySelectorAll('g[aria-label="dot"]')].map(
      (group) => group.querySelectorAll('circle').length,
    );
    // Samples first, so that data lie above them.
    expect(counts).toEqual([4, 5, 3]);
  });

  it('shows data that samples fall on', () => {
    const place = latLonToUnit([0], [30]);
    const at = placeOf(0, 30, {});
    const both = earthMap({ train: place, samples: place });
    expect(Math.abs(brightness(both, at) - brightness(earthMap({ train: place }), at))).toBeLessThan(60);
    expect(brightness(both, at)).toBeLessThan(brightness(earthMap({ samples: place }), at) - 30);
  });

  it('is the same text for the same input', () => {
    expect(earthMap({ density })).toBe(earthMap({ density }));
  });

  it('writes words as words', () => {
    const svg = earthMap({
      title: 'a < b & c',
      caption: 'seed 0',
      samples: latLonToUnit([1], [2]),
      legend: { samples: 'flow' },
    });
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg).toContain('>seed 0</text>');
    expect(svg).toContain('>flow</text>');
    expect(svg).not.toContain('training data');
  });

  it('refuses points and densities that it cannot draw', () => {
    expect(() => earthMap({ train: [1, 0] })).toThrow(PictureError);
    expect(() => earthMap({ samples: [NaN, 0, 1] })).toThrow(/samples/);
    expect(() => earthMap({ density: () => [1, 2, 3] })).toThrow(PictureError);
  });
});
