import { euler, heun, rk4 } from '@flowfield/ode-solvers';
import {
  brownianGamma,
  condOTScheduler,
  cosineScheduler,
  dataSeparation,
  kineticOptimalScheduler,
  linearVPScheduler,
  polynomialScheduler,
  type Scheduler,
  schedulerAt,
} from '@flowfield/paths';
import { random, type Tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  ancestral,
  ChainTimeError,
  churn,
  ddim,
  eulerMaruyama,
  interpolantSde,
  odeStep,
  renoise,
  sampleChain,
  sampleOde,
  sampleRestart,
  slicedWasserstein,
  type Velocity,
  wasserstein1d,
} from './index.ts';
import { drawMixture, type Mixture, mixtureDenoiser, mixtureVelocity } from './testing/mixture.ts';
import { f64, gap, numbers } from './testing/sphere.ts';

const key = random.key(0);
const straight = condOTScheduler();
const line: Mixture = { weights: [0.3, 0.7], means: [[-1.5], [1]], variances: [0.16, 0.09] };
const count = 4000;
const noise = random.normal(random.key(1), [count, 1], { dtype: 'f64' });
const data = drawMixture(line, count, random.key(2));

/** The law of the path at t, by draws. */
const law = (scheduler: Scheduler, t: number): Tensor => {
  const { alphaT, sigmaT } = schedulerAt(scheduler, f64(t));
  return drawMixture(line, count, random.key(3))
    .mul(alphaT)
    .add(random.normal(random.key(4), [count, 1], { dtype: 'f64' }).mul(sigmaT));
};

describe.each([straight, cosineScheduler(), linearVPScheduler()])('stochastic steps on $name', (scheduler) => {
  const denoiser = mixtureDenoiser(line, scheduler);
  const velocity = mixtureVelocity(line, scheduler);
  const options = { scheduler, prediction: 'data' } as const;

  test.each([
    ['ancestral', ancestral(denoiser, options), 60],
    ['ddim', ddim(denoiser, options), 100],
    ['Euler-Maruyama', eulerMaruyama(denoiser, options), 100],
    ['memoryless Euler-Maruyama', eulerMaruyama(denoiser, { ...options, diffusion: 'memoryless' }), 100],
    ['Euler-Maruyama of constant noise', eulerMaruyama(denoiser, { ...options, diffusion: 0.2 }), 100],
    [
      'Euler-Maruyama of other noise',
      eulerMaruyama(denoiser, { ...options, diffusion: (t) => t.neg().add(1).square() }),
      200,
    ],
    ['churn', churn(velocity, { scheduler, amount: 0.3, to: 0.9 }), 40],
  ] as const)('%s samples the data', (_name, transition, steps) => {
    // Ends where linear VP is still finite.
    const grid = Array.from({ length: steps + 1 }, (_, i) => (0.9999 * i) / steps);
    const { x } = sampleChain(transition, noise, { grid, key });
    expect(wasserstein1d(x, data)).toBeLessThan(0.08);
  });

  test('renoising leads back to the law of the earlier time', () => {
    for (const [from, to] of [
      [1, 0.3],
      [0.8, 0.6],
      [0.5, 0],
    ]) {
      const back = renoise(law(scheduler, from), { scheduler, from, to, key });
      expect(wasserstein1d(back, law(scheduler, to))).toBeLessThan(0.08);
    }
    expect(gap(renoise(noise, { scheduler, from: 0.4, to: 0.4, key }), noise)).toBeLessThan(1e-7);
    expect(gap(renoise(noise, { scheduler, from: 0, to: 0, key }), noise)).toBe(0);
  });
});

test('Euler-Maruyama without noise is Euler; without diffusion one step of each agrees', () => {
  const velocity = mixtureVelocity(line, straight);
  const step = eulerMaruyama(velocity, { scheduler: straight, diffusion: 0 });
  const { x } = sampleChain(step, noise, { steps: 10, key });
  expect(gap(x, sampleOde(velocity, noise, { solver: euler(), steps: 10 }).ys)).toBeLessThan(1e-10);
});

