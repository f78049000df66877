import { describe, expect, test } from 'vitest';
import { ArgumentError, grad, jit, jvp, polygamma, random, type Tensor, tensor, vmap } from '../index.ts';

const key = random.key(3);
const COUNT = 20_000;
const { POSITIVE_INFINITY: INF } = Number;
const meanOf = (x: Tensor): number => x.mean().item();
const share = (x: Tensor): number => meanOf(x.astype('f64'));

describe('normal numbers within an interval', () => {
  /** Bounds, mean and standard deviation (scipy.stats.truncnorm). */
  const cases: readonly [number, number, 'f32' | 'f64', number, number][] = [
    [6, 1e6, 'f32', 6.158482604544618, 0.15409],
    [5, 1e6, 'f32', 5.1865039671258515, 0.18],
    [-INF, -6, 'f32', -6.158482604544618, 0.15409],
    [9, INF, 'f64', 9.108523105002908, 0.10734],
    [3, 4, 'f32', 3.2604542855900243, 0.223],
    [-7, -6.5, 'f64', -6.631164076620765, 0.1107],
    [40, 40.01, 'f64', 40.00466751196264, 0.00288],
    [100, INF, 'f32', 100.00999800101664, 0.01],
    [-1, INF, 'f32', 0.28759997, 0.79359],
  ];
  test.each(cases)(
    '[%d, %d] in %s have their mean, from plain bounds and from tensors',
    (low, high, dtype, mean, sd) => {
      const draws = [
        random.truncatedNormal(key, low, high, [COUNT], { dtype }),
        random.truncatedNormal(key, tensor(low, { dtype }), tensor(high, { dtype }), [COUNT], { dtype }),
        jit((k: Tensor) => random.truncatedNormal(k, low, high, [COUNT], { dtype }))(key),
      ];
      for (const drawn of draws) {
        const values = Array.from(drawn.astype('f64').dataSync());
        expect(Math.abs(values.reduce((a, b) => a + b, 0) / COUNT - mean)).toBeLessThan(
          (6 * sd) / Math.sqrt(COUNT) + Math.abs(mean) * 1e-6,
        );
        expect(values.every((x) => x >= low && x <= high && Number.isFinite(x))).toBe(true);
      }
    },
  );

  test('far beyond where squares overflow lie at the bound', () => {
    expect(random.truncatedNormal(key, 1e30, INF, [10]).sub(1e30).div(1e30).abs().less(1e-6).all().item()).toBe(1);
    expect(random.truncatedNormal(key, 1e200, INF, [10], { dtype: 'f64' }).isFinite().all().item()).toBe(1);
  });

  test('never are infinite, whatever the interval', () => {
    const drawn = random.truncatedNormal(key, tensor([[-INF], [-INF]]), tensor([[INF], [2]]), [2, 100_000]);
    expect(drawn.isFinite().all().item()).toBe(1);
  });

  test('move with their bounds', () => {
    // The slope of the mean in the lower bound (scipy, central differences).
    const slope = grad((low: Tensor) => random.truncatedNormal(key, low, INF, [COUNT]).mean());
    expect(slope(tensor(6)).item()).toBeCloseTo(0.97601, 2);
    expect(slope(tensor(-1)).item()).toBeCloseTo(0.37031, 1);
  });

  test('are NaN where bounds in a tensor are not in order', () => {
    expect(
      random
        .truncatedNormal(key, tensor([1, 3, NaN]), tensor([0, 4, 5]), [3])
        .isNaN()
        .toArray(),
    ).toEqual([true, false, true]);
    expect(() => random.truncatedNormal(key, NaN, 1)).toThrow(ArgumentError);
  });
});

