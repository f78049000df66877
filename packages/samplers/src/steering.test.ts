import { condOTScheduler, schedulerAt } from '@flowfield/paths';
import { random, type Tensor, tensor, where } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ancestral,
  bestOfN,
  ChainTimeError,
  effectiveSampleSize,
  eulerMaruyama,
  glass,
  type ResamplingScheme,
  resample,
  type SteerOptions,
  slicedWasserstein,
  steer,
  type Transition,
  temperingStep,
  WeightError,
} from './index.ts';
import { drawMixture, type Mixture, mixtureVelocity } from './testing/mixture.ts';
import { f64, gap, numbers } from './testing/sphere.ts';

const schemes: readonly ResamplingScheme[] = ['multinomial', 'stratified', 'systematic', 'residual'];
const key = random.key(0);

describe('effective sample size and tempering', () => {
  test('n for equal weights, 1 for one, whatever their scale', () => {
    expect(effectiveSampleSize([0, 0, 0, 0])).toBeCloseTo(4, 12);
    expect(effectiveSampleSize([-5000, -4000, -6000])).toBeCloseTo(1, 12);
    expect(effectiveSampleSize(f64([Math.log(1), Math.log(2), Number.NEGATIVE_INFINITY]))).toBeCloseTo(9 / 5, 12);
    expect(() => effectiveSampleSize([0, Number.NaN])).toThrow(/below infinity, got NaN at 1/);
    expect(() => effectiveSampleSize([Number.NEGATIVE_INFINITY])).toThrow(WeightError);
    expect(() => effectiveSampleSize([])).toThrow(/at least one/);
  });

  test('the annealing step that leaves a wanted size', () => {
    expect(temperingStep([0, -1, -4, -9, -0.5], 3)).toBeCloseTo(0.6456654564, 9);
    // The same from losses given with the wrong sign.
    expect(temperingStep([0, 1, 4, 9, 0.5], 3)).toBeCloseTo(0.1979462207, 9);
    expect(temperingStep([0, -0.1], 1.5)).toBe(1);
    expect(temperingStep([0, -1, -4], 2, 0.2)).toBe(0.2);
    expect(() => temperingStep([0, -1], 3)).toThrow(/target must be a finite number from 1 to 2/);
  });
});

describe.each(schemes)('%s resampling', (scheme) => {
  test('is unbiased, ascending, and gives no child to a weight of 0', () => {
    const weights = [0, 0.1, 0.45, 0, 0.2, 0.25, 0];
    const counts = new Float64Array(7);
    const runs = 400;
    for (let i = 0; i < runs; i++) {
      const parents = resample(weights, { key: random.foldIn(key, i), scheme, count: 10 });
      expect(parents.length).toBe(10);
      parents.forEach((parent, at) => {
        counts[parent]++;
        if (at > 0) expect(parent).toBeGreaterThanOrEqual(parents[at - 1]);
      });
    }
    weights.forEach((w, i) => {
      if (w === 0) expect(counts[i]).toBe(0);
      else expect(Math.abs(counts[i] / (10 * runs) - w)).toBeLessThan(4 * Math.sqrt((w * (1 - w)) / (10 * runs)));
    });
  });

  test('stays inside at the ends: zeros first, sums below 1 by rounding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 40 }), (seed, n) => {
        const single = new Float32Array(n + 1).fill((1 - 1e-7) / n);
        single[0] = 0;
        const parents = resample(single, { key: random.key(seed), scheme });
        expect(Math.min(...parents)).toBeGreaterThan(0);
        expect(Math.max(...parents)).toBeLessThanOrEqual(n);
      }),
      { numRuns: 60 },
    );
  });

  test('equal weights keep every particle, but for multinomial draws; scale does not matter', () => {
    const parents = resample([3, 3, 3, 3, 3], { key, scheme });
    if (scheme !== 'multinomial') expect(Array.from(parents)).toEqual([0, 1, 2, 3, 4]);
    expect(Array.from(resample([1e-300, 3e-300], { key, scheme }))).toEqual(
      Array.from(resample([1, 3], { key, scheme })),
    );
  });

  test('counts stay within their bounds', () => {
    if (scheme === 'multinomial' || scheme === 'stratified') return;
    const weights = [0.37, 0.05, 0.21, 0.37];
    for (let i = 0; i < 50; i++) {
      const parents = resample(weights, { key: random.foldIn(key, i), scheme, count: 20 });
      weights.forEach((w, j) => {
        const children = parents.filter((parent) => parent === j).length;
        expect(children).toBeGreaterThanOrEqual(Math.floor(20 * w + 1e-9));
        if (scheme === 'systematic') expect(children).toBeLessThanOrEqual(Math.ceil(20 * w - 1e-9));
      });
    }
  });
});