test('churn without noise is the ODE, and its steps begin earlier with it', () => {
  const velocity = mixtureVelocity(line, straight);
  const plain = sampleOde(velocity, noise, { solver: heun(), steps: 10 }).ys;
  const still = churn(velocity, { scheduler: straight, amount: 0, solver: heun() });
  expect(gap(sampleChain(still, noise, { steps: 10, key }).x, plain)).toBeLessThan(1e-7);
  expect(gap(sampleChain(odeStep(velocity, heun()), noise, { steps: 10, key }).x, plain)).toBeLessThan(1e-12);
  // (1 - t) / t = 1.5 at .4: one Euler step of v = t goes from there to .6.
  const clock: Velocity = (x, t) => t.expandDims(-1).broadcastTo(x.shape);
  const { x } = sampleChain(churn(clock, { scheduler: straight, amount: 0.5, solver: euler() }), noise, {
    grid: [0.5, 0.6],
    key,
  });
  const back = renoise(noise, { scheduler: straight, from: 0.5, to: 0.4, key: random.foldIn(key, 0) });
  expect(gap(x, back.add(0.2 * 0.4))).toBeLessThan(1e-12);
});

describe('restarts', () => {
  const velocity = mixtureVelocity(line, straight);

  test('keep the law of the data, and mend that of a coarse solve', () => {
    const options = { scheduler: straight, steps: 4, solver: euler(), key } as const;
    const coarse = sampleOde(velocity, noise, { solver: euler(), steps: 4 }).ys;
    const { x, evaluations } = sampleRestart(velocity, noise, {
      ...options,
      restarts: [{ from: 0.3, to: 0.75, times: 3, steps: 6 }],
    });
    expect(wasserstein1d(x, data)).toBeLessThan(0.7 * wasserstein1d(coarse, data));
    expect(evaluations).toBe(4 + 18);
    const fine = sampleRestart(velocity, noise, {
      scheduler: straight,
      grid: [0, 0.2, 0.4, 0.6, 0.8, 1],
      restarts: [
        { from: 0.2, to: 0.5 },
        { from: 0.6, to: 0.9, times: 2 },
      ],
      solver: rk4(),
      key,
    });
    expect(wasserstein1d(fine.x, data)).toBeLessThan(0.08);
    expect(gap(sampleRestart(velocity, noise, { ...options, restarts: [] }).x, coarse)).toBeLessThan(1e-12);
  });

  test.each<[string, object, RegExp]>([
    [
      'overlap',
      {
        restarts: [
          { from: 0.2, to: 0.6 },
          { from: 0.5, to: 0.8 },
        ],
      },
      /disjoint restarts/,
    ],
    ['an empty interval', { restarts: [{ from: 0.5, to: 0.5 }] }, /disjoint restarts/],
    ['a misspelt field', { restarts: [{ from: 0.2, to: 0.6, time: 2 }] }, /Did you mean times/],
    ['no list', { restarts: { from: 0.2, to: 0.6 } }, /expected restarts as a list/],
  ])('%s is named', (_what, options, message) => {
    expect(() => sampleRestart(velocity, noise, { scheduler: straight, steps: 4, key, ...options } as never)).toThrow(
      message,
    );
  });
});

describe('few steps on the ring of eight', () => {
  // Ring of 8 Gaussians, sd .12, scaled to mean squared norm 2; exact fields, Euler.
  const radius = Math.sqrt(2 - 2 * 0.12 ** 2);
  const ring: Mixture = {
    weights: Array(8).fill(1 / 8),
    means: Array.from({ length: 8 }, (_, k) => [
      radius * Math.cos((k * Math.PI) / 4),
      radius * Math.sin((k * Math.PI) / 4),
    ]),
    variances: Array(8).fill(0.12 ** 2),
  };
  const points = drawMixture(ring, 1500, random.key(5));
  const optimal = kineticOptimalScheduler(dataSeparation(points, { key: random.key(6), nodes: 101, draws: 1000 }));
  const target = drawMixture(ring, 5000, random.key(7));
  const start = random.normal(random.key(8), [5000, 2], { dtype: 'f64' });
  // The velocity of the optimal path is regular, but its conditional target at t = 0 is not: start a little later.
  const distance = (scheduler: Scheduler, steps: number): number => {
    const t0 = scheduler === optimal ? 0.01 : 0;
    const { alphaT, sigmaT } = schedulerAt(scheduler, f64(t0));
    const from = start.mul(alphaT.square().add(sigmaT.square()).sqrt());
    const { ys } = sampleOde(mixtureVelocity(ring, scheduler), from, { solver: euler(), steps, t0, t1: 1 });
    return slicedWasserstein(ys, target, { key: random.key(9), projections: 50 });
  };

  test.each([4, 8])('%i evaluations: the kinetic-optimal schedule is the closest', (steps) => {
    const [best, other, third] = [optimal, straight, cosineScheduler()].map((scheduler) => distance(scheduler, steps));
    expect(best).toBeLessThan(0.65 * other);
    expect(best).toBeLessThan(0.9 * third);
  });

  test('every schedule has the same map from noise to data', () => {
    const few = start.slice([0, 200]);
    const ends = [straight, cosineScheduler(), polynomialScheduler(2), optimal].map(
      (scheduler) =>
        sampleOde(mixtureVelocity(ring, scheduler), few, {
          rtol: 1e-8,
          atol: 1e-8,
          t0: scheduler === optimal ? 1e-7 : 0,
        }).ys,
    );
    for (const end of ends.slice(1, 3)) expect(gap(end, ends[0])).toBeLessThan(1e-5);
    expect(ends[3].sub(ends[0]).abs().mean().item()).toBeLessThan(2e-3);
  });
});

