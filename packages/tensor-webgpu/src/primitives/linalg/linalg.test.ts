import { describe, expect, test } from 'vitest';
import { DTypeError, ShapeError } from '../../errors/errors.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { RefArray } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { traceProgram } from '../../trace/builder.ts';
import { lax } from '../lax.ts';
import { array, evaluate, forwardProgram, numbers } from '../testing/checkRules.ts';
import { cholesky } from './cholesky.ts';
import { eigh } from './eigh.ts';
import { lu as luOf } from './lu.ts';
import { adjoint, alongRows, matmul } from './matrix.ts';
import { qr } from './qr.ts';
import { svd } from './svd.ts';
import { triangularSolve } from './triangularSolve.ts';

const random = numbers(3);
const noise = (shape: readonly number[]): RefArray => array(shape, () => 2 * random() - 1);
const matrix = (rows: readonly (readonly number[])[]): RefArray =>
  array([rows.length, rows[0].length], (i) => rows[Math.floor(i / rows[0].length)][i % rows[0].length]);
const identity = (n: number): RefArray => array([n, n], (i) => (i % (n + 1) === 0 ? 1 : 0));

const close = (a: RefArray, b: RefArray, tolerance = 1e-12): void => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x, i) => expect(Math.abs(x - b.data[i])).toBeLessThan(tolerance));
};

const run = (build: (...values: Value[]) => readonly Value[], ...inputs: RefArray[]): RefArray[] =>
  evaluate(build, inputs);
const along = (build: (x: Value) => readonly Value[], x: RefArray, dx: RefArray): RefArray[] =>
  evaluateProgram(forwardProgram(traceProgram([x], build).program), [x, dx]);

/** `V diag(w) Vᵀ`. */
const assemble = (w: Value, v: Value): Value => matmul(lax, lax.mul(v, alongRows(lax, w, v.shape)), adjoint(lax, v));

describe('factors multiply to the matrix', () => {
  test('cholesky', () => {
    const [made, given] = run(
      (x) => {
        const a = matmul(lax, x, adjoint(lax, x));
        const l = cholesky(a);
        return [matmul(lax, l, adjoint(lax, l)), a];
      },
      noise([3, 6, 6]),
    );
    close(made, given);
  });

  test('lu: the permuted matrix, for random and for singular ones', () => {
    for (const a of [
      noise([20, 20]),
      matrix([
        [0, 2, 1],
        [0, 4, 2],
        [0, 1, 1],
      ]),
    ]) {
      const n = a.shape[0];
      const [lu, pivots, permutation] = run((x) => luOf(x), a);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let k = 0; k <= Math.min(i, j); k++) sum += (k === i ? 1 : lu.data[i * n + k]) * lu.data[k * n + j];
          expect(sum).toBeCloseTo(a.data[permutation.data[i] * n + j], 12);
        }
      }
      const rows = Array.from({ length: n }, (_, i) => i);
      pivots.data.forEach((pivot, k) => {
        [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      });
      expect(rows).toEqual(Array.from(permutation.data));
    }
  });

  test.each([
    [6, 6],
    [9, 4],
    [4, 9],
  ])('qr of %d x %d, with a diagonal that is not negative', (m, n) => {
    const a = noise([m, n]);
    const k = Math.min(m, n);
    const [q, r, product, gram] = run((x) => {
      const factors = qr(x);
      return [...factors, matmul(lax, factors[0], factors[1]), matmul(lax, adjoint(lax, factors[0]), factors[0])];
    }, a);
    expect([q.shape, r.shape]).toEqual([
      [m, k],
      [k, n],
    ]);
    close(product, a);
    close(gram, identity(k));
    for (let i = 0; i < k; i++) {
      expect(r.data[i * n + i]).toBeGreaterThan(0);
      for (let j = 0; j < i; j++) expect(r.data[i * n + j]).toBe(0);
    }
  });

  test.each([1, 2, 5, 40])('eigh of order %d, ascending', (n) => {
    const [w, v, product, given, gram] = run(
      (x) => {
        const a = lax.add(x, adjoint(lax, x));
        const [values, vectors] = eigh(a);
        return [values, vectors, assemble(values, vectors), a, matmul(lax, adjoint(lax, vectors), vectors)];
      },
      noise([n, n]),
    );
    close(product, given, 1e-11);
    close(gram, identity(n), 1e-12);
    expect(v.shape).toEqual([n, n]);
    expect(Array.from(w.data)).toEqual(Array.from(w.data).sort((a, b) => a - b));
  });

  test('eigh of special matrices: zero, identity, graded, and the path graph with its known spectrum', () => {
    expect(
      Array.from(
        run(
          (x) => eigh(x),
          array([3, 3], () => 0),
        )[0].data,
      ),
    ).toEqual([0, 0, 0]);
    expect(Array.from(run((x) => eigh(x), identity(3))[0].data)).toEqual([1, 1, 1]);
    close(
      run(
        (x) => eigh(x),
        matrix([
          [1e10, 1, 0],
          [1, 1, 1e-3],
          [0, 1e-3, 1e-8],
        ]),
      )[0],
      array([3], (i) => [-9.9e-7, 1.0000009, 1e10][i]),
      1e-5,
    );
    const n = 12;
    const path = array([n, n], (k) => (Math.abs(Math.floor(k / n) - (k % n)) === 1 ? 1 : 0));
    close(
      run((x) => eigh(x), path)[0],
      array([n], (i) => 2 * Math.cos((Math.PI * (n - i)) / (n + 1))),
      1e-13,
    );
  });

  test.each([
    [6, 6],
    [9, 4],
    [4, 9],
    [30, 30],
    [1, 3],
  ])('svd of %d x %d, largest first', (m, n) => {
    const a = noise([m, n]);
    const k = Math.min(m, n);
    const [s, product, left, right] = run((x) => {
      const [u, values, vt] = svd(x);
      const product = matmul(lax, lax.mul(u, alongRows(lax, values, u.shape)), vt);
      return [values, product, matmul(lax, adjoint(lax, u), u), matmul(lax, vt, adjoint(lax, vt))];
    }, a);
    close(product, a);
    close(left, identity(k));
    close(right, identity(k));
    expect(Array.from(s.data)).toEqual(Array.from(s.data).sort((x, y) => y - x));
  });

  test('svd of matrices without full rank completes the vectors', () => {
    const rankOne = matrix([
      [1, 2, 3],
      [2, 4, 6],
      [-1, -2, -3],
      [0, 0, 0],
    ]);
    for (const a of [rankOne, array([3, 3], () => 0)]) {
      const [s, left, right, product] = run((x) => {
        const [u, values, vt] = svd(x);
        return [
          values,
          matmul(lax, adjoint(lax, u), u),
          matmul(lax, vt, adjoint(lax, vt)),
          matmul(lax, lax.mul(u, alongRows(lax, values, u.shape)), vt),
        ];
      }, a);
      close(left, identity(3));
      close(right, identity(3));
      close(product, a);
      expect(s.data[1]).toBeLessThan(1e-14);
    }
  });
});

