import { euler, midpoint, rk4 } from '@flowfield/ode-solvers';
import { condOTScheduler, cosineScheduler, type Scheduler, schedulerAt } from '@flowfield/paths';
import { concat, jit, ones, random, type Tensor, zeros } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  cfgPlusPlus,
  cosineGuidance,
  GuidanceError,
  guidanceInterval,
  guided,
  guidedByMany,
  guidedModel,
  inverseProblemGuided,
  linearGuidance,
  logLikelihood,
  rewardGuided,
  sampleChain,
  sampleOde,
  type Velocity,
} from './index.ts';
import { type Mixture, mixtureVelocity } from './testing/mixture.ts';
import { f64, gap, numbers } from './testing/sphere.ts';

/** The exact velocity of data N(m, s² I). */
const gaussian =
  (scheduler: Scheduler, m: number, s: number): Velocity =>
  (x, t) => {
    const c = schedulerAt(scheduler, t);
    const V = c.alphaT
      .square()
      .mul(s * s)
      .add(c.sigmaT.square());
    const slope = c.alphaT
      .mul(c.dAlphaT)
      .mul(s * s)
      .add(c.sigmaT.mul(c.dSigmaT))
      .div(V);
    return x.sub(c.alphaT.mul(m).expandDims(-1)).mul(slope.expandDims(-1)).add(c.dAlphaT.mul(m).expandDims(-1));
  };

const tight = { rtol: 1e-9, atol: 1e-9 };
const straight = condOTScheduler();

/** Mean and deviation of the law of an affine flow map, from the ends of 0 and 1. */
function endLaw(velocity: Velocity): { mean: number; deviation: number } {
  const [at0, at1] = numbers(sampleOde(velocity, f64([[0], [1]]), tight).ys);
  return { mean: at0, deviation: at1 - at0 };
}