describe('the SDE of a stochastic interpolant between Gaussians', () => {
  // N(-1, 1) to N(m, s²), independent: μ = t m - (1 - t), V = (1-t)² + t² s² + γ²; both fields are linear in x.
  const [m, s] = [2, 0.5];
  const gamma = brownianGamma(0.8);
  const parts = (x: Tensor, t: Tensor) => {
    const time = t.expandDims(-1);
    const rest = time.neg().add(1);
    const level = gamma.gamma(time);
    const V = rest
      .square()
      .add(time.square().mul(s * s))
      .add(level.square());
    // γ γ' = .64 (1 - 2t) / 2
    const slope = time
      .mul(s * s)
      .sub(rest)
      .add(time.mul(-2).add(1).mul(0.32))
      .div(V);
    const centered = x.sub(time.mul(m).sub(rest));
    return { level, V, slope, centered };
  };
  const velocity: Velocity = (x, t) => {
    const { slope, centered } = parts(x, t);
    return centered.mul(slope).add(m + 1);
  };
  const eta: Velocity = (x, t) => {
    const { level, V, centered } = parts(x, t);
    return centered.mul(level.div(V));
  };

  test.each(['gamma', 0.32, 0] as const)('diffusion %s keeps the law', (diffusion) => {
    const step = interpolantSde({ velocity, noise: eta }, { gamma, diffusion });
    const { x, evaluations } = sampleChain(step, noise.sub(1), { steps: 100, key });
    expect(evaluations).toBe(200);
    expect(Math.abs(x.mean().item() - m)).toBeLessThan(0.05);
    expect(Math.abs(x.std().item() - s)).toBeLessThan(0.03);
  });

  test('mistakes are named', () => {
    expect(() => interpolantSde({ velocity } as never)).toThrow(/expected a function, got undefined/);
    expect(() => interpolantSde({ velocity, noise: eta }, { diffusion: 'gama' as never })).toThrow(/'gamma'/);
    expect(() => interpolantSde({ velocity, noise: eta }, { diffusion: -1 })).toThrow(/of at least 0/);
  });
});

test('mistakes are named', () => {
  const model: Velocity = (x) => x;
  expect(() => renoise(noise, { scheduler: straight, from: 0.3, to: 0.5, key })).toThrow(ChainTimeError);
  expect(() => renoise(noise, { scheduler: 'vp' as never, from: 0.5, to: 0.3, key })).toThrow(/got 'vp'/);
  expect(() => eulerMaruyama(model, { scheduler: straight, diffusion: 'ddpm' as never })).toThrow(/sigma, memoryless/);
  expect(() => eulerMaruyama(model, { scheduler: straight, diffusion: -1 })).toThrow(/of at least 0/);
  expect(() => ancestral(model, { scheduler: straight, rho: 2 })).toThrow(/rho as a correlation/);
  expect(() => ddim(model, { scheduler: straight, rho: 0 } as never)).toThrow(/named rho/);
  expect(() => churn(model, { scheduler: straight, from: 0.5, to: 0.2 })).toThrow(/churn: to must be/);
  expect(() => churn(model, { scheduler: straight, amont: 1 } as never)).toThrow(/Did you mean amount/);
  expect(() => odeStep(model, 'rk4' as never)).toThrow(/got 'rk4'/);
});

test('f32 chains stay f32 and finite', () => {
  const few = noise.slice([0, 50]).astype('f32');
  const model = mixtureDenoiser(line, straight);
  const options = { scheduler: straight, prediction: 'data' } as const;
  for (const transition of [ancestral(model, options), ddim(model, options), eulerMaruyama(model, options)]) {
    const { x } = sampleChain(transition, few, { steps: 20, key });
    expect(x.dtype).toBe('f32');
    expect(numbers(x).every(Number.isFinite)).toBe(true);
  }
});
