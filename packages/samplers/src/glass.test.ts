import { euler, heun, midpoint, rk4 } from '@flowfield/ode-solvers';
import {
  condOTScheduler,
  convert,
  cosineScheduler,
  kineticOptimalScheduler,
  linearVPScheduler,
  polynomialScheduler,
  type Scheduler,
  SchedulerError,
  schedulerAt,
  separationOf,
  veScheduler,
  vpScheduler,
} from '@flowfield/paths';
import { jit, linalg, random, type Tensor, where } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  ChainTimeError,
  type Correlation,
  glass,
  glassCoefficients,
  glassTrajectory,
  glassTransition,
  NonFiniteSampleError,
  runChain,
  sampleChain,
  slicedWasserstein,
  type Velocity,
} from './index.ts';
import {
  drawMixture,
  type Mixture,
  mixtureDenoiser,
  mixtureVelocity,
  quantileDistance,
  transitionLaw,
} from './testing/mixture.ts';
import { f64, gap, numbers } from './testing/sphere.ts';

const line: Mixture = { weights: [0.3, 0.3, 0.4], means: [[-2], [0.5], [1.5]], variances: [0.09, 0.25, 0.04] };
const key = random.key(0);
const straight = condOTScheduler();

/** The coefficients of a transition as numbers. */
function coefficients(scheduler: Scheduler, t: number, tNext: number, rho: Correlation) {
  const c = glassCoefficients(scheduler, f64(t), f64(tNext), rho);
  return {
    a: c.alphaT.item(),
    s: c.sigmaT.item(),
    rho: c.rho.item(),
    gammaBar: c.gammaBar.item(),
    alphaBar: c.alphaBar.item(),
    sigmaBar: c.sigmaBar.item(),
  };
}

describe('coefficients', () => {
  test.each([straight, cosineScheduler(), polynomialScheduler(2), linearVPScheduler(), vpScheduler()])(
    '$name: both marginals are those of the path, ᾱ > 0, and DDPM forgets the noise of xt',
    (scheduler) => {
      for (const [t, next] of [
        [0, 0.3],
        [0.2, 0.5],
        [0.5, 0.51],
        [0.7, 1],
      ]) {
        const target = schedulerAt(scheduler, f64(next));
        for (const rho of [-1, -0.3, 0, 0.4, 1, 'ddpm'] as const) {
          const c = coefficients(scheduler, t, next, rho);
          expect(c.alphaBar).toBeGreaterThan(0);
          expect(c.gammaBar * c.a + c.alphaBar).toBeCloseTo(target.alphaT.item(), 12);
          expect(c.gammaBar ** 2 * c.s ** 2 + c.sigmaBar ** 2).toBeCloseTo(target.sigmaT.item() ** 2, 12);
        }
        // The ancestral kernel is that of the forward process: x_t = (α/α') x_t' + independent noise.
        const { a, s, rho } = coefficients(scheduler, t, next, 'ddpm');
        expect(rho * s * target.sigmaT.item()).toBeCloseTo((a / target.alphaT.item()) * target.sigmaT.item() ** 2, 12);
      }
    },
  );

  test.each([0.4, -0.3, 'ddpm'] as const)(
    'ρ = %s: the denoiser of the inner field is the posterior mean of both looks',
    (rho) => {
      // Data N(0, 1): E[z | x_t, X] from the 2x2 covariance of both observations, against what Euler steps reveal.
      const [t, next, steps] = [0.3, 0.7, 5];
      const gaussian: Mixture = { weights: [1], means: [[0]], variances: [1] };
      const c = coefficients(straight, t, next, rho);
      const x = f64([[0.37]]);
      const options = { scheduler: straight, prediction: 'data', solver: euler(), steps, rho } as const;
      const path = numbers(glassTrajectory(mixtureDenoiser(gaussian, straight), options)(x, f64(t), f64(next), key));
      for (let k = 0; k < steps; k++) {
        const s = k / steps;
        const [A, S, X] = [s * c.alphaBar, 1 - s + s * c.sigmaBar, path[k]];
        const growth = (c.sigmaBar - 1) / S;
        const slope = (path[k + 1] - X) * steps;
        const found = (slope - growth * (X - c.gammaBar * 0.37)) / (c.alphaBar - A * growth);
        // (x_t, X) = μ z + noise, with μ = (α, A + γ α) and noise covariance C; prior precision 1.
        const mu = f64([[c.a], [A + c.gammaBar * c.a]]);
        const C = f64([
          [c.s ** 2, c.gammaBar * c.s ** 2],
          [c.gammaBar * c.s ** 2, c.gammaBar ** 2 * c.s ** 2 + S ** 2],
        ]);
        const solved = linalg.solve(C, mu);
        const exact =
          f64([[0.37, X]])
            .matmul(solved)
            .item() /
          (1 + mu.T.matmul(solved).item());
        expect(found).toBeCloseTo(exact, 11);
      }
    },
  );
});

