import { describe, expect, test } from 'vitest';
import { ArgumentError, jit, random, type Tensor, tensor, vmap } from '../index.ts';

const key = random.key(42);

/** Relative error allowed against numbers that another library rounded to f32 on its own way. */
const CLOSE = 1e-5;

function expectClose(actual: Tensor, expected: readonly number[]): void {
  const data = actual.dataSync();
  expect(data.length).toBe(expected.length);
  expected.forEach((value, i) =>
    expect(Math.abs(data[i] - value)).toBeLessThanOrEqual(CLOSE * Math.max(1, Math.abs(value))),
  );
}

/** Answers of JAX 0.10.2 for `jax.random.key(42)`, threefry, partitionable. */
describe('the numbers of JAX', () => {
  test('keys and bits are equal', () => {
    expect(key.toArray()).toEqual([0, 42]);
    expect(random.split(key, 3).toArray()).toEqual([
      [1832780943, 270669613],
      [64467757, 2916123636],
      [2465931498, 255383827],
    ]);
    expect(random.foldIn(key, 7).toArray()).toEqual([2547012911, 1371500959]);
    // Numbers that an f32 would round are numbers of their own.
    const large = [2 ** 24, 2 ** 24 + 1, 2 ** 32 - 2, 2 ** 32 - 1].map((data) =>
      String(random.foldIn(key, data).toArray()),
    );
    expect(new Set(large).size).toBe(4);
    expect(random.foldIn(key, 2 ** 24 + 1).toArray()).toEqual(
      random.foldIn(key, tensor([2 ** 24 + 1], { dtype: 'u32' }).at(0)).toArray(),
    );
    expect(random.bits(key, [5]).toArray()).toEqual([2098992034, 2919706841, 2646866425, 2409546199, 1935504149]);
    expect(random.bits(key, [2, 3]).toArray()).toEqual([
      [2098992034, 2919706841, 2646866425],
      [2409546199, 1935504149, 2516274904],
    ]);
  });

  test('uniform numbers are equal', () => {
    expect(random.uniform(key, [4]).toArray()).toEqual([
      0.48870956897735596, 0.6797971725463867, 0.6162714958190918, 0.5610160827636719,
    ]);
    expect(random.uniform(key, [4], { minval: 2, maxval: 5 }).toArray()).toEqual([
      3.4661288261413574, 4.03939151763916, 3.8488144874572754, 3.6830482482910156,
    ]);
    expect(random.uniform(key, [3], { dtype: 'f64' }).toArray()).toEqual([
      0.4267275666499091, 0.015010069515314584, 0.5741444178995352,
    ]);
  });

  test('discrete draws are equal', () => {
    expect(random.bernoulli(key, 0.3, [8]).toArray()).toEqual([false, false, false, false, false, false, true, false]);
    expect(random.rademacher(key, [8]).toArray()).toEqual([1, -1, -1, -1, 1, -1, 1, -1]);
    const logits = tensor([0.1, 0.2, 0.7]).log();
    expect(random.categorical(key, logits, { shape: [8] }).toArray()).toEqual([2, 2, 2, 2, 1, 2, 1, 2]);
    expect(
      random
        .categorical(
          key,
          tensor([
            [0.1, 0.2, 0.7],
            [0.5, 0.3, 0.2],
          ]).log(),
        )
        .toArray(),
    ).toEqual([2, 0]);
    expect(random.randint(key, [6], -3, 1000).toArray()).toEqual([407, 669, 173, 288, 412, 921]);
    expect(random.randint(key, [4], 0, 7).toArray()).toEqual([1, 5, 4, 4]);
    expect(random.permutation(key, 8).toArray()).toEqual([7, 4, 2, 5, 3, 6, 0, 1]);
    expect(
      random
        .permutation(
          key,
          tensor([
            [0, 1],
            [2, 3],
            [4, 5],
          ]),
        )
        .toArray(),
    ).toEqual([
      [4, 5],
      [0, 1],
      [2, 3],
    ]);
    expect(random.choice(key, 5, [6]).toArray()).toEqual([4, 4, 1, 4, 4, 4]);
    expect(random.choice(key, 6, [3], { replace: false }).toArray()).toEqual([4, 2, 5]);
    expect(random.choice(key, 4, [6], { p: [0.1, 0.2, 0.3, 0.4] }).toArray()).toEqual([2, 2, 2, 2, 2, 2]);
    expect(random.choice(key, 4, [3], { p: [0.1, 0.2, 0.3, 0.4], replace: false }).toArray()).toEqual([3, 2, 1]);
  });

  test('continuous draws are equal up to rounding', () => {
    expectClose(
      random.normal(key, [4]),
      [-0.02830461598932743, 0.4671318531036377, 0.2957029640674591, 0.15354591608047485],
    );
    expectClose(
      random.normal(key, [3], { dtype: 'f64' }),
      [-0.18471174528191162, -2.169824560397754, 0.18693555179382582],
    );
    expectClose(
      random.truncatedNormal(key, -1, 2, [4]),
      [0.14770005643367767, 0.5684449076652527, 0.42102551460266113, 0.29997000098228455],
    );
    expectClose(
      random.gumbel(key, [4]),
      [0.3340933918952942, 0.952019453048706, 0.7255305647850037, 0.5481715202331543],
    );
    expectClose(
      random.exponential(key, [4]),
      [0.670817494392395, 1.1388006210327148, 0.9578199982643127, 0.8232924938201904],
    );
    expectClose(
      random.laplace(key, [4]),
      [0.022839652374386787, -0.4456535577774048, -0.2646729052066803, -0.1301453858613968],
    );
    expectClose(
      random.gamma(key, [0.3, 1, 2.5, 10]),
      [0.43624743819236755, 0.33158406615257263, 4.194111347198486, 8.321683883666992],
    );
    expectClose(random.beta(key, 2, 3, [3]), [0.4319617748260498, 0.3128182888031006, 0.6368728280067444]);
    expectClose(random.dirichlet(key, [0.5, 1, 2]), [0.20680315792560577, 0.06861007958650589, 0.7245867848396301]);
    expectClose(
      random.orthogonal(key, 3),
      [-0.0195297, 0.9952678, 0.0951894, 0.1059439, -0.0926115, 0.99005, -0.9941804, -0.0294198, 0.1036339],
    );
    expectClose(
      random.multivariateNormal(
        key,
        [1, 2],
        [
          [2, 0.5],
          [0.5, 1],
        ],
        [2],
      ),
      [0.9599712491035461, 2.426954746246338, 1.418187141418457, 2.248175859451294],
    );
  });
});

