import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const numbers = (x: ff.Tensor): number[] => Array.from(x.dataSync());

describe('windows of any size', () => {
  const line = ff.random.normal(ff.random.key(3), [2, 60], { dtype: 'f64' });
  const rows = line.toArray() as number[][];

  it.each([
    [37, 1, 1, 0],
    [40, 3, 1, 5],
    [33, 33, 1, 0],
    [35, 2, 1, 20],
    [34, 1, 1, 17],
    [60, 60, 1, 0],
  ])('%d places, stride %d, dilation %d, padding %d: what each window holds', (window, stride, dilation, padding) => {
    const places = (row: number[], o: number): number[] =>
      Array.from({ length: window }, (_, k) => o * stride + k * dilation - padding).flatMap((i) => row[i] ?? []);
    const options = { stride, dilation, padding };
    const count = Math.floor((60 + 2 * padding - (window - 1) * dilation - 1) / stride) + 1;
    const expected = (f: (held: number[]) => number): number[] =>
      rows.flatMap((row) => Array.from({ length: count }, (_, o) => f(places(row, o))));
    const x = line.expandDims(1);
    expect(numbers(ff.maxPool1d(x, window, options))).toEqual(expected((held) => Math.max(...held)));
    const means = expected((held) => held.reduce((a, b) => a + b, 0) / window);
    numbers(ff.avgPool1d(x, window, options)).forEach((value, i) => expect(value).toBeCloseTo(means[i], 14));
  });

  it('are not written out place by place', () => {
    expect(numbers(ff.avgPool2d(ff.ones([1, 1, 128, 128]), 128))).toEqual([1]);
    expect(numbers(ff.maxPool1d(ff.arange(16000).astype('f32').reshape([1, 1, 16000]), 16000))).toEqual([15999]);
    expect(
      numbers(
        ff.grad((x: ff.Tensor) => ff.maxPool1d(x, 16000).sum())(ff.arange(16000).astype('f32').reshape([1, 1, -1])),
      ).at(-1),
    ).toBe(1);
    const sliding = ff.maxPool1d(ff.arange(20000).astype('f32').reshape([1, 1, 20000]), 16000, { stride: 1 });
    expect(numbers(sliding)).toEqual(Array.from({ length: 4001 }, (_, i) => 15999 + i));
    const pooled = ff.explain((x: ff.Tensor) => ff.avgPool2d(x, 100, { stride: 7 }))(ff.ones([1, 1, 200, 200]));
    expect(pooled.program.split('\n').length).toBeLessThan(80);
  });

  it('have the derivatives of their places', () => {
    const x = ff.random.normal(ff.random.key(5), [1, 1, 50], { dtype: 'f64' });
    const means = numbers(ff.grad((v: ff.Tensor) => ff.avgPool1d(v, 40, { stride: 5 }).sum())(x));
    means.forEach((slope, i) =>
      expect(slope).toBeCloseTo([0, 1, 2].filter((o) => i >= 5 * o && i < 5 * o + 40).length / 40, 14),
    );
    const most = numbers(ff.grad((v: ff.Tensor) => ff.maxPool1d(v, 40, { stride: 5 }).sum())(x));
    expect(most.reduce((a, b) => a + b, 0)).toBeCloseTo(3, 14);
  });

  it('of convolutions are laid out as numbers of places, not as slices', () => {
    const x = ff.random.normal(ff.random.key(7), [2, 2, 400], { dtype: 'f64' });
    const w = ff.random.normal(ff.random.key(8), [3, 2, 300], { dtype: 'f64' });
    const [input, weights] = [x.toArray(), w.toArray()] as number[][][][];
    const out = ff.conv1d(x, w, { stride: 7, padding: 2 });
    const expected = (n: number, o: number, p: number): number => {
      let sum = 0;
      for (let c = 0; c < 2; c++)
        for (let k = 0; k < 300; k++) sum += weights[o][c][k] * (input[n][c][7 * p + k - 2] ?? 0);
      return sum;
    };
    const got = out.toArray() as number[][][];
    got.forEach((channels, n) =>
      channels.forEach((line, o) => line.forEach((value, p) => expect(value).toBeCloseTo(expected(n, o, p), 10))),
    );
    const slope = ff.grad((v: ff.Tensor) => ff.conv1d(x, v, { stride: 7, padding: 2 }).sum())(w);
    expect(slope.at(0, 0, 3).item()).toBeCloseTo(
      got[0][0].reduce((sum, _v, p) => sum + [0, 1].reduce((t, n) => t + (input[n][0][7 * p + 1] ?? 0), 0), 0),
      10,
    );
  });
});

describe('roll', () => {
  const grid = ff.arange(6).reshape([2, 3]);

  it('shifts several axes, each by its own or all by one', () => {
    expect(ff.roll(grid, [1, 2], [0, 1]).toArray()).toEqual([
      [4, 5, 3],
      [1, 2, 0],
    ]);
    expect(grid.roll(1, [0, 1]).toArray()).toEqual([
      [5, 3, 4],
      [2, 0, 1],
    ]);
    expect(grid.roll([1, 2], 1).toArray()).toEqual(grid.toArray());
    expect(grid.roll([1, 1]).toArray()).toEqual([
      [4, 5, 0],
      [1, 2, 3],
    ]);
    expect(grid.roll([1, -1], [-1, -2]).toArray()).toEqual([
      [5, 3, 4],
      [2, 0, 1],
    ]);
    expect(() => grid.roll([1, 2, 3], [0, 1])).toThrow(ff.ArgumentError);
    expect(() => grid.roll([0.5], [0])).toThrow(ff.ArgumentError);
    expect(() => grid.roll(1, [2])).toThrow(ff.ArgumentError);
  });
});