describe('one transition of the exact model', () => {
  const denoiser = mixtureDenoiser(line, straight);
  const draw = (options: Partial<Parameters<typeof glassTransition>[1]>, xt: number, count = 40_000): number[] => {
    const { t = 0.3, tNext = 0.6, ...rest } = options;
    const step = jit((x: Tensor, key: random.Key) =>
      glassTransition(denoiser, { scheduler: straight, prediction: 'data', ...rest, t, tNext, xt: x, key }),
    );
    return numbers(step(f64([[xt]]).broadcastTo([count, 1]), random.key(1)));
  };

  test.each([-0.3, 0, 0.4, 0.8, 1, 'ddpm'] as const)('ρ = %s: the closed form, W1 <= .01 by 16 evaluations', (rho) => {
    for (const [t, tNext, xt] of [
      [0.2, 0.5, -0.4],
      [0.5, 0.8, 0.6],
    ]) {
      const law = transitionLaw(line, coefficients(straight, t, tNext, rho), xt);
      expect(quantileDistance(draw({ t, tNext, rho }, xt), law)).toBeLessThan(0.01);
    }
  });

  test('from t = 0 and to tNext = 1', () => {
    const start = transitionLaw(line, coefficients(straight, 0, 0.5, 0.4), 0.7);
    expect(quantileDistance(draw({ t: 0, tNext: 0.5, steps: 64, solver: euler() }, 0.7), start)).toBeLessThan(0.012);
    const end = transitionLaw(line, coefficients(straight, 0.4, 1, 0.4), 0.7);
    expect(quantileDistance(draw({ t: 0.4, tNext: 1, steps: 16 }, 0.7), end)).toBeLessThan(0.01);
    expect(quantileDistance(draw({ t: 0, tNext: 1, steps: 32 }, 0.7), line)).toBeLessThan(0.015);
  });

  test('other solvers and another scale of the inner noise', () => {
    const law = transitionLaw(line, coefficients(straight, 0.3, 0.6, 0.4), -0.4);
    for (const options of [{ solver: heun() }, { solver: rk4(), steps: 4 }, { s0: 0.5 }, { s0: 2, steps: 12 }]) {
      expect(quantileDistance(draw(options, -0.4), law)).toBeLessThan(0.012);
    }
    const sharp = transitionLaw(line, coefficients(straight, 0.3, 0.6, 1), -0.4);
    expect(quantileDistance(draw({ solver: heun(), rho: 1, steps: 12 }, -0.4), sharp)).toBeLessThan(0.012);
  });

  test('the error falls with the order of the solver', () => {
    // The map of one noise to x_t' against that of many steps.
    const at = (solver: ReturnType<typeof euler>, steps: number): Tensor =>
      glassTransition(denoiser, {
        scheduler: straight,
        prediction: 'data',
        xt: x,
        t: 0.3,
        tNext: 0.6,
        solver,
        steps,
        key,
      });
    const x = random.normal(random.key(1), [400, 1], { dtype: 'f64' });
    const exact = at(midpoint(), 512);
    const error = (solver: ReturnType<typeof euler>, steps: number): number =>
      at(solver, steps).sub(exact).abs().mean().item();
    const slope = (solver: ReturnType<typeof euler>): number => Math.log2(error(solver, 16) / error(solver, 32));
    expect(Math.abs(slope(euler()) - 1)).toBeLessThan(0.25);
    expect(Math.abs(slope(midpoint()) - 2)).toBeLessThan(0.35);
  });

  test('one Euler step is ancestral sampling: ᾱ D + γ x + σ̄ e', () => {
    const x = random.normal(random.key(2), [50, 1], { dtype: 'f64' });
    const found = glassTransition(denoiser, {
      scheduler: straight,
      prediction: 'data',
      xt: x,
      t: 0.3,
      tNext: 0.6,
      rho: 'ddpm',
      solver: euler(),
      steps: 1,
      key,
    });
    const c = coefficients(straight, 0.3, 0.6, 'ddpm');
    const noise = random.normal(key, [50, 1], { dtype: 'f64' });
    const expected = denoiser(x, f64(0.3).broadcastTo([50]))
      .mul(c.alphaBar)
      .add(x.mul(c.gammaBar))
      .add(noise.mul(c.sigmaBar));
    expect(gap(found, expected)).toBeLessThan(1e-12);
  });

  test('the inner path starts from γ x + noise and ends where the transition does', () => {
    const x = random.normal(random.key(2), [5, 1], { dtype: 'f64' });
    for (const [solver, rows] of [
      [midpoint(), 5],
      [rk4(), 6],
    ] as const) {
      const options = { scheduler: straight, prediction: 'data', solver, steps: 4 } as const;
      const path = glassTrajectory(denoiser, options)(x, f64(0.3), f64(0.6), key);
      expect(path.shape).toEqual([rows, 5, 1]);
      expect(gap(path.slice(-1), glassTransition(denoiser, { ...options, xt: x, t: 0.3, tNext: 0.6, key }))).toBe(0);
      const start = x
        .mul(coefficients(straight, 0.3, 0.6, 0.4).gammaBar)
        .add(random.normal(key, [5, 1], { dtype: 'f64' }));
      expect(gap(path.slice(0), start)).toBeLessThan(1e-14);
    }
  });

  test('with S(1) = 0 the last Euler step returns γ x + ᾱ D', () => {
    const constant: Velocity = (at) => at.mul(0).add(0.8);
    const x = f64([[0.3], [-0.5]]);
    for (const solver of [euler(), rk4()]) {
      const found = glassTransition(constant, {
        scheduler: straight,
        prediction: 'data',
        xt: x,
        t: 0.4,
        tNext: 1,
        solver,
        key,
      });
      expect(gap(found, 0.8)).toBeLessThan(1e-3);
    }
  });
});

