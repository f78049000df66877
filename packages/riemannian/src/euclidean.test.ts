import { random, tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { euclidean } from './euclidean.ts';
import { numbers } from './testing/draws.ts';

test('the base of flat space is the standard normal', () => {
  const plane = euclidean(2);
  const [density] = numbers(plane.logBase(tensor([[0.5, -2]], { dtype: 'f64' })));
  expect(density).toBeCloseTo(-Math.log(2 * Math.PI) - (0.25 + 4) / 2, 12);
  const drawn = plane.sampleBase(random.key(0), [20_000], { dtype: 'f64' });
  // Standard errors: 0.005 for the mean of 40,000 numbers, 0.007 for their variance.
  expect(Math.abs(drawn.mean().item())).toBeLessThan(0.025);
  expect(Math.abs(drawn.square().mean().item() - 1)).toBeLessThan(0.035);
});

test('no pair of points of flat space is at a cut locus, and volumes are flat', () => {
  const space = euclidean(3);
  expect(numbers(space.isAtCutLocus([[1, 2, 3]], [[-1, -2, -3]]))).toEqual([0]);
  expect(numbers(space.logVolume([[0, 0, 0]], [[5, 6, 7]]))).toEqual([0]);
});
