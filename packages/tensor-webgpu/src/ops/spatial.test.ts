import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const cube = (rank: number, extent: number): ff.Tensor => {
  const shape = [1, 2, ...new Array<number>(rank).fill(extent)];
  return ff
    .arange(2 * extent ** rank)
    .astype('f32')
    .reshape(shape);
};

describe.each([
  [1, ff.conv1d, ff.convTranspose1d, ff.maxPool1d, ff.avgPool1d],
  [2, ff.conv2d, ff.convTranspose2d, ff.maxPool2d, ff.avgPool2d],
  [3, ff.conv3d, ff.convTranspose3d, ff.maxPool3d, ff.avgPool3d],
] as const)('with %i spatial axes', (rank, conv, convTranspose, maxPool, avgPool) => {
  const x = cube(rank, 4);
  const weights = ff.concat([cube(rank, 2), cube(rank, 2).mul(-3)]);

  it('the function is the general one, options included', () => {
    const options = { stride: 2, padding: 1 };
    expect(conv(x, weights, options).toArray()).toEqual(ff.conv(x, weights, options).toArray());
    expect(convTranspose(x, weights, options).toArray()).toEqual(ff.convTranspose(x, weights, options).toArray());
    expect(maxPool(x, 2).toArray()).toEqual(ff.maxPool(x, 2).toArray());
    expect(avgPool(x, 2, { stride: 1 }).toArray()).toEqual(ff.avgPool(x, 2, { stride: 1 }).toArray());
  });

  it('another rank is refused', () => {
    const wrong = cube(rank + 1, 2);
    expect(() => conv(wrong, cube(rank + 1, 2))).toThrow(ff.ShapeError);
    expect(() => convTranspose(wrong, cube(rank + 1, 2))).toThrow(ff.ShapeError);
    expect(() => maxPool(wrong, 2)).toThrow(
      `maxPool${rank}d: expected x of rank ${rank + 2} [N, C, …spatial], got shape`,
    );
    expect(() => avgPool(wrong, 2)).toThrow(ff.ShapeError);
  });
});