test.each(schemes)('%s resampling of weights whose sum overflows', (scheme) => {
  const parents = Array.from(resample([1e308, 0, 1e308], { key, scheme, count: 100 }));
  const first = parents.filter((parent) => parent === 0).length;
  expect(parents.includes(1)).toBe(false);
  expect(Math.abs(first - 50)).toBeLessThan(scheme === 'multinomial' ? 25 : 2);
});

test('resampling: mistakes are named', () => {
  expect(() => resample(undefined as never, { key })).toThrow(/resample: expected numbers as a list.*got undefined/);
  expect(() => effectiveSampleSize(null as never)).toThrow(/effectiveSampleSize: expected numbers as a list.*got null/);
  const impossible = Number.NEGATIVE_INFINITY;
  expect(() => temperingStep([impossible, 0, impossible], 2)).toThrow(/only 1 of 3 log-likelihoods are above -∞/);
  expect(temperingStep([impossible, 0, 0], 2)).toBe(1);

  expect(() => resample([0, 0], { key })).toThrow(/zeros alone/);
  expect(() => resample([1, -1], { key })).toThrow(/got -1 at 1/);
  expect(() => resample([1, Number.NaN], { key })).toThrow(WeightError);
  expect(() => resample([1], { key, scheme: 'systemic' as never })).toThrow(/Did you mean 'systematic'\?/);
  expect(() => resample([1], { key, count: 0 })).toThrow(/count must be a whole number/);
});

