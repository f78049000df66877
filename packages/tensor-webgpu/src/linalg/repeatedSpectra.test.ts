import { describe, expect, test } from 'vitest';
import {
  checkpoint,
  cond,
  customJvp,
  customVjp,
  eye,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linalg,
  ones,
  scan,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from '../index.ts';

const f64 = (data: unknown): Tensor => tensor(data as number[], { dtype: 'f64' });
const wide = { dtype: 'f64' } as const;
const W = f64([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 10],
]);
const TALL = f64([
  [1, 2],
  [3, 4],
  [5, 7],
]);

function expectClose(actual: Tensor, expected: Tensor | number[], digits = 10): void {
  const wanted = Array.isArray(expected) ? expected : Array.from(expected.dataSync());
  const given = Array.from(actual.dataSync());
  expect(given.length).toBe(wanted.length);
  given.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], digits));
}

const rebuilt = (x: Tensor): Tensor => {
  const { u, s, vt } = linalg.svd(x);
  return u.mul(s).matmul(vt);
};

describe('U S Vᵀ has the derivative of the matrix itself', () => {
  const cases: readonly [string, Tensor, Tensor][] = [
    ['two zeros', ones([3, 3], wide), W],
    ['all equal', eye(3, 3, wide).mul(2), W],
    ['all zero', zeros([3, 3], wide), W],
    ['tall with a zero', ones([3, 2], wide), TALL],
    ['tall, repeated', eye(3, 2, wide), TALL],
    ['tall, all zero', zeros([3, 2], wide), TALL],
    ['wide with a zero', ones([2, 3], wide), TALL.matrixTranspose()],
    [
      'a repeated pair beside a zero',
      f64([
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 0],
      ]),
      W,
    ],
  ];
  test.each(cases)('%s', (_, x, weights) => {
    const loss = (x: Tensor): Tensor => rebuilt(x).mul(weights).sum();
    expectClose(grad(loss)(x), weights);
    expectClose(jit(grad(loss))(x), weights);
    expectClose(jvp(rebuilt, [x], [weights])[1], weights);
    expectClose(vmap(grad(loss))(x.expandDims(0)), weights);
    expectClose(grad(loss)(x.astype('f32')), weights, 4);
  });

  test('two hundred times the size or a millionth of it makes no difference', () => {
    for (const size of [200, 1e-6])
      expectClose(grad((x: Tensor) => rebuilt(x).mul(W).sum())(ones([3, 3], wide).mul(size)), W);
  });
});

describe('the sum of squared singular values has the Hessian 2', () => {
  const energy = (x: Tensor): Tensor => linalg.svd(x).s.square().sum();
  test.each([
    ['2 I', eye(2, 2, wide).mul(2)],
    ['2 I of 3 x 3', eye(3, 3, wide).mul(2)],
    ['zero', zeros([2, 2], wide)],
    ['ones, tall', ones([3, 2], wide)],
    ['ones, wide', ones([2, 3], wide)],
    ['zero, tall', zeros([3, 2], wide)],
  ])('at %s', (_, x) => {
    expectClose(hessian(energy)(x), eye(x.size, x.size, wide).mul(2));
    expectClose(jacfwd(grad(energy))(x), eye(x.size, x.size, wide).mul(2));
  });

  test('in f32 too', () => {
    expectClose(hessian(energy)(eye(2).mul(2)), eye(4).mul(2), 4);
  });
});

