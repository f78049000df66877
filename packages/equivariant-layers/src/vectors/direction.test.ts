import { ArgumentError, grad, jacfwd, jacrev, norm, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { direction, frameAverage } from '../index.ts';
import { difference, normals } from '../testing/arrays.ts';

describe.each(['f32', 'f64'] as const)('%s', (dtype) => {
  test('on an axis the Jacobian is (I - n nᵀ) / |v|', () => {
    const v = tensor([0, 0, 2], { dtype });
    for (const jacobian of [jacfwd(direction)(v), jacrev(direction)(v)]) {
      expect(jacobian.toArray()).toEqual([
        [0.5, 0, 0],
        [0, 0.5, 0],
        [0, 0, 0],
      ]);
    }
    const second = jacfwd(jacrev(direction))(v);
    expect(Number.isFinite(second.abs().sum().item())).toBe(true);
  });

  test('at 0 value and derivatives of two orders are 0, and rows do not touch each other', () => {
    const v = tensor(
      [
        [0, 0, 0],
        [3, 0, 4],
      ],
      { dtype },
    );
    expect(direction(v).at(0).toArray()).toEqual([0, 0, 0]);
    expect(difference(direction(v).at(1), tensor([0.6, 0, 0.8], { dtype }))).toBeLessThan(1e-6);
    const weights = tensor(
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      { dtype },
    );
    const gradient = grad((x: Tensor) => direction(x).mul(weights).sum())(v);
    expect(gradient.at(0).toArray()).toEqual([0, 0, 0]);
    expect(Number.isFinite(gradient.abs().sum().item())).toBe(true);
    const second = grad((x: Tensor) =>
      grad((y: Tensor) => direction(y).mul(weights).sum())(x)
        .square()
        .sum(),
    )(v);
    expect(Number.isFinite(second.abs().sum().item())).toBe(true);
  });

  test('lengths of coincident points have gradient 0', () => {
    const points = tensor(
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      { dtype },
    );
    const gradient = grad((x: Tensor) => norm(x.at(0).sub(x.at(1))))(points);
    expect(gradient.toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

test('no scale is too small or too large', () => {
  for (const size of [1e-150, 1e150]) {
    expect(
      difference(direction(tensor([3 * size, 4 * size], { dtype: 'f64' })), tensor([0.6, 0.8], { dtype: 'f64' })),
    ).toBeLessThan(1e-15);
  }
});

test('directions are equivariant: averaging over frames does not change them', () => {
  const x = normals(3, [6, 3]);
  const averaged = frameAverage(direction, { group: 'O(3)', inputs: 'point', outputs: 'vector' });
  expect(difference(averaged(x), direction(x))).toBeLessThan(1e-14);
});

test('anything but a tensor is named', () => {
  expect(() => direction([1, 2] as unknown as Tensor)).toThrow(ArgumentError);
});