describe('classifier-free guidance', () => {
  test('one weight, two habits of writing it', () => {
    // Class N(2, .25), all N(0, 1), t = .5, x = .4: u(x|y) = 2.72, u(x) = 0.
    const fields = { conditional: gaussian(straight, 2, 0.5), unconditional: gaussian(straight, 0, 1) };
    const at = (weight: number): number => guided(fields, weight)(f64([[0.4]]), f64([0.5])).item();
    for (const [weight, value] of [
      [0, 0],
      [1, 2.72],
      [7.5, 20.4],
      [8.5, 23.12],
    ]) {
      expect(at(weight)).toBeCloseTo(value, 12);
    }
  });

  test.each([straight, cosineScheduler()])('$name: equal variances are shifted, m0 + ω (m1 - m0)', (scheduler) => {
    const fields = { conditional: gaussian(scheduler, 1.3, 0.7), unconditional: gaussian(scheduler, 0, 0.7) };
    const { mean, deviation } = endLaw(guided(fields, 2.5));
    expect(mean).toBeCloseTo(3.25, 6);
    expect(deviation).toBeCloseTo(0.7, 6);
  });

  test.each([straight, cosineScheduler()])(
    '$name: unequal variances have the closed form, and not the product density',
    (scheduler) => {
      const fields = { conditional: gaussian(scheduler, 1, 0.5), unconditional: gaussian(scheduler, 0.3, 1.2) };
      const { mean, deviation } = endLaw(guided(fields, 1.8));
      expect(Math.abs(deviation - 0.2482)).toBeLessThan(1e-5);
      expect(Math.abs(mean - 1.182077)).toBeLessThan(1e-5);
      expect(Math.abs(deviation - 0.387945)).toBeGreaterThan(0.1);
      expect(Math.abs(mean - 1.058528)).toBeGreaterThan(0.1);
    },
  );

  test('ω = 1 and ω = 0 are the two fields to the bit, and evaluate no other', () => {
    let calls = 0;
    const counted =
      (field: Velocity): Velocity =>
      (x, t) => {
        calls++;
        return field(x, t);
      };
    const never: Velocity = () => {
      throw new Error('evaluated');
    };
    const field = gaussian(straight, 1, 0.5);
    const [x, t] = [random.normal(random.key(0), [9, 2]), random.uniform(random.key(1), [9])];
    for (const [weight, fields] of [
      [1, { conditional: counted(field), unconditional: never }],
      [0, { conditional: never, unconditional: counted(field) }],
    ] as const) {
      calls = 0;
      const velocity = guided(fields, weight);
      expect(gap(velocity(x, t), field(x, t))).toBe(0);
      expect([calls, velocity.evaluations]).toEqual([1, 1]);
    }
  });

  test('network evaluations count both fields, in solves and chains', () => {
    const field = gaussian(straight, 1, 0.5);
    const velocity = guided({ conditional: field, unconditional: field }, 2);
    const solution = sampleOde(velocity, f64([[0]]), { solver: rk4(), steps: 5 });
    expect([solution.nfe.item(), solution.evaluations.item()]).toEqual([20, 40]);
    expect(sampleOde(field, f64([[0]]), { solver: rk4(), steps: 5 }).evaluations.item()).toBe(20);
    expect(guided({ conditional: velocity, unconditional: field }, 3).evaluations).toBe(3);
  });

  test('one network in one call of both rows equals two calls', () => {
    let rows = 0;
    const model = (x: Tensor, t: Tensor, { shift }: { shift: Tensor }): Tensor => {
      rows = x.shape[0];
      return x.mul(t.expandDims(-1)).add(shift);
    };
    const [condition, empty] = [{ shift: ones([3, 1]).mul(2) }, { shift: zeros([3, 1]) }];
    const [x, t] = [random.normal(random.key(2), [3, 1]), random.uniform(random.key(3), [3])];
    const fields = {
      conditional: (at: Tensor, time: Tensor) => model(at, time, condition),
      unconditional: (at: Tensor, time: Tensor) => model(at, time, empty),
    };
    const velocity = guidedModel(model, 2.5, { condition, empty });
    const found = velocity(x, t);
    expect([rows, velocity.evaluations]).toEqual([6, 2]);
    expect(gap(found, guided(fields, 2.5)(x, t))).toBeLessThan(1e-6);
    expect(gap(guidedModel(model, 1, { condition, empty })(x, t), fields.conditional(x, t))).toBe(0);
    expect(rows).toBe(3);
  });

  test('weights over time', () => {
    const t = f64([0, 0.25, 0.5, 1]);
    expect(numbers(guidanceInterval(3, 0.2, 0.5)(t))).toEqual([1, 3, 3, 1]);
    expect(numbers(guidanceInterval(3, 0.2, 0.5, 0)(t))).toEqual([0, 3, 3, 0]);
    expect(numbers(linearGuidance(1, 3)(t))).toEqual([1, 1.5, 2, 3]);
    expect(numbers(cosineGuidance(1, 3)(t))[2]).toBeCloseTo(2, 12);
    expect(numbers(cosineGuidance(1, 3)(t))[3]).toBeCloseTo(3, 12);
    const fields = { conditional: gaussian(straight, 2, 0.5), unconditional: gaussian(straight, 0, 1) };
    const [x, time] = [f64([[0.4], [0.4]]), f64([0.5, 0.9])];
    const inside = guided(fields, guidanceInterval(7.5, 0.2, 0.6))(x, time);
    expect(inside.slice(0, 0).item()).toBeCloseTo(20.4, 12);
    expect(inside.slice(1, 0).item()).toBeCloseTo(fields.conditional(x, time).slice(1, 0).item(), 12);
    expect(gap(guided(fields, 1, { schedule: guidanceInterval(7.5, 0.2, 0.6) })(x, time), inside)).toBe(0);
  });

  test('several conditions, and one to lead away from', () => {
    const [a, b, free] = [gaussian(straight, 2, 0.7), gaussian(straight, -1, 0.7), gaussian(straight, 0.5, 0.7)];
    const velocity = guidedByMany(free, [
      { conditional: a, weight: 1.5 },
      { conditional: b, weight: -0.5 },
    ]);
    const { mean, deviation } = endLaw(velocity);
    expect(mean).toBeCloseTo(0.5 + 1.5 * 1.5 + 0.5 * 1.5, 6);
    expect(deviation).toBeCloseTo(0.7, 6);
    expect(velocity.evaluations).toBe(3);
  });

  test('works inside likelihoods and jit', () => {
    const fields = { conditional: gaussian(straight, 1.3, 0.7), unconditional: gaussian(straight, 0, 0.7) };
    const x = f64([[3], [3.5]]);
    const found = logLikelihood(guided(fields, 2.5), x, tight).logLikelihood;
    const exact = x
      .squeeze(-1)
      .sub(3.25)
      .div(0.7)
      .square()
      .div(-2)
      .sub(Math.log(0.7 * Math.sqrt(2 * Math.PI)));
    expect(gap(found, exact)).toBeLessThan(1e-6);
    const sample = jit((x0: Tensor) => sampleOde(guided(fields, 2.5), x0, { solver: rk4(), steps: 40 }).ys);
    expect(sample(f64([[0]])).item()).toBeCloseTo(3.25, 5);
  });

  test.each([
    [1, 2.0, 0.3, 0.3],
    [2, 2.32, 0.218, 0.14],
    [4, 2.69, 0.173, 0.07],
  ])(
    'ω = %s on a ring of eight classes: mean radius, radial and tangential spread',
    (weight, radius, radial, tangential) => {
      const centers = Array.from({ length: 8 }, (_, k) => [
        2 * Math.cos((k * Math.PI) / 4),
        2 * Math.sin((k * Math.PI) / 4),
      ]);
      const ring = (means: number[][]): Mixture => ({
        weights: means.map(() => 1 / means.length),
        means,
        variances: means.map(() => 0.09),
      });
      const velocity = guided(
        {
          conditional: mixtureVelocity(ring([centers[0]]), straight),
          unconditional: mixtureVelocity(ring(centers), straight),
        },
        weight,
      );
      const x0 = random.normal(random.key(4), [3000, 2], { dtype: 'f64' });
      const { ys } = sampleOde(velocity, x0, { solver: midpoint(), steps: 60 });
      const [along, across] = [ys.slice('...', 0), ys.slice('...', 1)];
      expect(Math.abs(along.mean().item() - radius)).toBeLessThan(0.02);
      expect(Math.abs(along.std().item() - radial)).toBeLessThan(0.015);
      expect(Math.abs(across.std().item() - tangential)).toBeLessThan(0.015);
    },
  );

  test('CFG++ renoises with the unconditional field', () => {
    // Noise levels .5 to .25, x = 1, towards the noise v_u = .4 and v_c = .8, λ = .6: .75 · .68 + .25 · 1.2.
    const fields = { conditional: (x: Tensor) => x.mul(0).sub(0.8), unconditional: (x: Tensor) => x.mul(0).sub(0.4) };
    const options = { grid: [0.5, 0.75], key: random.key(0) };
    const step = cfgPlusPlus(fields, { scheduler: straight, lambda: 0.6 });
    expect(sampleChain(step, f64([[1]]), options).x.item()).toBeCloseTo(0.81, 12);
    expect(step.evaluations).toBe(2);
    // Plain guidance, one Euler step of the same size.
    const plain = sampleOde(guided(fields, 0.6), f64([[1]]), { solver: euler(), grid: [0.5, 0.75] });
    expect(plain.ys.item()).toBeCloseTo(0.84, 12);
  });
});

