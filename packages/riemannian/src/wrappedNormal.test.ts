import { jacfwd, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { euclidean } from './euclidean.ts';
import { sphere } from './sphere.ts';
import { draws, gap, numbers } from './testing/draws.ts';
import { wrappedNormal } from './wrappedNormal.ts';

const f64 = { dtype: 'f64' } as const;

/** Midpoints of a grid on S^2 that is even in z and in longitude, so that all cells have equal area. */
function equalAreaGrid(rows: number, columns: number): { points: Tensor; cell: number } {
  const data = new Float64Array(rows * columns * 3);
  for (let i = 0, at = 0; i < rows; i++) {
    const z = -1 + (2 * i + 1) / rows;
    const r = Math.sqrt(1 - z * z);
    for (let j = 0; j < columns; j++, at += 3) {
      const longitude = (2 * Math.PI * (j + 0.5)) / columns;
      data.set([r * Math.cos(longitude), r * Math.sin(longitude), z], at);
    }
  }
  return { points: tensor(data, { shape: [rows * columns, 3] }), cell: (4 * Math.PI) / (rows * columns) };
}

/** ln of the absolute determinant of a small matrix, by Gaussian elimination with pivoting. */
function logDet(matrix: number[][]): number {
  const m = matrix.map((row) => [...row]);
  let total = 0;
  for (let k = 0; k < m.length; k++) {
    const pivot = m.slice(k).reduce((best, row, i) => (Math.abs(row[k]) > Math.abs(m[best][k]) ? k + i : best), k);
    [m[k], m[pivot]] = [m[pivot], m[k]];
    total += Math.log(Math.abs(m[k][k]));
    for (let i = k + 1; i < m.length; i++) {
      const share = m[i][k] / m[k][k];
      for (let j = k; j < m.length; j++) m[i][j] -= share * m[k][j];
    }
  }
  return total;
}

describe('logVolume', () => {
  test('equals the Gram determinant of the derivative of exp', () => {
    for (const n of [1, 2, 3, 6]) {
      const manifold = sphere(n);
      const { x, v } = draws(manifold, n, 4);
      for (let row = 0; row < 4; row++) {
        const [at, along] = [x.slice(row), v.slice(row).mul(0.8)];
        // An orthonormal basis of the tangent space, by Gram-Schmidt on projected basis vectors.
        const basis: Tensor[] = [];
        for (let i = 0; basis.length < n; i++) {
          let e = manifold.projectTangent(
            at,
            tensor(
              Array.from({ length: n + 1 }, (_, j) => (i === j ? 1 : 0)),
              f64,
            ),
          );
          for (const b of basis) e = e.sub(b.mul(e.dot(b)));
          const length = e.norm().item();
          if (length > 1e-3) basis.push(e.div(length));
        }
        const chart = (a: Tensor): Tensor =>
          manifold.exp(
            at,
            basis.reduce((sum, b, i) => sum.add(b.mul(a.slice(i))), along),
          );
        const jacobian = jacfwd(chart)(tensor(Array<number>(n).fill(0), f64));
        const gram = jacobian.transpose().matmul(jacobian).toArray() as number[][];
        expect(manifold.logVolume(at, along).item()).toBeCloseTo(logDet(gram) / 2, 9);
      }
    }
  });
});

describe('wrappedNormal', () => {
  const mean = tensor([0.48, 0.6, 0.64], f64);

  test('integrates on S^2 to the probability of a radius below π', () => {
    const { points, cell } = equalAreaGrid(200, 400);
    for (const std of [0.15, 0.4, 0.7]) {
      const total = wrappedNormal(sphere(2), { mean, std }).logDensity(points).exp().sum().mul(cell).item();
      expect(Math.abs(total - (1 - Math.exp((-Math.PI * Math.PI) / (2 * std * std))))).toBeLessThan(1e-3);
    }
  });

  test('is the normal law in flat space', () => {
    const law = wrappedNormal(euclidean(2), { mean: tensor([1, 2], f64), std: 0.5 });
    const expected = -Math.log(2 * Math.PI * 0.25) - (0.09 + 0.16) / 0.5;
    expect(law.logDensity(tensor([1.3, 2.4], f64)).item()).toBeCloseTo(expected, 12);
  });

  test('draws lie on the sphere, with tangent variance σ² in each direction', () => {
    const count = 20_000;
    const manifold = sphere(3);
    const center = tensor([0.5, 0.5, 0.5, 0.5], f64);
    const x = wrappedNormal(manifold, { mean: center, std: 0.2 }).sample(random.key(1), [count]);
    expect(x.dtype).toBe('f64');
    expect(gap(x.norm({ axis: -1 }), tensor(1, f64))).toBeLessThan(1e-14);
    const v = manifold.log(center, x);
    // E|v|² = d σ², Var|v|² = 2 d σ⁴.
    expect(Math.abs(manifold.inner(center, v, v).mean().item() / 0.04 - 3)).toBeLessThan(5 * Math.sqrt(6 / count));
    expect(Math.max(...numbers(v.mean({ axis: 0 }).abs()))).toBeLessThan((5 * 0.2) / Math.sqrt(count));
  });

  test('takes a batch of means and deviations', () => {
    const { x, y } = draws(sphere(2), 9, 3);
    const std = tensor([0.2, 0.5, 1], f64);
    const law = wrappedNormal(sphere(2), { mean: x, std });
    const each = [0.2, 0.5, 1].map((s, i) =>
      wrappedNormal(sphere(2), { mean: x.slice(i), std: s })
        .logDensity(y.slice(i))
        .item(),
    );
    expect(gap(law.logDensity(y), tensor(each, f64))).toBeLessThan(1e-12);
    expect(law.sample(random.key(0), [5, 3]).shape).toEqual([5, 3, 3]);
  });

  test('refuses a std that is not positive', () => {
    for (const std of [0, -1, Number.NaN]) {
      expect(() => wrappedNormal(sphere(2), { mean, std })).toThrow(/positive, finite std/);
      expect(() => wrappedNormal(sphere(2), { mean, std: [0.5, std] })).toThrow(/positive, finite std.*row 1 has none/);
    }
  });
});
