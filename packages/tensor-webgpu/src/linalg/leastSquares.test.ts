import { describe, expect, test } from 'vitest';
import { ArgumentError, cross, eye, linalg, random, ShapeError, type Tensor, tensor, trace, zeros } from '../index.ts';

const f64 = (data: number[][] | number[]): Tensor => tensor(data, { dtype: 'f64' });
const normal = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape, { dtype: 'f64' });

function expectClose(actual: Tensor, expected: Tensor | number, digits = 10): void {
  const [a, e] = [actual.dataSync(), typeof expected === 'number' ? [expected] : expected.dataSync()];
  expect(a.length).toBe(e.length);
  for (let i = 0; i < e.length; i++) expect(a[i]).toBeCloseTo(e[i], digits);
}

/** Of rank 2: the second column is twice the first. */
const DEFICIENT = f64([
  [1, 2, 3],
  [2, 4, 6],
  [3, 6, 9],
  [1, 2, 4],
]);
const FULL = f64([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
  [1, 0, 1],
]);

describe('least squares and pseudoinverses', () => {
  test('rank-deficient systems have the solution of least norm that NumPy gives', () => {
    const { x, residuals, rank, singularValues } = linalg.lstsq(DEFICIENT, f64([1, 2, -1, 3]));
    expectClose(x, f64([-1.6857142857142844, -3.371428571428571, 2.8571428571428568]));
    expectClose(residuals, 5.714285714285714);
    expect(rank.item()).toBe(2);
    expect(rank.dtype).toBe('i32');
    expectClose(singularValues, f64([14.71995035292636, 0.56838508722806, 0]));
  });

  test('the four conditions of Penrose hold, in stacks of tall, wide and deficient matrices', () => {
    for (const x of [normal(1, [3, 5, 2]), normal(2, [3, 2, 5]), DEFICIENT, normal(3, [2, 4, 4])]) {
      const p = linalg.pinv(x);
      const [xp, px] = [x.matmul(p), p.matmul(x)];
      expectClose(xp.matmul(x), x);
      expectClose(px.matmul(p), p);
      expectClose(xp, xp.matrixTranspose());
      expectClose(px, px.matrixTranspose());
    }
    expectClose(linalg.pinv(zeros([2, 3], { dtype: 'f64' })), zeros([3, 2]));
    expect(linalg.pinv(zeros([4, 0, 3])).shape).toEqual([4, 3, 0]);
  });

  test('ranks, and a cutoff of one’s own', () => {
    expect(linalg.matrixRank(DEFICIENT).item()).toBe(2);
    expect(linalg.matrixRank(FULL).item()).toBe(3);
    expect(linalg.matrixRank(FULL, { rcond: 0.05 }).item()).toBe(2);
    expect(linalg.matrixRank(zeros([2, 3, 3])).toArray()).toEqual([0, 0]);
  });

  test('what does not fit is a named error', () => {
    expect(() => linalg.lstsq(FULL, f64([1, 2]))).toThrow(ShapeError);
    expect(() => linalg.pinv(FULL, { rcond: -1 })).toThrow(ArgumentError);
    expect(() => linalg.pinv(f64([1, 2]))).toThrow(ShapeError);
  });
});

describe('norms and condition numbers are those of NumPy', () => {
  test.each([
    ['fro', 16.941074346097416],
    ['nuc', 18.776071849909926],
    [1, 19],
    [-1, 13],
    [2, 16.887041866592302],
    [-2, 0.7968670031483717],
    [Number.POSITIVE_INFINITY, 24],
    [Number.NEGATIVE_INFINITY, 2],
  ] as const)('norm, ord %s', (ord, expected) => {
    expectClose(linalg.norm(FULL, { ord }), expected);
    const stack = FULL.broadcastTo([2, 4, 3]).moveaxis(0, 1);
    const kept = linalg.norm(stack, { ord, axis: [0, 2], keepDims: true });
    expect(kept.shape).toEqual([1, 2, 1]);
    expectClose(kept, f64([expected, expected]));
    expectClose(linalg.norm(stack, { ord, axis: [-3, -1] }), f64([expected, expected]));
  });

  test.each([
    [2, 4.199187226927819],
    [-2, 0.23814132258437382],
    ['fro', 5.49995703712383],
    [1, 5.217391304347826],
    [-1, 1.0434782608695654],
    [Number.POSITIVE_INFINITY, 5.217391304347826],
    ['nuc', 12.60869565217391],
  ] as const)('cond, ord %s', (ord, expected) => {
    const x = f64([
      [2, 1, 0],
      [1, 3, 1],
      [0, 1, 5],
    ]);
    expectClose(linalg.cond(x, { ord }), expected);
  });

  test('without axis: all elements; with ord: a vector or a matrix', () => {
    const v = f64([3, -4, 0]);
    expectClose(linalg.norm(v), 5);
    expectClose(linalg.norm(v, { ord: 1 }), 7);
    expectClose(linalg.norm(v, { ord: Number.NEGATIVE_INFINITY }), 0);
    expectClose(linalg.norm(eye(2).broadcastTo([4, 2, 2])), Math.sqrt(8), 6);
    expectClose(linalg.norm(FULL, { axis: 0, ord: 1 }), f64([13, 15, 19]));
    expect(linalg.cond(zeros([2, 2]).add(1), { ord: 2 }).item()).toBeGreaterThan(1e6);
    expect(linalg.cond(zeros([2, 2, 2])).toArray()).toEqual([Infinity, Infinity]);
  });

  test('orders and axes that make no norm are named errors', () => {
    expect(() => linalg.norm(FULL, { ord: 3 })).toThrow(/ord of matrices must be.*got 3/);
    expect(() => linalg.norm(f64([1]), { ord: 'nuc' })).toThrow(/norm of matrices/);
    expect(() => linalg.norm(zeros([2, 2, 2]), { ord: 1 })).toThrow(/3 axes/);
    expect(() => linalg.cond(FULL, { ord: 1 })).toThrow(ShapeError);
  });
});

describe('factors, powers and aliases', () => {
  test('L U is the matrix with its rows exchanged', () => {
    const x = normal(4, [5, 5]);
    const { l, u, permutation } = linalg.lu(x);
    expectClose(l.matmul(u), x.take(permutation));
    expectClose(l.triu(), eye(5));
    expectClose(u.tril(-1), zeros([5, 5]));
  });

  test('integer powers', () => {
    const x = normal(5, [2, 3, 3]);
    expectClose(linalg.matrixPower(x, 0), eye(3).broadcastTo([2, 3, 3]));
    expectClose(linalg.matrixPower(x, 1), x);
    expectClose(linalg.matrixPower(x, 6), x.matmul(x).matmul(x.matmul(x)).matmul(x.matmul(x)), 8);
    expectClose(linalg.matrixPower(x, -2).matmul(x).matmul(x), eye(3).broadcastTo([2, 3, 3]), 8);
    expect(() => linalg.matrixPower(x, 0.5)).toThrow(/integer.*powm/);
  });

  test('trace and cross are those of the tensors', () => {
    expect(linalg.trace).toBe(trace);
    expect(linalg.cross).toBe(cross);
  });
});