describe('bernoulli', () => {
  test('is not drawn at a probability far below the steps of a uniform number', () => {
    // A comparison with multiples of 2^-23 would give 2 on average for each p.
    for (const p of [1e-10, tensor(1e-10), tensor(1e-30, { dtype: 'f64' })])
      expect(
        random
          .bernoulli(key, p, [2 ** 24])
          .any()
          .item(),
      ).toBe(0);
  });

  test('goes on comparing where the first 32 digits of p are those drawn', () => {
    const words = Array.from(random.bits(key, [2 ** 21]).dataSync());
    // Half, or an eighth, of a step of 2^-32 above the digits drawn: all is in the digits after them.
    for (const rest of [0.5, 0.125]) {
      const p = words.map((word) => (word < 2 ** 20 ? (word + rest) / 2 ** 32 : 0));
      const tied = p.filter((x) => x > 0).length;
      const seen = random.bernoulli(key, new Float32Array(p)).astype('f64').sum().item();
      expect(tied).toBeGreaterThan(400);
      expect(Math.abs(seen / tied - rest)).toBeLessThan(6 * Math.sqrt((rest * (1 - rest)) / tied));
    }
  });

  test.each([1e-3, 0.1, 0.3, 0.999, 1])('has its probability %d, from numbers and tensors, under vmap and jit', (p) => {
    const draws = [
      random.bernoulli(key, p, [COUNT]),
      random.bernoulli(key, tensor(p), [COUNT]),
      random.bernoulli(key, tensor(p, { dtype: 'f64' }), [COUNT]),
      vmap((k: Tensor) => random.bernoulli(k, p, [COUNT / 4]))(random.split(key, 4)),
      jit((k: Tensor, q: Tensor) => random.bernoulli(k, q, [COUNT]))(key, tensor(p)),
    ];
    for (const drawn of draws)
      expect(Math.abs(share(drawn) - p)).toBeLessThanOrEqual(6 * Math.sqrt((p * (1 - p)) / COUNT));
  });

  test('of 0 and 1 is certain', () => {
    expect(random.bernoulli(key, tensor([0, 1, 0, 1])).toArray()).toEqual([false, true, false, true]);
    expect(random.bernoulli(key, 0, [3]).toArray()).toEqual([false, false, false]);
  });

  test('names p that is no probability, in tensors too', () => {
    expect(() => random.bernoulli(key, tensor([0.5, NaN]))).toThrow(/p in \[0, 1\], got NaN at element 1/);
    expect(() => random.bernoulli(key, [0.5, 1.5])).toThrow(ArgumentError);
  });
});

describe('choice and categorical', () => {
  test('name weights that cannot be drawn from', () => {
    expect(() => random.choice(key, 3, [2], { p: [0.1, NaN, 0.2] })).toThrow(/got NaN at element 1/);
    expect(() => random.choice(key, 3, [2], { p: tensor([-1, 2, 0]) })).toThrow(/got -1 at element 0/);
    expect(() => random.choice(key, 3, [2], { p: [0, 0, 0] })).toThrow(/only zeros/);
    const p = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(() => random.choice(key, 10, [5], { p, replace: false })).toThrow(/5 draws.*only 1 elements have p > 0/);
    expect(random.choice(key, 10, [1], { p, replace: false }).toArray()).toEqual([9]);
    expect(() => random.categorical(key, [NaN, 1])).toThrow(ArgumentError);
    const logits = [
      [0, -INF],
      [0, -INF],
    ];
    expect(random.categorical(key, logits, { axis: 1 }).toArray()).toEqual([0, 0]);
    expect(() => random.categorical(key, logits, { axis: 0 })).toThrow(/only -Infinity/);
  });

  test('never give an element of weight 0', () => {
    const p = [0, 0.5, 0, 0.5, 0];
    const drawn = random.choice(key, 5, [COUNT], { p });
    expect(drawn.equal(1).logicalOr(drawn.equal(3)).all().item()).toBe(1);
    expect(
      random
        .categorical(key, [-INF, 0, -INF], { shape: [COUNT] })
        .equal(1)
        .all()
        .item(),
    ).toBe(1);
  });

  test('inside a trace, where weights cannot be seen, do not throw', () => {
    expect(jit((p: Tensor) => random.choice(key, 3, [2], { p }))(tensor([0.1, NaN, 0.2])).shape).toEqual([2]);
  });
});

test('bad parameters of other laws are named', () => {
  const indefinite = [
    [1, 2],
    [2, 1],
  ];
  expect(() => random.multivariateNormal(key, [0, 0], indefinite)).toThrow(/positive definite.*order 2.*pivot -3/);
  expect(
    jit((c: Tensor) => random.multivariateNormal(key, [0, 0], c))(tensor(indefinite))
      .isNaN()
      .all()
      .item(),
  ).toBe(1);
  expect(() => random.uniform(key, [2], { maxval: INF })).toThrow(/finite bounds/);
  expect(
    random
      .uniform(key, [2], { minval: tensor([0, 3]), maxval: 2 })
      .isNaN()
      .toArray(),
  ).toEqual([false, true]);
  expect(() => random.rademacher(key, [2], { dtype: 'u32' })).toThrow(/room for -1/);
  expect(() => random.dirichlet(key, 3)).toThrow(/vector/);
  expect(() => random.normal(key, [-1])).toThrow(/random\.normal: shape/);
  expect(() => random.key(1, { devise: 'cpu' } as never)).toThrow(/Did you mean device/);
});