describe('keys', () => {
  test('a draw is the same inside jit, and row by row under vmap', () => {
    const draw = (k: Tensor): Tensor => random.normal(k, [3]);
    expect(jit(draw)(key).toArray()).toEqual(draw(key).toArray());
    const keys = random.split(key, 4);
    expect(vmap(draw)(keys).toArray()).toEqual([...keys].map((k) => draw(k).toArray()));
    expect(vmap((i: Tensor) => random.foldIn(key, i))(tensor([5, 9], { dtype: 'u32' })).toArray()).toEqual([
      random.foldIn(key, 5).toArray(),
      random.foldIn(key, 9).toArray(),
    ]);
  });

  test('seeds beyond 32 bits differ from those within', () => {
    expect(random.key(2 ** 32 + 5).toArray()).toEqual([1, 5]);
    expect(() => random.key(-1)).toThrow(ArgumentError);
    expect(() => random.key(0.5)).toThrow(ArgumentError);
  });

  test('what is no key is refused with the way to make one', () => {
    expect(() => random.normal(tensor([1, 2]), [3])).toThrow(/random\.key\(seed\)/);
    expect(() => random.normal(random.split(key, 3), [3])).toThrow(/u32\[3, 2\]/);
  });
});

const COUNT = 20_000;
/** Standard errors allowed; six of them are reached once in 10⁹ draws, and the seeds are fixed. */
const SIGMAS = 6;

function expectMoments(sample: Tensor, mean: number, variance: number): void {
  const data = Array.from(sample.dataSync());
  const average = data.reduce((a, b) => a + b, 0) / data.length;
  const spread = data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
  const fourth = data.reduce((a, b) => a + (b - mean) ** 4, 0) / data.length;
  expect(Math.abs(average - mean)).toBeLessThan(SIGMAS * Math.sqrt(variance / data.length));
  expect(Math.abs(spread - variance)).toBeLessThanOrEqual(SIGMAS * Math.sqrt((fourth - variance ** 2) / data.length));
}