// The kinetic-optimal path for data whose λ is that of a mixture of near and far points.
const optimal = kineticOptimalScheduler(separationOf((s) => 1 / (1 + s * s) / (1 + s)));

describe('any trained model', () => {
  const x = random.normal(random.key(3), [64, 1], { dtype: 'f64' });

  test.each([straight, cosineScheduler(), linearVPScheduler(), vpScheduler(), veScheduler(), optimal])(
    '$name: all four kinds of prediction agree',
    (scheduler) => {
      const denoiser = mixtureDenoiser(line, scheduler);
      const results = (['velocity', 'data', 'noise', 'score'] as const).map((prediction) => {
        const model: Velocity = (at, t) =>
          convert(scheduler, denoiser(at, t), { from: 'data', to: prediction, xt: at, t });
        return jit((at: Tensor) => glassTransition(model, { scheduler, prediction, xt: at, t: 0.3, tNext: 0.6, key }))(
          x,
        );
      });
      for (const result of results) expect(gap(result, results[0])).toBeLessThan(1e-8);
    },
  );

  test('a velocity of a path that starts at rest works from t = 0', () => {
    const scheduler = polynomialScheduler(2);
    const model = mixtureVelocity(line, scheduler);
    const step = jit((at: Tensor) => glassTransition(model, { scheduler, xt: at, t: 0, tNext: 0.7, steps: 32, key }));
    const many = random.normal(random.key(4), [20_000, 1], { dtype: 'f64' });
    const c = schedulerAt(scheduler, f64(0.7));
    const [a, s] = [c.alphaT.item(), c.sigmaT.item()];
    const law = {
      ...line,
      means: line.means.map(([m]) => [a * m]),
      variances: line.variances.map((v) => a * a * v + s * s),
    };
    expect(quantileDistance(numbers(step(many)), law)).toBeLessThan(0.03);
  });

  test('times by row equal scalar times, and f32 points keep scalars in double precision', () => {
    const options = { scheduler: straight, prediction: 'data', key } as const;
    const model = mixtureDenoiser(line, straight);
    const rows = glassTransition(model, { ...options, xt: x, t: Array(64).fill(0.3), tNext: 0.6 });
    const one = glassTransition(model, { ...options, xt: x, t: 0.3, tNext: 0.6 });
    expect(gap(rows, one)).toBeLessThan(1e-12);
    const late = { ...options, t: 0.999, tNext: 0.9999, xt: x.astype('f32') };
    const narrow = glassTransition(model, late);
    expect(narrow.dtype).toBe('f32');
    expect(numbers(narrow).every(Number.isFinite)).toBe(true);
  });

  test('one key, one result; two keys, two', () => {
    const run = (seed: number): Tensor =>
      glassTransition(mixtureDenoiser(line, straight), {
        scheduler: straight,
        prediction: 'data',
        xt: x,
        t: 0.3,
        tNext: 0.6,
        key: random.key(seed),
      });
    expect(gap(run(1), run(1))).toBe(0);
    expect(gap(run(1), run(2))).toBeGreaterThan(0.1);
  });
});

