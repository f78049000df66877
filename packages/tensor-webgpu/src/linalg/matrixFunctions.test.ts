import { describe, expect, test } from 'vitest';
import { ArgumentError, eye, grad, jit, jvp, linalg, random, ShapeError, type Tensor, tensor, vmap } from '../index.ts';

const f64 = (data: number[][] | number[]): Tensor => tensor(data, { dtype: 'f64' });
const identity = (n: number): Tensor => eye(n, { dtype: 'f64' });
const normal = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape, { dtype: 'f64' });
const symmetric = (seed: number, n: number): Tensor => {
  const x = normal(seed, [n, n]);
  return x.add(x.T).mul(0.5);
};
/** A rotation of n axes. */
const rotation = (seed: number, n: number): Tensor => linalg.qr(normal(seed, [n, n])).q;
/** The symmetric matrix of given eigenvalues. */
const withEigenvalues = (values: number[], seed = 8): Tensor => {
  const v = rotation(seed, values.length);
  return v.mul(f64(values)).matmul(v.T);
};

function expectClose(actual: Tensor, expected: Tensor, tolerance = 1e-10): void {
  expect(actual.shape).toEqual(expected.shape);
  const [a, e] = [actual.dataSync(), expected.dataSync()];
  for (let i = 0; i < e.length; i++)
    expect(Math.abs(a[i] - e[i])).toBeLessThanOrEqual(tolerance * (1 + Math.abs(e[i])));
}

/** First and second derivative of f at x along e, from jvp within jvp. */
function alongTwice(f: (x: Tensor) => Tensor, x: Tensor, e: Tensor): [Tensor, Tensor] {
  const slope = (at: Tensor): Tensor => jvp(f, [at], [e])[1];
  return jvp(slope, [x], [e]);
}

const SPD = f64([
  [4, 1, 0],
  [1, 3, 1],
  [0, 1, 2],
]);

describe('functions of symmetric matrices', () => {
  test('values of SciPy', () => {
    expectClose(
      linalg.sqrtm(SPD),
      f64([
        [1.9807091316411674, 0.2757818852999875, -0.027123561227698156],
        [0.27578188529998754, 1.6778036851134814, 0.3300290077553838],
        [-0.027123561227698094, 0.33002900775538385, 1.3748982385857964],
      ]),
      1e-14,
    );
    expectClose(
      linalg.logm(SPD),
      f64([
        [1.3436302507825273, 0.31259548013244487, -0.06757751801802787],
        [0.3125954801324448, 0.9634572526320546, 0.44775051616850065],
        [-0.06757751801802775, 0.4477505161685006, 0.583284254481582],
      ]),
      1e-14,
    );
    expectClose(
      linalg.powm(SPD, -1.5),
      f64([
        [0.15585448123694642, -0.10537024014899898, 0.06877463165606996],
        [-0.10537024014899898, 0.3299993530420154, -0.24291950346113894],
        [0.06877463165607, -0.2429195034611389, 0.5041442248470844],
      ]),
      1e-13,
    );
  });

  test('logm undoes expm, and both ways to expm agree', () => {
    const x = symmetric(1, 4);
    expectClose(linalg.expm(x, { symmetric: true }), linalg.expm(x));
    expectClose(linalg.logm(linalg.expm(x)), x);
    expectClose(linalg.powm(linalg.expm(x), 0.3), linalg.expm(x.mul(0.3)));
  });

  // Along a direction E, powers have derivatives that are sums of products: those of A², A³, A⁻¹ are known exactly.
  test.each([
    ['distinct', [1, 2, 3, 5]],
    ['repeated', [2, 2, 2, 5]],
    ['all equal', [3, 3, 3, 3]],
    ['close', [2, 2 + 1e-9, 2 - 1e-7, 2 + 1e-5]],
  ])('derivatives of two orders at %s eigenvalues', (_name, values) => {
    const a = withEigenvalues(values);
    const e = symmetric(5, values.length);
    const product = (...factors: Tensor[]): Tensor => factors.reduce((x, y) => x.matmul(y));
    const inverse = linalg.inv(a);
    const [slope, curve] = alongTwice((x) => linalg.powm(x, -1), a, e);
    expectClose(slope, product(inverse, e, inverse).neg());
    expectClose(curve, product(inverse, e, inverse, e, inverse).mul(2));
    const [slope3, curve3] = alongTwice((x) => linalg.powm(x, 3), a, e);
    expectClose(
      slope3,
      product(e, a, a)
        .add(product(a, e, a))
        .add(product(a, a, e)),
    );
    expectClose(
      curve3,
      product(e, e, a)
        .add(product(e, a, e))
        .add(product(a, e, e))
        .mul(2),
    );
    // The root: r dr + dr r = e, and r d²r + d²r r = -2 dr dr.
    const r = linalg.sqrtm(a);
    const [dr, ddr] = alongTwice(linalg.sqrtm, a, e);
    expectClose(product(r, dr).add(product(dr, r)), e);
    expectClose(product(r, ddr).add(product(ddr, r)), product(dr, dr).mul(-2));
    // Two exponentials, one by Padé approximants, at repeated eigenvalues too.
    const [byValues, byPade] = [(x: Tensor) => linalg.expm(x, { symmetric: true }), (x: Tensor) => linalg.expm(x)];
    for (const [one, other] of [0, 1].map((i) => [alongTwice(byValues, a, e)[i], alongTwice(byPade, a, e)[i]]))
      expectClose(one, other, 1e-9);
    // The logarithm of an exponential stands still but for its argument.
    const [through, bend] = alongTwice((x) => linalg.logm(linalg.expm(x)), a, e);
    expectClose(through, e, 1e-9);
    expectClose(bend, e.mul(0), 1e-7);
  });

  test('reverse over reverse agrees with forward over forward at equal eigenvalues', () => {
    const e = symmetric(6, 3);
    const f = (x: Tensor): Tensor => linalg.logm(x).mul(e).sum();
    const at = identity(3).mul(2);
    const gradient = grad(f);
    expectClose(gradient(at), e.mul(0.5));
    const hessianAlong = grad((x: Tensor) => gradient(x).mul(e).sum())(at);
    // log(2 + tE) = log 2 + tE/2 - t²E²/8 + …: the gradient of tr(E ½E) along E is -(E E + E E)/8.
    expectClose(hessianAlong, e.matmul(e).mul(-0.25));
  });

  test('a third derivative', () => {
    const e = symmetric(7, 3);
    const third = jvp((x) => alongTwice((y) => linalg.powm(y, -1), x, e)[1], [identity(3)], [e])[1];
    expectClose(third, e.matmul(e).matmul(e).mul(-6));
  });

  test('stacks, jit and vmap', () => {
    const stack = normal(9, [5, 3, 3]);
    const positive = stack.matmul(stack.matrixTranspose()).add(identity(3));
    const root = jit((x: Tensor) => linalg.sqrtm(x))(positive);
    expectClose(root.matmul(root), positive);
    expectClose(vmap((x: Tensor) => linalg.sqrtm(x))(positive), root);
  });

  test('semidefinite matrices have roots; what has no value is a named error', () => {
    const singular = f64([
      [1, 2],
      [2, 4],
    ]);
    const root = linalg.sqrtm(singular);
    expectClose(root.matmul(root), singular, 1e-7);
    expect(() => linalg.logm(singular.sub(identity(2).mul(0.1)))).toThrow(/logm: expected a positive definite matrix/);
    expect(() => linalg.powm(singular.neg(), 0.5)).toThrow(ArgumentError);
    expect(grad((x: Tensor) => linalg.sqrtm(x).sum())(f64([[0]])).toArray()).toEqual([[NaN]]);
    expect(() => linalg.sqrtm(f64([[1, 2]]))).toThrow(ShapeError);
    expect(() => linalg.powm(SPD, Number.NaN)).toThrow(ArgumentError);
  });
});

