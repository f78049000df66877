import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  cond,
  grad,
  jacrev,
  jit,
  linalg,
  scan,
  switchCase,
  type Tensor,
  tensor,
  vmap,
  whileLoop,
  zeros,
} from '../index.ts';

const GOOD = [
  [2, 1],
  [1, 3],
];
const BAD = {
  singular: [
    [1, 2],
    [2, 4],
  ],
  indefinite: [
    [1, 2],
    [2, 1],
  ],
  zero: [
    [0, 0],
    [0, 0],
  ],
  'not a number': [
    [NaN, 0],
    [0, 1],
  ],
  infinite: [
    [Infinity, 1],
    [1, 1],
  ],
};
const f64 = (data: unknown): Tensor => tensor(data as number[], { dtype: 'f64' });
const B = f64([[1], [2]]);

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  solve: (x) => linalg.solve(x, B),
  inv: linalg.inv,
  triangularSolve: (x) => linalg.triangularSolve(x, B),
  choleskySolve: (x) => linalg.choleskySolve(x, B),
  cholesky: linalg.cholesky,
  det: linalg.det,
  'log of det': (x) => linalg.slogdet(x).logabsdet,
  eigenvalues: (x) => linalg.eigh(x).eigenvalues,
  'singular values': (x) => linalg.svd(x).s,
  qr: (x) => linalg.qr(x).r,
  lu: (x) => linalg.lu(x).u,
  pinv: (x) => linalg.pinv(x),
  expm: (x) => linalg.expm(x),
  'symmetric expm': (x) => linalg.expm(x, { symmetric: true }),
  logm: linalg.logm,
  sqrtm: linalg.sqrtm,
  powm: (x) => linalg.powm(x, -1.5),
  matrixPower: (x) => linalg.matrixPower(x, -2),
  'nuclear norm': (x) => linalg.norm(x, { ord: 'nuc', axis: [-2, -1] }),
  cond: (x) => linalg.cond(x),
};

describe.each(Object.entries(functions))('%s of a stack', (_, f) => {
  test.each(Object.entries(BAD))('a matrix that is %s leaves its neighbors and their gradients alone', (_, bad) => {
    const stack = f64([GOOD, bad, GOOD]);
    const alone = f(f64([GOOD]))
      .at(0)
      .toArray();
    const neighbors = (x: Tensor): Tensor => f(x).at(0).sum().add(f(x).at(2).sum());
    const slope = grad((x: Tensor) => f(x).sum())(f64([GOOD]))
      .at(0)
      .dataSync();
    for (const result of [f(stack), jit(f)(stack), vmap(f)(stack)]) {
      expect(result.at(0).toArray()).toEqual(alone);
      expect(result.at(2).toArray()).toEqual(alone);
    }
    for (const derivative of [grad(neighbors)(stack), jit(grad(neighbors))(stack)]) {
      for (const row of [0, 2])
        derivative
          .at(row)
          .dataSync()
          .forEach((value: number, i: number) => {
            expect(value).toBeCloseTo(slope[i], 12);
          });
    }
  });
});

describe('solve', () => {
  test('gives infinities or NaN for a singular matrix, alone and in a stack', () => {
    for (const x of [f64(BAD.singular), f64([BAD.singular]), f64([BAD.zero])])
      expect(linalg.solve(x, B).isFinite().any().item()).toBe(0);
  });
});

describe('one matrix alone', () => {
  test('without the factor asked for is an error that says why', () => {
    expect(() => linalg.cholesky(BAD.indefinite)).toThrow(/not positive definite.*minor of order 2.*pivot -3/);
    expect(() => linalg.cholesky(BAD['not a number'])).toThrow(/NaN or infinity/);
    expect(() => linalg.eigh(BAD.infinite)).toThrow(ArgumentError);
    expect(() => linalg.svd(BAD['not a number'])).toThrow(/NaN or infinity/);
    expect(() => linalg.logm(BAD.zero)).toThrow(/logm.*eigenvalue 0/);
    expect(() => linalg.sqrtm(BAD.indefinite)).toThrow(/sqrtm.*eigenvalue -/);
    expect(() => linalg.expm(BAD.infinite, { symmetric: true })).not.toThrow();
  });

  test('does not throw in the middle of a compiled step', () => {
    expect(jit(linalg.cholesky)(f64(BAD.indefinite)).isNaN().any().item()).toBe(1);
  });
});

