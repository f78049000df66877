import { describe, expect, test } from 'vitest';
import { eye, grad, hessian, jit, linalg, ones, random, type Tensor, tensor, vmap, zeros } from '../index.ts';

const wide = { dtype: 'f64' } as const;
const noise = (seed: number, ...shape: number[]): Tensor => random.normal(random.key(seed), shape, wide);
const ofRank = (rank: number, n: number): Tensor => noise(rank, n, rank).matmul(noise(n + rank, rank, n));

/** By the rule of Laplace, which is a polynomial: its derivatives hold everywhere. */
function byMinors(x: Tensor, n: number): Tensor {
  if (n === 1) return x.at(0, 0);
  const terms = Array.from({ length: n }, (_, j) => {
    const others = Array.from({ length: n }, (_, k) => k).filter((k) => k !== j);
    const minor = x.slice([1, null]).take(tensor(others, { dtype: 'i32' }), { axis: 1 });
    return x
      .at(0, j)
      .mul(byMinors(minor, n - 1))
      .mul(j % 2 === 0 ? 1 : -1);
  });
  return terms.reduce((sum, term) => sum.add(term));
}

const distance = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe.each([
  ['regular', noise(1, 4, 4)],
  ['of rank 3', ofRank(3, 4)],
  ['of rank 2', ofRank(2, 4)],
  ['of rank 1', ofRank(1, 4)],
  ['zero', zeros([4, 4], wide)],
  ['the identity', eye(4, 4, wide)],
])('the determinant of a 4 x 4 matrix that is %s', (_, x) => {
  test('has its first and second derivative', () => {
    const expected = (x: Tensor): Tensor => byMinors(x, 4);
    expect(distance(linalg.det(x), expected(x))).toBeLessThan(1e-12);
    for (const slope of [grad(linalg.det), jit(grad(linalg.det))])
      expect(distance(slope(x), grad(expected)(x))).toBeLessThan(1e-12);
    expect(distance(hessian(linalg.det)(x), hessian(expected)(x))).toBeLessThan(1e-12);
  });
});

test('a singular matrix of a stack changes nothing for the others', () => {
  const regular = noise(2, 5, 5);
  const stack = vmap(grad(linalg.det))(regular.add(zeros([3, 1, 1], wide)).mul(tensor([[[1]], [[0]], [[1]]], wide)));
  const alone = grad(linalg.det)(regular);
  expect(distance(stack.at(0), alone)).toBeLessThan(1e-12);
  expect(distance(stack.at(2), alone)).toBeLessThan(1e-12);
  expect(distance(stack.at(1), zeros([5, 5], wide))).toBe(0);
});

test('in f32, and of an empty matrix', () => {
  expect(distance(grad(linalg.det)(ones([4, 4])), zeros([4, 4]))).toBeLessThan(1e-6);
  expect(linalg.det(zeros([0, 0])).item()).toBe(1);
});
