import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { figure, type Panel } from './figure.ts';

const domain = { x: [0, 1], y: [0, 1] } as const;
const pathsOf = (panel: Panel) =>
  [...parseHTML(`<html><body>${figure({ panels: [panel] })}</body></html>`).document.querySelectorAll('path')].map(
    (path) => ({ d: path.getAttribute('d') ?? '', fill: path.getAttribute('fill') }),
  );

describe('points', () => {
  test('one dot for each point inside the frame, y upwards', () => {
    const [{ d }] = pathsOf({ kind: 'points', domain, series: [{ points: [0, 0, 1, 1, 2, 0.5] }] });
    const dots = [...d.matchAll(/M([\d.]+) ([\d.]+)h0/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(dots).toHaveLength(2);
    expect(dots[1][0] - dots[0][0]).toBe(300);
    expect(dots[1][1] - dots[0][1]).toBe(-300);
  });

  test('an odd number of numbers', () => {
    expect(() => pathsOf({ kind: 'points', domain, series: [{ points: [1, 2, 3] }] })).toThrow('expected pairs');
  });
});

describe('density', () => {
  test('darkest where the value is highest; equal neighbors are one piece', () => {
    const paths = pathsOf({ kind: 'density', rows: 2, columns: 2, values: [0, 0, 1, 0] });
    expect(paths.map(({ fill }) => fill)).toEqual(['#ffffff', '#221f4c']);
    expect(paths[0].d.match(/M/g)).toHaveLength(2);
  });

  test('NaN is drawn as the lowest value; a wrong size is refused', () => {
    expect(pathsOf({ kind: 'density', rows: 1, columns: 2, values: [Number.NaN, 1] })[0].fill).toBe('#ffffff');
    expect(() => pathsOf({ kind: 'density', rows: 2, columns: 2, values: [1] })).toThrow('rows * columns');
  });
});

test('images: pixels from paper to ink, one pixel of paper between two images', () => {
  const paths = pathsOf({ kind: 'images', values: [1, 1, 1, 1, 1, 1, 1, 1], width: 2, height: 2, columns: 2 });
  const ink = paths.find(({ fill }) => fill === '#16222b')!;
  // Two images of two rows each.
  expect(ink.d.match(/M/g)).toHaveLength(4);
  expect(() => pathsOf({ kind: 'images', values: [1, 2, 3], width: 2, height: 2, columns: 1 })).toThrow('whole images');
});

describe('lines', () => {
  const line = (x: number[], y: number[], log = false): Panel => ({
    kind: 'lines',
    x: { label: 'steps', log },
    y: { label: 'error', log },
    series: [{ label: 'ours', x, y }],
  });

  test('a curve with its name', () => {
    const svg = figure({ panels: [line([1, 2, 3], [3, 1, 2])] });
    expect(svg).toContain('ours');
    expect(svg).toContain('aria-label="line"');
  });

  test('values that cannot be drawn are left out; none at all, or lists of different lengths, are refused', () => {
    expect(figure({ panels: [line([0, 1, 10], [1, 0, 5], true)] })).toContain('ours');
    expect(() => figure({ panels: [line([Number.NaN], [1])] })).toThrow('at least one finite point');
    expect(() => figure({ panels: [line([1, 2], [1])] })).toThrow("one y for each x of 'ours'");
  });
});

test('the same description gives the same text', () => {
  const panels: Panel[] = [{ kind: 'points', title: 'data', domain, series: [{ points: [0.5, 0.5] }] }];
  expect(figure({ title: 'a', panels })).toBe(figure({ title: 'a', panels }));
});