test('entries whose squares overflow or vanish are factored all the same', () => {
  for (const size of [1e200, 1e-200]) {
    const x = f64([
      [size, 2 * size],
      [size, size],
    ]);
    const { q, r } = linalg.qr(x);
    const { u, s, vt } = linalg.svd(x);
    for (const product of [q.matmul(r), u.mul(s).matmul(vt)])
      expect(product.div(size).sub(x.div(size)).abs().max().item()).toBeLessThan(1e-14);
  }
});

describe('a branch that is not taken', () => {
  const root = (u: Tensor): Tensor => u.sqrt();
  const nothing = (u: Tensor): Tensor => u.mul(0);
  const rootOrNothing = (v: Tensor): Tensor => cond(v.greater(0), root, nothing, v);
  const x = tensor([-1, 0, 4]);

  test('adds nothing to the gradients of examples', () => {
    const total = (x: Tensor): Tensor => vmap(rootOrNothing)(x).sum();
    for (const slope of [grad(total), jit(grad(total)), vmap(grad(rootOrNothing))])
      expect(slope(x).toArray()).toEqual([0, 0, 0.25]);
    expect(jacrev((x: Tensor) => vmap(rootOrNothing)(x))(x).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0.25],
    ]);
    const switched = vmap((v: Tensor) => switchCase(v.greater(0).astype('i32'), [nothing, root, (u) => u.log()], v));
    expect(grad((x: Tensor) => switched(x).sum())(x).toArray()).toEqual([0, 0, 0.25]);
    const scanned = (x: Tensor): Tensor =>
      scan<Tensor, null, null>((c) => [vmap(rootOrNothing)(c), null], x, null, { length: 2 })[0].sum();
    // √√4 has the slope 4^(-3/4) / 4.
    expect(grad(scanned)(x).toArray(1)[2]).toBeCloseTo(4 ** -0.75 / 4, 6);
    expect(grad(scanned)(x).toArray(1).slice(0, 2)).toEqual([0, 0]);
  });

  test('adds nothing to a parameter that the examples share, chosen by some or by none', () => {
    const loss = (p: Tensor, x: Tensor): Tensor =>
      vmap((v: Tensor) =>
        cond(
          v.greater(0),
          (u) => u.mul(p).sqrt(),
          (u) => u.mul(p),
          v,
        ),
      )(x).sum();
    expect(grad(loss)(tensor(2), x).item()).toBeCloseTo(-1 + Math.sqrt(4 / 2) / 2, 6);
    expect(grad(loss)(tensor(2), tensor([-1, -2, 0])).item()).toBe(-3);
    expect(grad(loss)(tensor(2), tensor([1, 4])).item()).toBeCloseTo((1 + 2) / 2 / Math.SQRT2, 6);
  });

  test('may hold a factorization that the matrix does not have, or a loop that would not end', () => {
    const stack = f64([GOOD, BAD.indefinite, BAD.zero]);
    for (const f of [linalg.cholesky, linalg.inv, linalg.logm]) {
      const total = (x: Tensor): Tensor =>
        vmap((m: Tensor) =>
          cond(
            m.at(0, 0).greater(1),
            (m) => f(m).sum(),
            (m) => m.sum(),
            m,
          ),
        )(x).sum();
      const slope = grad(total)(stack);
      expect(slope.at(0).toArray()).toEqual(grad((m: Tensor) => f(m).sum())(f64(GOOD)).toArray());
      expect(slope.slice([1, 3]).toArray()).toEqual([
        [
          [1, 1],
          [1, 1],
        ],
        [
          [1, 1],
          [1, 1],
        ],
      ]);
    }
  });

  test('is told from one that is taken at indices beyond the branches, and without any examples', () => {
    const only = vmap((i: Tensor, v: Tensor) => switchCase(i, [root], v));
    expect(only(tensor([-3, 5], { dtype: 'i32' }), tensor([4, 9])).toArray()).toEqual([2, 3]);
    const p = tensor(2);
    const none = vmap((v: Tensor) => cond(v.greater(0), (v) => v.mul(p), nothing, v));
    expect(none(zeros([0])).shape).toEqual([0]);
  });

  test('may hold a loop that would not end for the examples at hand', () => {
    const halve = (v: Tensor): Tensor =>
      whileLoop(
        (u: Tensor) => u.notEqual(1),
        (u: Tensor) => u.mul(0.5),
        v,
      );
    const halved = vmap((v: Tensor) => cond(v.greater(0), halve, nothing, v));
    expect(halved(tensor([-3, -1])).toArray()).toEqual([-0, -0]);
    expect(halved(tensor([-3, 4])).toArray()).toEqual([-0, 1]);
  });
});