describe('distributions', () => {
  const EULER = 0.5772156649015329;
  const cases: readonly [string, (k: Tensor) => Tensor, number, number][] = [
    ['uniform', (k) => random.uniform(k, [COUNT]), 1 / 2, 1 / 12],
    ['normal', (k) => random.normal(k, [COUNT]), 0, 1],
    ['truncated normal', (k) => random.truncatedNormal(k, -1, 1, [COUNT]), 0, 0.2911250947],
    ['exponential', (k) => random.exponential(k, [COUNT]), 1, 1],
    ['gumbel', (k) => random.gumbel(k, [COUNT]), EULER, Math.PI ** 2 / 6],
    ['laplace', (k) => random.laplace(k, [COUNT]), 0, 2],
    ['rademacher', (k) => random.rademacher(k, [COUNT]), 0, 1],
    ['randint, small span', (k) => random.randint(k, [COUNT], -2, 5), 1, 4],
    ['randint, large span', (k) => random.randint(k, [COUNT], 0, 3 * 2 ** 29).div(3 * 2 ** 29), 1 / 2, 1 / 12],
    ['gamma 0.4', (k) => random.gamma(k, 0.4, [COUNT]), 0.4, 0.4],
    ['gamma 3', (k) => random.gamma(k, 3, [COUNT]), 3, 3],
    ['beta', (k) => random.beta(k, 2, 3, [COUNT]), 2 / 5, 1 / 25],
    ['one coordinate of dirichlet', (k) => random.dirichlet(k, [1, 2, 1], [COUNT]).slice('...', 1), 1 / 2, 1 / 20],
    ['radius² of the ball', (k) => random.ball(k, 2, [COUNT]).square().sum({ axis: -1 }), 1 / 2, 1 / 12],
    ['one coordinate of the sphere', (k) => random.sphere(k, 3, [COUNT]).slice('...', 0), 0, 1 / 3],
  ];
  test.each(cases)('%s has its mean and variance', (name, draw, mean, variance) => {
    expectMoments(draw(random.foldIn(random.key(11), name.length)), mean, variance);
  });

  test('categorical follows its probabilities', () => {
    const p = [0.1, 0.2, 0.7];
    const draws = Array.from(random.categorical(key, tensor(p).log(), { shape: [COUNT] }).dataSync());
    p.forEach((expected, k) => {
      const seen = draws.reduce((n, value) => n + (value === k ? 1 : 0), 0) / COUNT;
      expect(Math.abs(seen - expected)).toBeLessThan(SIGMAS * Math.sqrt((expected * (1 - expected)) / COUNT));
    });
  });

  test('an axis of classes in the middle gives the other axes', () => {
    expect(random.categorical(key, tensor(new Float32Array(24), { shape: [2, 3, 4] }), { axis: 1 }).shape).toEqual([
      2, 4,
    ]);
  });

  test('permutations hold every element once', () => {
    const order = Array.from(random.permutation(key, 1000).dataSync());
    expect(order.sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test('orthogonal matrices are orthogonal, in batches', () => {
    const q = random.orthogonal(key, 4, [3], { dtype: 'f64' });
    const product = q.matmul(q.matrixTranspose()).dataSync();
    product.forEach((value, i) => expect(value).toBeCloseTo((i % 16) % 5 === 0 ? 1 : 0, 12));
  });

  test('bounds hold everywhere and wrong ones are refused', () => {
    const drawn = random.truncatedNormal(key, 3, 4, [1000]).dataSync();
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(4);
    const rows = random.truncatedNormal(key, tensor([0, 3]), tensor([[1], [5]]));
    expect(rows.shape).toEqual([2, 2]);
    expect(rows.slice(0, 1).isNaN().item()).toBe(1);
    expect(rows.slice(1, 1).item()).toBeGreaterThan(3);
    expect(() => random.truncatedNormal(key, 1, 1)).toThrow(ArgumentError);
    expect(() => random.uniform(key, [2], { minval: 1, maxval: 0 })).toThrow(ArgumentError);
    expect(() => random.randint(key, [2], 5, 5)).toThrow(ArgumentError);
    expect(() => random.bernoulli(key, 1.5)).toThrow(ArgumentError);
    expect(() => random.choice(key, 3, [4], { replace: false })).toThrow(ArgumentError);
  });
});