test('parameters in f64 keep their digits, and lists go to the device of the key', () => {
  const drawn = random.uniform(key, [1], { minval: 0.1, maxval: tensor(0.1, { dtype: 'f64' }), dtype: 'f64' });
  expect(drawn.item()).toBe(0.1);
  const other = random.key(3, { device: 'reference' });
  expect(random.bernoulli(other, [0, 1]).toArray()).toEqual([false, true]);
  expect(random.categorical(other, [-INF, 0]).item()).toBe(1);
  expect(random.gamma(other, [1, 2]).device?.name).toBe('reference');
});

describe('derivatives of draws in their parameters', () => {
  const f64 = (x: number | number[]): Tensor => tensor(x, { dtype: 'f64' });
  const wide = { dtype: 'f64' } as const;

  test.each([0.1, 0.7, 1, 2.5, 30, 2000])(
    'of gamma numbers of shape %d follow their distribution function',
    (alpha) => {
      const slope = grad((a: Tensor) => random.loggamma(key, a, [COUNT], wide).mean())(f64(alpha)).item();
      // E[log x] = digamma(alpha), so the mean slope is trigamma(alpha).
      const trigamma = polygamma(1, f64(alpha)).item();
      expect(Math.abs(slope / trigamma - 1)).toBeLessThan(0.05);
    },
  );

  test('of exponential numbers of rate 1 follow from their level', () => {
    // Gamma numbers of shape 1: at x = 3, -(dF/dalpha) / f = 1.9379116938249612 (mpmath, 40 digits); near x its slope is 0.44.
    const draw = (a: Tensor): Tensor => random.gamma(key, a, [COUNT], wide);
    const [x, slope] = jvp(draw, [f64(1)], [f64(1)]).map((values) => Array.from(values.dataSync()));
    const near = x.flatMap((value, i) => (Math.abs(value - 3) < 0.02 ? [slope[i]] : []));
    expect(near.length).toBeGreaterThan(5);
    for (const value of near) expect(Math.abs(value - 1.9379116938249612)).toBeLessThan(0.01);
  });

  test('of beta and dirichlet numbers are on average those of their means', () => {
    const [a, b] = grad((a: Tensor, b: Tensor) => random.beta(key, a, b, [COUNT]).mean(), { argnums: [0, 1] })(
      tensor(2),
      tensor(3),
    ) as unknown as Tensor[];
    expect(a.item()).toBeCloseTo(3 / 25, 2);
    expect(b.item()).toBeCloseTo(-2 / 25, 2);
    const alpha = tensor([1, 2, 3]);
    const slopes = grad((alpha: Tensor) => random.dirichlet(key, alpha, [COUNT]).mean({ axis: 0 }).at(0))(alpha);
    [5 / 36, -1 / 36, -1 / 36].forEach((expected, i) => expect(slopes.at(i).item()).toBeCloseTo(expected, 2));
  });

  test('are the same in jit and under vmap, and of first order only', () => {
    const mean = (a: Tensor): Tensor => random.gamma(key, a, [8]).mean();
    const expected = [0.5, 2].map((a) => grad(mean)(tensor(a)).item());
    expect(jit(vmap(grad(mean)))(tensor([0.5, 2])).toArray()).toEqual(expected);
    expect(() => grad(grad(mean))(tensor(2))).toThrow(/no second/);
  });
});

test('uniform: bounds whose difference is more than the largest number, and bounds that are none in the dtype', () => {
  const bound = 3e38;
  for (const minval of [-bound, tensor(-bound)]) {
    const drawn = random.uniform(key, [100_000], { minval, maxval: bound });
    const share = drawn.div(bound);
    expect(share.isFinite().all().item()).toBe(1);
    // Uniform on [-1, 1]: mean 0, deviation 1/√3.
    expect(Math.abs(share.mean().item())).toBeLessThan(0.01);
    expect(share.std().item()).toBeCloseTo(1 / Math.sqrt(3), 2);
  }
  expect(() => random.uniform(key, [2], { maxval: 1e39 })).toThrow(
    /finite bounds minval <= maxval in f32, got minval 0 and maxval 1e\+39/,
  );
  expect(random.uniform(key, [2], { minval: -1e308, maxval: 1e308, dtype: 'f64' }).isFinite().all().item()).toBe(1);
});
