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

it.each([
  [[32, 32, 14, 14], [64, 32, 3, 3], { padding: 1 }],
  [[33, 16, 9, 9], [16, 16, 5, 5], {}],
  [[5, 3, 7, 7], [8, 3, 3, 3], { padding: 1, stride: 2 }],
] as const)('a convolution of %j by %j has the same bits eagerly and compiled, with its gradients', (x, w, options) => {
  const [kx, kw, ku] = ff.random.split(ff.random.key(1), 3);
  const [images, weights] = [ff.random.normal(kx, x), ff.random.normal(kw, w)];
  const up = ff.random.normal(ku, ff.conv2d(images, weights, options).shape);
  const waves = (a: ff.Tensor, b: ff.Tensor): ff.Tensor => ff.conv2d(a, b, options).tanh().mul(up).sum();
  const slopes = ff.grad(waves, { argnums: [0, 1] });
  // Neighbours that are fused with it do not change them either.
  const beside = (a: ff.Tensor, b: ff.Tensor) => [...slopes(a, b), ...slopes(a.neg(), b.neg())];
  const eager = beside(images, weights);
  ff.jit(beside)(images, weights).forEach((compiled, i) => {
    expect(compiled.equal(eager[i]).all().item()).toBe(1);
  });
});