describe('functions of symmetric matrices by their eigenvectors', () => {
  const functions: readonly [string, (w: Tensor) => Tensor, number, (x: Tensor) => Tensor][] = [
    ['w', (w) => w, 0.5, (x) => x.add(x.matrixTranspose()).mul(0.5)],
    ['exp', (w) => w.exp(), Math.exp(2) / 2, (x) => linalg.expm(x, { symmetric: true })],
    ['1 / w', (w) => w.reciprocal(), -1 / 8, (x) => linalg.powm(x, -1)],
    ['√w', (w) => w.sqrt(), 1 / (4 * Math.SQRT2), (x) => linalg.sqrtm(x)],
  ];

  describe.each(functions)('V g(w) Vᵀ for %s', (_, g, slope, exact) => {
    const f = (x: Tensor): Tensor => {
      const { eigenvalues, eigenvectors: v } = linalg.eigh(x);
      return v.mul(g(eigenvalues)).matmul(v.matrixTranspose());
    };

    test('has its derivative at 2 I', () => {
      const [, along] = jvp(
        f,
        [eye(2, 2, wide).mul(2)],
        [
          f64([
            [0, 1],
            [0, 0],
          ]),
        ],
      );
      expectClose(along, [0, slope, slope, 0]);
      expect(
        grad((x: Tensor) => f(x).at(0, 1))(eye(2).mul(2))
          .at(0, 1)
          .item(),
      ).toBeCloseTo(slope, 5);
    });

    test('has that of the function of matrices at every spectrum, in both modes', () => {
      const turn = linalg.qr(W).q;
      for (const values of [
        [2, 2, 2],
        [1, 2, 2],
        [1, 1, 3],
        [1, 2, 3],
        [1e-3, 1e-3, 1],
      ]) {
        const x = turn.mul(f64(values)).matmul(turn.matrixTranspose());
        const expected = jacfwd(exact)(x);
        const scale = Math.max(...expected.abs().dataSync());
        expectClose(jacfwd(f)(x).div(scale), expected.div(scale), 8);
        expectClose(jacrev(f)(x).div(scale), expected.div(scale), 8);
      }
    });

    test('has its second derivative', () => {
      const loss = (f: (x: Tensor) => Tensor) => (x: Tensor) => f(x).mul(W).sum();
      const turn = linalg.qr(W).q;
      for (const values of [
        [2, 2, 2],
        [1, 2, 2],
        [1, 2, 3],
      ]) {
        const x = turn.mul(f64(values)).matmul(turn.matrixTranspose());
        expectClose(hessian(loss(f))(x), hessian(loss(exact))(x), 8);
      }
    });
  });

  test('that are never matrices have theirs too', () => {
    // xᵀ exp(A) x, by the components of x.
    const x = f64([1, 2]);
    const form = (a: Tensor): Tensor => {
      const { eigenvalues, eigenvectors } = linalg.eigh(a);
      return x.matmul(eigenvectors).square().mul(eigenvalues.exp()).sum();
    };
    expectClose(
      grad(form)(eye(2, 2, wide).mul(2)),
      [1, 2, 2, 4].map((xx) => xx * Math.exp(2)),
    );
  });

  test('sums over the spectrum have two derivatives', () => {
    // tr A³ of the symmetric part: 6 x at 2 I along symmetric directions.
    const cubes = (x: Tensor): Tensor => linalg.eigh(x).eigenvalues.pow(3).sum();
    const symmetric = (x: Tensor): Tensor => linalg.matrixPower(x.add(x.matrixTranspose()).mul(0.5), 3).trace();
    for (const x of [
      eye(3, 3, wide).mul(2),
      f64([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 4],
      ]),
    ])
      expectClose(hessian(cubes)(x), hessian(symmetric)(x), 8);
  });

  test('the nearest orthogonal matrix turns with the antisymmetric part', () => {
    const polar = (x: Tensor): Tensor => {
      const { u, vt } = linalg.svd(x);
      return u.matmul(vt);
    };
    const [, along] = jvp(polar, [eye(3, 3, wide).mul(2)], [W]);
    expectClose(along, W.sub(W.matrixTranspose()).div(4));
  });

  test('go on through loops, checkpoints, jit and functions with rules of their own', () => {
    const x = eye(2, 2, wide).mul(2);
    const split = (x: Tensor): [Tensor, Tensor] => {
      const { eigenvalues, eigenvectors } = linalg.eigh(x);
      return [eigenvalues, eigenvectors];
    };
    const join = (w: Tensor, v: Tensor): Tensor => v.mul(w.exp()).matmul(v.matrixTranspose());
    const own: (w: Tensor) => Tensor = customJvp(
      (w: Tensor) => w.exp(),
      ([w], [along]) => [w.exp(), w.exp().mul(along)],
    );
    const whole = (x: Tensor): Tensor => join(...split(x)).at(0, 1);
    for (const f of [
      checkpoint(whole),
      (x: Tensor) => checkpoint(join)(...split(x)).at(0, 1),
      (x: Tensor) => join(...jit(split)(x)).at(0, 1),
      (x: Tensor) => {
        const [w, v] = split(x);
        return v.mul(own(w)).matmul(v.matrixTranspose()).at(0, 1);
      },
      (x: Tensor) => cond<[Tensor], Tensor>(x.at(0, 0).greater(0), whole, (x) => x.sum(), x),
    ])
      expectClose(grad(f)(x), [0, Math.exp(2) / 2, Math.exp(2) / 2, 0]);
    const repeat = (f: (x: Tensor) => Tensor) => (x: Tensor) =>
      scan<Tensor, null, null>((c) => [f(c).mul(0.1), null], x, null, { length: 2 })[0].at(0, 1);
    const exact = repeat((c) => linalg.expm(c, { symmetric: true }));
    expectClose(grad(repeat((c) => join(...split(c))))(x), grad(exact)(x));
  });

  test('reach through a custom pull-back, which has no second derivative', () => {
    const pulled: (w: Tensor) => Tensor = customVjp(
      (w: Tensor) => w.exp(),
      (w: Tensor) => [w.exp(), w.exp()],
      (residual: Tensor, cotangent: Tensor) => [residual.mul(cotangent)],
    );
    const x = f64([
      [1, 0.5],
      [0.5, 3],
    ]);
    const total = (g: (w: Tensor) => Tensor) => (x: Tensor) => {
      const { eigenvalues, eigenvectors: v } = linalg.eigh(x);
      return v.mul(g(eigenvalues)).matmul(v.matrixTranspose()).at(0, 1);
    };
    expectClose(grad(total(pulled))(x), grad(total((w) => w.exp()))(x));
  });

  test('single eigenvectors of repeated eigenvalues have derivatives that are finite', () => {
    const first = grad((x: Tensor) => linalg.eigh(x).eigenvectors.at(0, 0))(eye(3, 3, wide));
    expect(first.isFinite().all().item()).toBe(1);
  });
});