describe('rewards and inverse problems', () => {
  test('a linear reward shifts a Gaussian by its variance times the slope, exactly', () => {
    for (const scheduler of [straight, cosineScheduler()]) {
      const velocity = rewardGuided(gaussian(scheduler, 0.5, 0.8), {
        scheduler,
        reward: (data) => data.squeeze(-1).mul(0.7),
        strength: 2,
      });
      const { mean, deviation } = endLaw(velocity);
      expect(mean).toBeCloseTo(0.5 + 0.64 * 1.4, 2);
      expect(deviation).toBeCloseTo(0.8, 5);
    }
  });

  test('observing a coordinate of Gaussian data gives the posterior, and leaves the others', () => {
    // x1 ~ N(0, I), y = x + .5 e: N(y / 1.25, .2).
    const velocity = inverseProblemGuided(gaussian(straight, 0, 1), {
      scheduler: straight,
      operator: (data) => data.slice('...', [0, 1]),
      observation: f64([[1.5]]),
      noise: 0.5,
    });
    const ends = sampleOde(
      velocity,
      f64([
        [0, 0],
        [1, 1],
      ]),
      tight,
    ).ys;
    const [[mean, otherMean], [high, otherHigh]] = ends.toArray() as number[][];
    expect(mean).toBeCloseTo(1.5 / 1.25, 2);
    expect(high - mean).toBeCloseTo(Math.sqrt(0.2), 2);
    expect(otherMean).toBeCloseTo(0, 6);
    expect(otherHigh).toBeCloseTo(1, 6);
  });

  test('other variances of the data are given by their posterior variance', () => {
    const s2 = 0.36;
    const velocity = inverseProblemGuided(gaussian(straight, 0, 0.6), {
      scheduler: straight,
      operator: (data) => data,
      observation: f64([[1]]),
      noise: 0.3,
      posteriorVariance: ({ alphaT, sigmaT }) =>
        sigmaT.square().mul(s2).div(alphaT.square().mul(s2).add(sigmaT.square())),
    });
    const { mean, deviation } = endLaw(velocity);
    expect(mean).toBeCloseTo(s2 / (s2 + 0.09), 2);
    expect(deviation).toBeCloseTo(Math.sqrt((s2 * 0.09) / (s2 + 0.09)), 2);
  });

  test('of models that predict data, and finite at both ends', () => {
    const velocity = rewardGuided((x, t) => x.mul(t.expandDims(-1)), {
      scheduler: straight,
      prediction: 'data',
      reward: (data) => data.square().sum({ axis: 1 }).neg(),
    });
    const early = velocity(f64([[1, 2]]), f64([0]));
    expect(numbers(early).every(Number.isFinite)).toBe(true);
    const ends = rewardGuided(gaussian(straight, 0, 1), {
      scheduler: straight,
      reward: (data) => data.sum({ axis: 1 }),
    });
    expect(numbers(ends(f64([[1], [2]]), f64([0, 1]))).every(Number.isFinite)).toBe(true);
  });
});