describe('the general exponential', () => {
  test.each([
    [
      'zero',
      f64([
        [0, 0],
        [0, 0],
      ]),
    ],
    ['a multiple of the identity', identity(2).mul(3)],
    [
      'a Jordan block',
      f64([
        [1, 1],
        [0, 1],
      ]),
    ],
    [
      'a large rotation',
      f64([
        [0, -40],
        [40, 0],
      ]),
    ],
  ])('derivatives at %s: those of a block matrix', (_name, a) => {
    const e = normal(2, [2, 2]);
    // exp of [[a, e, 0], [0, a, e], [0, 0, a]] holds the first derivative and half the second in its first rows.
    const zero = a.mul(0);
    const rows = [
      [a, e, zero],
      [zero, a, e],
      [zero, zero, a],
    ].map((blocks) => blocks.map((block) => block.toArray() as number[][]));
    const block = f64(rows.flatMap((blocks) => [0, 1].map((i) => blocks.flatMap((b) => b[i]))));
    const whole = linalg.expm(block);
    const [slope, curve] = alongTwice((x) => linalg.expm(x), a, e);
    expectClose(slope, whole.slice([0, 2], [2, 4]), 1e-9);
    expectClose(curve, whole.slice([0, 2], [4, 6]).mul(2), 1e-8);
  });
});

describe('singular values that repeat', () => {
  const nearestOrthogonal = (x: Tensor): Tensor => {
    const { u, vt } = linalg.svd(x);
    return u.matmul(vt);
  };

  test('the nearest orthogonal matrix of a rotation moves by the skew part', () => {
    const q = rotation(3, 3);
    const e = normal(4, [3, 3]);
    const moved = q.T.matmul(e);
    expectClose(jvp(nearestOrthogonal, [q], [e])[1], q.matmul(moved.sub(moved.T)).mul(0.5));
  });

  test('the second derivative of the nuclear norm', () => {
    const e = normal(4, [3, 3]);
    const nuclear = (x: Tensor): Tensor => linalg.norm(x, { ord: 'nuc' });
    const [slope, curve] = alongTwice(nuclear, identity(3), e);
    const skew = e.sub(e.T).mul(0.5);
    expectClose(slope, linalg.trace(e));
    // |I + tE|_* = tr √((I + tE)ᵀ(I + tE)) = 3 + t tr E + t²/2 |skew E|² + …
    expectClose(curve, skew.square().sum());
  });

  test('pinv of the identity moves as the inverse does, twice over', () => {
    const e = normal(4, [3, 3]);
    const [slope, curve] = alongTwice((x) => linalg.pinv(x), identity(3), e);
    expectClose(slope, e.neg());
    expectClose(curve, e.matmul(e).mul(2));
  });
});
