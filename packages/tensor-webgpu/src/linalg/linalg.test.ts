import { type CheckedLibrary, checkOp } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import * as library from '../index.ts';
import { eye, grad, linalg, random, ShapeError, type Tensor, tensor } from '../index.ts';
import { deviceNamed } from '../runtime/registry.ts';
import { linalgTable } from './table.ts';

describe.each(library.devices())('linear algebra on %s', (name) => {
  const { dtypes } = deviceNamed(name);
  test.each(linalgTable.map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
    await checkOp(library as unknown as CheckedLibrary, entry, name, dtypes);
  });
});

const f64 = (data: number[][]): Tensor => tensor(data, { dtype: 'f64' });

function expectClose(actual: Tensor, expected: Tensor, digits = 10): void {
  expect(actual.shape).toEqual(expected.shape);
  const [a, e] = [actual.dataSync(), expected.dataSync()];
  e.forEach((value, i) => expect(a[i]).toBeCloseTo(value, digits));
}

describe('identities', () => {
  const x = random.normal(random.key(3), [4, 5, 5], { dtype: 'f64' });
  const spd = x.matmul(x.matrixTranspose()).add(eye(5, 5, { dtype: 'f64' }));

  test('factors multiply to the matrix', () => {
    const l = linalg.cholesky(spd);
    expectClose(l.matmul(l.matrixTranspose()), spd);
    const { q, r } = linalg.qr(x);
    expectClose(q.matmul(r), x);
    const { u, s, vt } = linalg.svd(x);
    expectClose(u.mul(s.expandDims(-2)).matmul(vt), x);
    const { eigenvalues, eigenvectors } = linalg.eigh(spd);
    expectClose(eigenvectors.mul(eigenvalues.expandDims(-2)).matmul(eigenvectors.matrixTranspose()), spd);
  });

  test('factors of matrices of sizes whose squares vanish beside the others', () => {
    for (const tiny of [1e-140, 1e-155, 1e-160, 1e-163, 1e-200, 5e-324])
      for (const rows of [
        [
          [0.001, tiny, tiny / 2],
          [tiny, 1.9, tiny],
          [tiny / 2, tiny, 0.001],
        ],
        [
          [1, 0, 0],
          [0, 0, tiny],
          [0, tiny, 0],
        ],
        [
          [1, tiny, tiny],
          [tiny, tiny, tiny],
          [tiny, tiny, tiny],
        ],
        [
          [tiny, tiny, 0],
          [tiny, 2e50, 3],
          [0, 3, 1e-90],
        ],
      ]) {
        const a = f64(rows);
        const { eigenvalues, eigenvectors } = linalg.eigh(a);
        const size = a.abs().max();
        const back = eigenvectors.mul(eigenvalues).matmul(eigenvectors.T);
        expectClose(back.div(size), a.div(size));
        expectClose(eigenvectors.matmul(eigenvectors.T), eye(3, 3, { dtype: 'f64' }));
        const { u, s, vt } = linalg.svd(a);
        expectClose(u.mul(s).matmul(vt).div(size), a.div(size));
        const { q, r } = linalg.qr(a);
        expectClose(q.matmul(r).div(size), a.div(size));
        expectClose(q.matmul(q.T), eye(3, 3, { dtype: 'f64' }));
      }
  });

  test('solutions solve', () => {
    const b = random.normal(random.key(4), [5], { dtype: 'f64' });
    expectClose(x.matmul(linalg.solve(x, b).expandDims(-1)).squeeze(-1), b.broadcastTo([4, 5]));
    expectClose(x.matmul(linalg.inv(x)), eye(5, 5, { dtype: 'f64' }).broadcastTo([4, 5, 5]));
    expectClose(linalg.choleskySolve(linalg.cholesky(spd), x), linalg.solve(spd, x), 8);
  });

  test('determinants multiply, and change sign with a row exchange', () => {
    const y = random.normal(random.key(5), [4, 5, 5], { dtype: 'f64' });
    expectClose(linalg.det(x.matmul(y)), linalg.det(x).mul(linalg.det(y)), 8);
    for (const n of [2, 3, 4]) {
      const matrix = random.normal(random.key(n), [n, n], { dtype: 'f64' });
      const exchanged = matrix.take([1, 0, ...Array.from({ length: n - 2 }, (_, i) => i + 2)]);
      expectClose(linalg.det(exchanged), linalg.det(matrix).neg());
      const { sign, logabsdet } = linalg.slogdet(matrix);
      expectClose(sign.mul(logabsdet.exp()), linalg.det(matrix));
    }
  });

  test('singular matrices have determinant 0, with derivatives where the formula has them', () => {
    const singular = f64([
      [1, 2],
      [2, 4],
    ]);
    expect(linalg.det(singular).item()).toBe(0);
    expect(grad((m: Tensor) => linalg.det(m))(singular).toArray()).toEqual([
      [4, -2],
      [-2, 1],
    ]);
    const { sign, logabsdet } = linalg.slogdet(singular);
    expect(sign.item()).toBe(0);
    const negative = linalg.slogdet(
      tensor(
        [
          [-1, -2],
          [2, 4],
        ],
        { dtype: 'f64' },
      ),
    );
    expect(negative.sign.item()).toBe(0);
    expect(logabsdet.item()).toBe(Number.NEGATIVE_INFINITY);
  });

  test('expm: rotations, sums of commuting matrices, large norms, zero', () => {
    for (const angle of [0.1, 3, 200]) {
      const rotation = linalg.expm(
        f64([
          [0, -angle],
          [angle, 0],
        ]),
      );
      expectClose(
        rotation,
        f64([
          [Math.cos(angle), -Math.sin(angle)],
          [Math.sin(angle), Math.cos(angle)],
        ]),
        9,
      );
    }
    expectClose(
      linalg.expm(
        f64([
          [0, 1],
          [0, 0],
        ]),
      ),
      f64([
        [1, 1],
        [0, 1],
      ]),
      14,
    );
    expectClose(
      linalg.expm(
        f64([
          [0, 0],
          [0, 0],
        ]),
      ),
      f64([
        [1, 0],
        [0, 1],
      ]),
      15,
    );
    const a = x.slice(0).mul(0.5);
    expectClose(linalg.expm(a).matmul(linalg.expm(a.neg())), eye(5, 5, { dtype: 'f64' }));
  });

  test('the derivative of a sum of equal eigenvalues is finite', () => {
    const equal = eye(3, 3, { dtype: 'f64' });
    const slope = grad((m: Tensor) => linalg.eigh(m).eigenvalues.sum())(equal);
    expectClose(slope, equal);
  });
});

describe('what does not fit is a named error', () => {
  test('shapes', () => {
    expect(() =>
      linalg.cholesky([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toThrow(ShapeError);
    expect(() => linalg.det([1, 2])).toThrow(ShapeError);
    expect(() =>
      linalg.solve(
        [
          [1, 0],
          [0, 1],
        ],
        [1, 2, 3],
      ),
    ).toThrow(/linalg\.solve.*\[3\].*\[2, 2\]/);
  });
});