describe('steering', () => {
  const straight = condOTScheduler();
  const [c, m] = [2, [1.5, 0.5]];
  const ring: Mixture = {
    weights: [0.1, 0.2, 0.15, 0.25, 0.1, 0.2],
    means: Array.from({ length: 6 }, (_, k) => [2 * Math.cos((k * Math.PI) / 3), 2 * Math.sin((k * Math.PI) / 3)]),
    variances: Array(6).fill(0.0625),
  };
  const reward = (x: Tensor): Tensor =>
    x
      .sub(tensor(m, { dtype: x.dtype as 'f64' }))
      .square()
      .sum({ axis: 1 })
      .mul(-c / 2);
  /** ln E[exp r(z) | x_t = x], exact. */
  const value = (x: Tensor, t: Tensor): Tensor => {
    const { alphaT, sigmaT } = schedulerAt(straight, t);
    const [a, s] = [alphaT.expandDims(1), sigmaT.expandDims(1)];
    const means = f64(ring.means as number[][]);
    const v = f64(ring.variances as number[]);
    const V = a.square().mul(v).add(s.square());
    const centered = x.expandDims(1).sub(means.mul(a.expandDims(2)));
    const logs = f64(ring.weights as number[])
      .log()
      .sub(V.log())
      .sub(centered.square().sum({ axis: 2 }).div(V.mul(2)));
    const mean = means.add(centered.mul(a.mul(v).div(V).expandDims(2)));
    const q = s.square().mul(v).div(V).mul(c).add(1);
    const tilt = mean
      .sub(f64(m))
      .square()
      .sum({ axis: 2 })
      .mul(-c / 2)
      .div(q)
      .sub(q.log());
    return logs
      .add(tilt)
      .logsumexp({ axis: 1 })
      .sub(logs.logsumexp({ axis: 1 }));
  };
  /** The ring tilted by exp(-(c/2)|x - m|²), and the normaliser. */
  function tiltedBy(c: number): { tilted: Mixture; Z: number } {
    const weights = ring.weights.map((w, k) => {
      const distance = (ring.means[k][0] - m[0]) ** 2 + (ring.means[k][1] - m[1]) ** 2;
      return (w / (1 + c * 0.0625)) * Math.exp((-c * distance) / (2 * (1 + c * 0.0625)));
    });
    const Z = weights.reduce((a, b) => a + b);
    const tilted: Mixture = {
      weights: weights.map((w) => w / Z),
      means: ring.means.map((mu) => mu.map((x, i) => (x + c * 0.0625 * m[i]) / (1 + c * 0.0625))),
      variances: ring.variances.map((v) => v / (1 + c * v)),
    };
    return { tilted, Z };
  }
  const { tilted, Z } = tiltedBy(c);
  const model = mixtureVelocity(ring, straight);
  const proposals: Readonly<Record<string, Transition>> = {
    glass: glass(model, { scheduler: straight, steps: 5 }),
    ddpm: glass(model, { scheduler: straight, steps: 5, rho: 'ddpm' }),
  };
  const noise = (seed: number, rows = 2000): Tensor => random.normal(random.key(seed), [rows, 2], { dtype: 'f64' });
  const run = (options: Partial<SteerOptions>, seed = 1, proposal: Transition = proposals.glass) =>
    steer(proposal, noise(seed), { steps: 10, key: random.key(seed + 100), reward, value, ...options });
  const target = drawMixture(tilted, 2000, random.key(2));
  const distance = (x: Tensor): number => slicedWasserstein(x, target, { key: random.key(3), projections: 64 });

  test.each(Object.keys(proposals))('%s proposals reach the tilted mixture, and its normaliser', async (name) => {
    const runs = [
      await run({}, 1, proposals[name]),
      await run({}, 2, proposals[name]),
      await run({}, 3, proposals[name]),
    ];
    const mean = runs.reduce((sum, { x }) => sum + distance(x), 0) / 3;
    expect(mean).toBeLessThan(0.06);
    for (const { logNormalizers, evaluations } of runs) {
      expect(Math.abs(logNormalizers[0] - Math.log(Z))).toBeLessThan(0.15);
      expect(evaluations).toBe(110);
    }
  });

  // The weights of sums overshoot on the way; with few steps and weak rewards the end can still correct them.
  test.each([
    ['difference', 1, 10],
    ['max', 1, 10],
    ['sum', 0.2, 3],
  ] as const)('the potential %s weighs by exp r in the end', async (potential, strength, steps) => {
    const expected = tiltedBy(c * strength);
    const { x, logNormalizers } = await run({ potential, strength, steps });
    const target = drawMixture(expected.tilted, 2000, random.key(2));
    expect(slicedWasserstein(x, target, { key: random.key(3), projections: 64 })).toBeLessThan(0.12);
    expect(Math.abs(logNormalizers[0] - Math.log(expected.Z))).toBeLessThan(0.2);
  });

  test.each(schemes)('with %s resampling', async (resampling) => {
    expect(distance((await run({ resampling })).x)).toBeLessThan(0.1);
  });

  test('weights without resampling multiply on, and those after it are equal: both give the target', async () => {
    const weighed = await run({ threshold: 0, finalResampling: false });
    const w = weighed.logWeights.map(Math.exp);
    expect(w.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    expect(weighed.ancestry.every((parents) => parents.every((parent, i) => parent === i))).toBe(true);
    // Importance weights of the untouched chain are exp r(x1) / Z, up to their sum.
    const exact = Array.from(reward(weighed.x).dataSync(), (r) => Math.exp(r));
    const total = exact.reduce((a, b) => a + b);
    w.forEach((value, i) => expect(value).toBeCloseTo(exact[i] / total, 9));
    expect(weighed.logNormalizers[0]).toBeCloseTo(Math.log(total / 2000), 9);
    const always = await run({ threshold: 1 });
    expect(always.logWeights.every((value) => Math.abs(value + Math.log(2000)) < 1e-12)).toBe(true);
    expect(distance(always.x)).toBeLessThan(0.1);
  });

  test('without a foreseen value it is sampling with weights at the end', async () => {
    const { x, evaluations, effectiveSampleSizes } = await run({ value: undefined });
    expect(distance(x)).toBeLessThan(0.12);
    expect(evaluations).toBe(100);
    expect(effectiveSampleSizes.slice(0, -1).every(([size]) => size > 1999)).toBe(true);
    expect(effectiveSampleSizes.at(-1)![0]).toBeLessThan(1000);
  });

  test('populations compete among themselves only', async () => {
    const grouped = await steer(proposals.glass, noise(4, 40), {
      steps: 6,
      key,
      reward,
      value,
      particles: 4,
      threshold: 1,
    });
    for (const parents of grouped.ancestry) {
      parents.forEach((parent, i) => expect(Math.floor(parent / 4)).toBe(Math.floor(i / 4)));
    }
    expect(grouped.logNormalizers.length).toBe(10);
    expect(grouped.effectiveSampleSizes[0].length).toBe(10);
    // With one particle each there is nothing to choose.
    const single = await steer(proposals.glass, noise(4, 6), {
      steps: 6,
      key,
      reward,
      value,
      particles: 1,
      threshold: 1,
    });
    expect(single.ancestry.every((parents) => parents.every((parent, i) => parent === i))).toBe(true);
  });

  test('SDE and ancestral proposals work, best of n is the plain search', async () => {
    for (const proposal of [ancestral(model, { scheduler: straight }), eulerMaruyama(model, { scheduler: straight })]) {
      const { x, evaluations } = await run({ steps: 50 }, 5, proposal);
      expect(distance(x)).toBeLessThan(0.2);
      expect(evaluations).toBe(100);
    }
    const samples = drawMixture(ring, 400, random.key(6));
    const best = bestOfN(samples, reward(samples), 4);
    expect(best.x.shape).toEqual([100, 2]);
    const all = numbers(reward(samples));
    best.rewards.forEach((r, g) => expect(r).toBe(Math.max(...all.slice(4 * g, 4 * g + 4))));
    expect(gap(reward(best.x), f64(Array.from(best.rewards)))).toBe(0);
    expect(() => bestOfN(samples, reward(samples), 3)).toThrow(/multiple of 3 rows/);
    expect(() => bestOfN(f64([[1]]), f64([Number.NaN]), 1)).toThrow(WeightError);
  });

  test('one seed, one result; progress, early stop and abort', async () => {
    const small = (options: Partial<SteerOptions>) =>
      steer(proposals.glass, noise(7, 16), { steps: 4, key, reward, value, ...options });
    const seen: number[] = [];
    const first = await small({
      onProgress: ({ done, total, effectiveSampleSizes }) => seen.push(done, total, effectiveSampleSizes.length),
    });
    expect(seen).toEqual([1, 4, 1, 2, 4, 1, 3, 4, 1, 4, 4, 1]);
    expect(gap(first.x, (await small({})).x)).toBe(0);
    expect(gap(first.x, (await small({ key: random.key(9) })).x)).toBeGreaterThan(0);
    const early = await small({ stopWhen: (_x, t) => t >= 0.5 });
    expect(early.ancestry.length).toBe(3);
    const controller = new AbortController();
    await expect(
      small({ signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });

  test.each<[string, object, new (message: string) => Error, RegExp]>([
    [
      'a reward that is NaN',
      { reward: (x: Tensor) => x.sum({ axis: 1 }).mul(Number.NaN) },
      WeightError,
      /got NaN at 0/,
    ],
    ['a reward of another shape', { reward: (x: Tensor) => x }, Error, /one reward for each of the 2000 rows/],
    ['rows that are no multiple', { particles: 300 }, Error, /multiple of 300 particles, got 2000/],
    ['an unknown potential', { potential: 'diff' }, Error, /a potential among difference, max, sum/],
    ['an unknown scheme', { resampling: 'stratfied' }, Error, /Did you mean 'stratified'/],
    ['a threshold beyond 1', { threshold: 2 }, Error, /threshold must be a finite number from 0 to 1/],
    ['a bad grid', { grid: [1, 0], steps: undefined }, ChainTimeError, /ascend/],
    ['a misspelt option', { rewards: 1 }, Error, /Did you mean reward/],
  ])('%s is named', async (_what, options, type, message) => {
    const failing = run(options as Partial<SteerOptions>);
    await expect(failing).rejects.toThrow(type);
    await expect(failing).rejects.toThrow(message);
  });
});

describe('rewards of -∞ on the way', () => {
  const limit =
    (at: number) =>
    (x: Tensor): Tensor =>
      where(x.greater(at), 0, Number.NEGATIVE_INFINITY).astype('f64').sum({ axis: 1 });
  const kinds = ['difference', 'max', 'sum'] as const;
  const still: Transition = (x) => x;
  const start = f64([[-2], [-1], [1], [2], [3]]);

  test.each(kinds.flatMap((potential) => [0, 0.5, 1].map((threshold) => [potential, threshold] as const)))(
    'what had the weight 0 keeps it: %s, threshold %d',
    async (potential, threshold) => {
      // The two left of 0 die at once, and would come back with weight ∞ - ∞; the reward at the end asks for more.
      const { x, logNormalizers } = await steer(still, start, {
        steps: 3,
        key,
        potential,
        threshold,
        value: limit(0),
        reward: limit(1.5),
      });
      expect(numbers(x).every((value) => value > 1.5)).toBe(true);
      if (threshold === 0) expect(logNormalizers[0]).toBeCloseTo(Math.log(2 / 5), 12);
    },
  );

  test('a strength of 0 lets all live', async () => {
    const { logNormalizers } = await steer(still, start, { steps: 2, key, strength: 0, reward: limit(1.5) });
    expect(logNormalizers[0]).toBe(0);
  });
});