describe('chains', () => {
  const ring: Mixture = {
    weights: [0.1, 0.2, 0.15, 0.25, 0.1, 0.2],
    means: Array.from({ length: 6 }, (_, k) => [2 * Math.cos((k * Math.PI) / 3), 2 * Math.sin((k * Math.PI) / 3)]),
    variances: Array(6).fill(0.0625),
  };
  const model = mixtureVelocity(ring, straight);
  const x0 = random.normal(random.key(5), [20_000, 2], { dtype: 'f64' });
  const data = drawMixture(ring, 20_000, random.key(6));

  test.each([-0.3, 0, 0.4, 1, 'ddpm'] as const)('ρ = %s: five transitions keep the law of the data', (rho) => {
    const { x, evaluations } = sampleChain(glass(model, { scheduler: straight, rho, steps: 10 }), x0, {
      steps: 5,
      key,
    });
    expect(slicedWasserstein(x, data, { key: random.key(7), projections: 64 })).toBeLessThan(0.05);
    expect(evaluations).toBe(100);
  });

  test('a trajectory holds every time; the law in between is that of the path', () => {
    const grid = [0, 0.4, 0.8, 1];
    const { trajectory, x } = sampleChain(glass(model, { scheduler: straight, steps: 10 }), x0, {
      grid,
      key,
      trajectory: true,
    });
    expect(trajectory!.shape).toEqual([4, 20_000, 2]);
    expect(gap(trajectory!.slice(0), x0)).toBe(0);
    expect(gap(trajectory!.slice(3), x)).toBe(0);
    const middle = data.mul(0.4).add(random.normal(random.key(8), [20_000, 2], { dtype: 'f64' }).mul(0.6));
    expect(slicedWasserstein(trajectory!.slice(1), middle, { key: random.key(7), projections: 64 })).toBeLessThan(0.05);
  });

  test('step by step, with progress, it gives the same; it can be stopped', async () => {
    const transition = glass(model, { scheduler: straight, steps: 2 });
    const few = x0.slice([0, 10]);
    const seen: number[] = [];
    const stepped = await runChain(transition, few, {
      steps: 4,
      key,
      onProgress: ({ done, total, t }) => seen.push(done, total, t),
    });
    expect(seen).toEqual([1, 4, 0.25, 2, 4, 0.5, 3, 4, 0.75, 4, 4, 1]);
    expect(gap(stepped.x, sampleChain(transition, few, { steps: 4, key }).x)).toBeLessThan(1e-12);
    const early = await runChain(transition, few, { steps: 4, key, stopWhen: (_x, t) => t >= 0.5 });
    expect([early.grid, early.evaluations]).toEqual([[0, 0.25, 0.5], 8]);
    const controller = new AbortController();
    const run = runChain(transition, few, {
      steps: 4,
      key,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(run).rejects.toThrow('enough');
  });

  test('NaN is named by step, time and row', async () => {
    const broken = (x: Tensor, t: Tensor): Tensor =>
      x
        .add(f64([[0], [1]]))
        .div(
          t
            .sub(0.5)
            .abs()
            .sub(x.slice('...', [0, 1]).mul(0))
            .maximum(0),
        )
        .sub(x);
    const bad = Object.assign((x: Tensor, t: Tensor) => broken(x, t), { evaluations: 1 });
    const start = f64([[1], [1]]);
    expect(() => sampleChain(bad, start, { grid: [0.1, 0.5, 1], key })).toThrow(NonFiniteSampleError);
    await expect(runChain(bad, start, { grid: [0.1, 0.5, 1], key })).rejects.toThrow(
      /step 1, from t = 0.5 to 1, row 0/,
    );
  });
});

test('a tilt by V of a Gaussian reward gives the tilted Gaussian', () => {
  // Data N(0, 1), r(x) = -(c/2)(x - m)²: tilted N(c m / (1 + c), 1 / (1 + c)); V_t is that of x1 | x_t = N(μ, q).
  const [c, m] = [2, 1.5];
  const gaussian: Mixture = { weights: [1], means: [[0]], variances: [1] };
  const tilt = (y: Tensor, t: Tensor): Tensor => {
    const { alphaT, sigmaT } = schedulerAt(straight, t);
    const V = alphaT.square().add(sigmaT.square());
    const mean = y.squeeze(-1).mul(alphaT).div(V);
    const q = sigmaT.square().div(V);
    return mean
      .sub(m)
      .square()
      .mul(-c / 2)
      .div(q.mul(c).add(1));
  };
  const transition = glass(mixtureVelocity(gaussian, straight), { scheduler: straight, tilt, steps: 16 });
  const x0 = random.normal(random.key(9), [20_000, 1], { dtype: 'f64' });
  const { x } = sampleChain(transition, x0, { steps: 4, key });
  expect(x.mean().item()).toBeCloseTo((c * m) / (1 + c), 1);
  const tilted = { weights: [1], means: [[(c * m) / (1 + c)]], variances: [1 / (1 + c)] };
  expect(quantileDistance(numbers(x), tilted)).toBeLessThan(0.03);
});

describe('mistakes', () => {
  const model: Velocity = (x) => x;
  const xt = f64([[1], [2]]);
  const call =
    ({ model: broken, ...options }: { model?: true }) =>
    () =>
      glassTransition(broken ? (x) => x.div(f64([[1], [0]])) : model, {
        scheduler: straight,
        xt,
        t: 0.2,
        tNext: 0.5,
        key,
        ...options,
      });
  test.each<[string, object, new (message: string) => Error, RegExp]>([
    ['a model that gives NaN', { model: true }, NonFiniteSampleError, /first in row 1/],
    ['time that runs back', { tNext: 0.1 }, ChainTimeError, /0 <= t < tNext <= 1, got t = 0.2 and tNext = 0.1/],
    ['time that stands', { tNext: 0.2 }, ChainTimeError, /0 <= t < tNext/],
    ['a time beyond 1', { tNext: 1.5 }, ChainTimeError, /tNext = 1.5/],
    ['one bad time of a row', { t: [0.2, 0.6] }, ChainTimeError, /in row 1/],
    ['times of another shape', { t: [0.1, 0.2, 0.3] }, ChainTimeError, /shape \[2\], got \[3\]/],
    ['a correlation beyond 1', { rho: 1.2 }, Error, /rho as a correlation in \[-1, 1\] or 'ddpm', got 1.2/],
    ['a misspelt correlation', { rho: 'dppm' }, Error, /got 'dppm'/],
    ['no scheduler', { scheduler: 'condOT' }, SchedulerError, /got 'condOT'/],
    ['another prediction', { prediction: 'speed' }, Error, /velocity, data, noise, score, got 'speed'/],
    ['no steps', { steps: 0 }, Error, /steps must be a whole number/],
    ['another solver', { solver: 'rk4' }, Error, /got 'rk4'/],
    ['a misspelt option', { step: 4 }, Error, /Did you mean steps/],
    ['a scale of 0', { s0: 0 }, Error, /s0 must be/],
    ['a time range the wrong way', { timeRange: [1, 0] }, Error, /timeRange/],
  ])('%s', (_what, options, type, message) => {
    expect(call(options)).toThrow(type);
    expect(call(options)).toThrow(message);
  });

  test.each<[string, object, RegExp]>([
    ['no grid', {}, /one of grid and steps, got none/],
    ['both', { steps: 3, grid: [0, 1] }, /got both/],
    ['a grid that falls', { grid: [0, 0.5, 0.2] }, /0.5 before 0.2 at 2/],
    ['a grid beyond 1', { grid: [0, 2] }, /ascend in \[0, 1\]/],
    ['one time', { grid: [0] }, /at least 2 times/],
    ['no whole number of steps', { steps: 1.5 }, /steps must be a whole number/],
  ])('a chain with %s', (_what, options, message) => {
    const transition = glass(model, { scheduler: straight });
    expect(() => sampleChain(transition, xt, { key, ...options } as never)).toThrow(message);
  });
});

test.each([
  ['ve', veScheduler()],
  ['condOT with a floor', condOTScheduler({ sigmaMin: 0.01 })],
])(
  'near the noise that %s keeps at t = 1, every ρ keeps the marginals, and times lie in [0, 1]',
  (_name, scheduler) => {
    const data: Mixture = { weights: [1], means: [[2]], variances: [0.25] };
    const rows = 4000;
    const marginal = (t: number): { mean: number; deviation: number } => {
      const { alphaT, sigmaT } = schedulerAt(scheduler, f64(t));
      return { mean: 2 * alphaT.item(), deviation: Math.hypot(0.5 * alphaT.item(), sigmaT.item()) };
    };
    const exact = mixtureDenoiser(data, scheduler);
    // A model that was trained on [0, 1] knows nothing beyond.
    const trained = (t: Tensor): Tensor => t.greaterEqual(0).logicalAnd(t.lessEqual(1));
    const model = (x: Tensor, t: Tensor): Tensor =>
      exact(x, t).add(where(trained(t), 0, Number.NaN).astype('f64').reshape([-1, 1]));
    const { mean, deviation } = marginal(0.999);
    const xt = random.normal(key, [rows, 1], { dtype: 'f64' }).mul(deviation).add(mean);
    const end = marginal(1);
    for (const rho of [-1, -0.3, 0, 'ddpm'] as const) {
      const options = { scheduler, prediction: 'data', rho, steps: 20, t: 0.999, tNext: 1 } as const;
      const next = glassTransition(model, { ...options, xt, key: random.key(5) });
      expect(Math.abs(next.mean().item() - end.mean)).toBeLessThan((4 * end.deviation) / Math.sqrt(rows));
      expect(next.std().item() / end.deviation).toBeCloseTo(1, 1);
    }
  },
);