describe('mistakes are named', () => {
  const field: Velocity = (x) => x;
  const tokens = concat([zeros([2, 1], { dtype: 'i32' })], 0);
  test.each<[string, () => unknown, RegExp]>([
    ['no function', () => guided({ conditional: field } as never, 2), /guided: expected a function, got undefined/],
    ['a misspelt field', () => guided({ conditional: field, uncond: field } as never, 2), /one named uncond/],
    [
      'no weight',
      () => guided({ conditional: field, unconditional: field }, Number.NaN),
      /weight as a finite number, got NaN/,
    ],
    ['no conditions', () => guidedByMany(field, []), /at least one/],
    ['a condition without weight', () => guidedByMany(field, [{ conditional: field } as never]), /weight/],
    ['an interval the wrong way', () => guidanceInterval(2, 0.6, 0.4), /guidanceInterval: to must be/],
    [
      'a reward of another shape',
      () => rewardGuided(field, { scheduler: straight, reward: (x) => x })(f64([[1, 2]]), f64([0.5])),
      /one reward for each of the 1 rows/,
    ],
    [
      'an observation of another shape',
      () =>
        inverseProblemGuided(field, {
          scheduler: straight,
          operator: (x) => x,
          observation: f64([[1, 2, 3]]),
          noise: 1,
        })(f64([[1, 2]]), f64([0.5])),
      /shape of operator\(data\) \[1, 2\], got \[1, 3\]/,
    ],
    [
      'an unknown scheduler',
      () => rewardGuided(field, { scheduler: 'cosine' as never, reward: (x) => x }),
      /got 'cosine'/,
    ],
    [
      'a misspelt option',
      () => rewardGuided(field, { scheduler: straight, rewards: field } as never),
      /Did you mean reward/,
    ],
  ])('%s', (_what, run, message) => expect(run).toThrow(message));

  test('tokens are refused', () => {
    const velocity = guided({ conditional: field, unconditional: field }, 2);
    expect(() => velocity(tokens, zeros([2]))).toThrow(GuidanceError);
    expect(() => velocity(tokens, zeros([2]))).toThrow(/mix the logits/);
  });
});