describe('derivatives at repeated values', () => {
  const symmetricNoise = ((x: RefArray) => array(x.shape, (i) => x.data[i] + x.data[(i % 4) * 4 + Math.floor(i / 4)]))(
    noise([4, 4]),
  );
  const trace = Array.from(symmetricNoise.data).reduce((sum, x, i) => sum + (i % 5 === 0 ? x : 0), 0);

  test('eigenvalue sums move with the trace, and everything stays finite to second order', () => {
    const build = (x: Value): Value[] => {
      const [w, v] = eigh(x);
      return [lax.reduceSum(w, [0]), lax.reduceSum(lax.mul(w, w), [0]), v];
    };
    const [sum, squares, dv] = along(build, identity(4), symmetricNoise);
    expect(sum.data[0]).toBeCloseTo(trace, 12);
    // The sum of squares is |A|², whose derivative along B at the identity is 2 tr B.
    expect(squares.data[0]).toBeCloseTo(2 * trace, 12);
    expect(Array.from(dv.data).every(Number.isFinite)).toBe(true);
    const second = forwardProgram(forwardProgram(traceProgram([identity(4)], build).program));
    const moved = evaluateProgram(second, [identity(4), symmetricNoise, symmetricNoise, array([4, 4], () => 0)]);
    moved.forEach((x) => expect(Array.from(x.data).every(Number.isFinite)).toBe(true));
  });

  test('the nuclear norm at the identity and at zero', () => {
    const nuclear = (x: Value): Value[] => [lax.reduceSum(svd(x)[1], [0])];
    expect(along(nuclear, identity(4), symmetricNoise)[0].data[0]).toBeCloseTo(trace, 12);
    expect(
      Number.isFinite(
        along(
          nuclear,
          array([4, 4], () => 0),
          symmetricNoise,
        )[0].data[0],
      ),
    ).toBe(true);
  });

  test('singular vectors of a matrix without full rank', () => {
    const x = matrix([
      [1, 2],
      [2, 4],
      [0, 0],
    ]);
    along((a) => svd(a), x, noise([3, 2])).forEach((d) => expect(Array.from(d.data).every(Number.isFinite)).toBe(true));
  });
});

describe('matrices without the factor asked for', () => {
  const bad = (f: (a: Value) => Value[], ...rows: number[][]): boolean =>
    run(f, matrix(rows)).every(({ data }) => Array.from(data).some((x) => !Number.isFinite(x)));

  test('give NaN or infinities', () => {
    const options = { leftSide: true, lower: true, transpose: false, unitDiagonal: false };
    expect(bad((a) => [cholesky(a)], [1, 2], [2, 1])).toBe(true);
    expect(bad((a) => [cholesky(a)], [NaN, 0], [0, 1])).toBe(true);
    expect(bad((a) => [triangularSolve(a, a, options)], [1, 0], [2, 0])).toBe(true);
    expect(bad((a) => [...eigh(a)], [NaN, 0], [0, 1])).toBe(true);
    expect(bad((a) => [...svd(a)], [Infinity, 0], [0, 1])).toBe(true);
  });
});

describe('errors', () => {
  test('shapes and dtypes', () => {
    expect(() => run((a) => [cholesky(a)], noise([2, 3]))).toThrow(
      /cholesky: expected square matrices .* got shape \[2, 3\]/,
    );
    expect(() => run((a) => luOf(a), noise([3]))).toThrow(ShapeError);
    expect(() =>
      run(
        (a) => svd(a),
        array([2, 2], (i) => i, 'i32'),
      ),
    ).toThrow(DTypeError);
    const options = { leftSide: false, lower: true, transpose: false, unitDiagonal: false };
    expect(() => run((a, b) => [triangularSolve(a, b, options)], noise([2, 2]), noise([2, 3]))).toThrow(/on the right/);
  });
});
