import { grad, jit, linalg, ones, onesLike, random, type Tensor, tensor, zeros } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from '../index.ts';
import { type BrownianPath, type SdeSolver, solveOde, solveSde, virtualBrownianTree } from '../index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
const rms = (x: Tensor): number => Math.sqrt(x.square().mean().item());

const [a, b] = [0.5, 0.8];
const drift = (_t: Tensor, y: Tensor): Tensor => y.mul(a);
const diffusion = (_t: Tensor, y: Tensor): Tensor => y.mul(b);
const path = (seed: number, count: number, more: object = {}): BrownianPath =>
  virtualBrownianTree(random.key(seed), { t0: 0, t1: 1, shape: [count], dtype: 'f64', tolerance: 2 ** -18, ...more });

describe('a step by hand', () => {
  const take = (solver: SdeSolver, noise = diffusion): number =>
    solver.step(drift, noise, f64(0), f64([1]), f64(0.1), { w: f64([0.2]) }).item();

  test('Milstein in both senses, and Euler: h = 0.1, dW = 0.2, from 1', () => {
    expect(take(ode.milstein())).toBeCloseTo(1.1908, 12);
    expect(take(ode.milstein({ calculus: 'stratonovich' }))).toBeCloseTo(1.2228, 12);
    expect(take(ode.eulerMaruyama())).toBeCloseTo(1.21, 12);
  });

  test('without noise it is the step of the ODE', () => {
    const still = (_t: Tensor, y: Tensor): Tensor => y.mul(0);
    const ordinary = (solver: ode.OdeSolver): number => solver.step(drift, f64(0), f64([1]), f64(0.1)).y.item();
    expect(take(ode.milstein(), still)).toBe(ordinary(ode.euler()));
    expect(take(ode.eulerMaruyama(), still)).toBe(ordinary(ode.euler()));
    expect(take(ode.stochasticHeun(), still)).toBeCloseTo(ordinary(ode.heun()), 15);
    const ralstonLike = ode.rungeKutta({ name: 'sra1', order: 2, c: [0, 3 / 4], a: [[], [3 / 4]], b: [1 / 3, 2 / 3] });
    expect(take(ode.sra1(), still)).toBeCloseTo(ordinary(ralstonLike), 15);
  });
});

describe('strong order, on one path for all step sizes', () => {
  const steps = [8, 16, 32, 64];
  /** The slope of the log of the error over three halvings. */
  const order = (solve: (count: number) => Tensor, truth: Tensor): number => {
    const errors = steps.map((count) => rms(solve(count).sub(truth)));
    return Math.log2(errors[0] / errors[3]) / 3;
  };
  const noise = path(7, 1000);
  const y0 = ones([1000], { dtype: 'f64' });
  const w = noise.at(1);

  test.each([
    ['eulerMaruyama', ode.eulerMaruyama(), a - (b * b) / 2],
    ['milstein', ode.milstein(), a - (b * b) / 2],
    ['milstein, Stratonovich', ode.milstein({ calculus: 'stratonovich' }), a],
    ['stochasticHeun', ode.stochasticHeun(), a],
  ] as [string, SdeSolver, number][])('%s on geometric Brownian motion', (_name, solver, rate) => {
    const truth = w.mul(b).add(rate).exp();
    const measured = order(
      (count) => solveSde(drift, diffusion, y0, { t0: 0, t1: 1, steps: count, solver, noise }).ys,
      truth,
    );
    expect(Math.abs(measured - solver.strongOrder)).toBeLessThan(0.15);
  });

  test.each([ode.sra1(), ode.shark()])('$name refuses a diffusion that depends on the state', (solver) => {
    const options = { t0: 0, t1: 1, steps: 4, noise: random.key(0), solver };
    const drift = (_t: Tensor, y: Tensor): Tensor => y.neg();
    for (const diffusion of [
      (_t: Tensor, y: Tensor) => y.mul(0.1),
      (_t: Tensor, y: Tensor) => onesLike(y).mul(y.slice(0).sub(y.slice(1))),
    ])
      expect(() => solveSde(drift, diffusion, tensor([1, 1]), options)).toThrow('additive');
    const fading = (t: Tensor, y: Tensor): Tensor => onesLike(y).mul(t.neg().exp());
    expect(
      solveSde(drift, fading, tensor([1, 1]), options)
        .ys.isFinite()
        .all()
        .item(),
    ).toBe(1);
  });

  test.each([ode.sra1(), ode.shark(), ode.eulerMaruyama()])(
    '$name on additive noise that changes with time',
    (solver) => {
      const field = (_t: Tensor, y: Tensor): Tensor => y.neg().add(y.sin().mul(0.3));
      const sigma = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.cos().add(1));
      const options = { t0: 0, t1: 1, noise };
      const truth = solveSde(field, sigma, y0, { ...options, solver: ode.shark(), steps: 512 }).ys;
      const measured = order((count) => solveSde(field, sigma, y0, { ...options, solver, steps: count }).ys, truth);
      expect(measured).toBeGreaterThan((solver.additive ? 1.5 : 1) - 0.15);
    },
  );

  test('backwards on the same path X0 comes again, with the order of the method', () => {
    const field = (_t: Tensor, y: Tensor): Tensor => y.neg();
    const one = (_t: Tensor, y: Tensor): Tensor => y.mul(0).add(1);
    const returned = (count: number): Tensor => {
      const options = { solver: ode.sra1(), steps: count, noise };
      const there = solveSde(field, one, y0, { t0: 0, t1: 1, ...options }).ys;
      return solveSde(field, one, there, { t0: 1, t1: 0, ...options }).ys;
    };
    expect(rms(returned(64).sub(y0))).toBeLessThan(5e-4);
    expect(order(returned, y0)).toBeGreaterThan(1.4);
  });
});

test('weak order: the mean of geometric Brownian motion by Euler-Maruyama is (1 + a h)^n', () => {
  for (const count of [2, 8]) {
    const { ys } = solveSde(drift, diffusion, ones([200_000]), {
      t0: 0,
      t1: 1,
      steps: count,
      noise: random.key(count),
    });
    const spread = Math.exp(a) * Math.sqrt((Math.exp(b * b) - 1) / 200_000);
    expect(Math.abs(ys.mean().item() - (1 + a / count) ** count)).toBeLessThan(4 * spread);
  }
});

describe('a virtual Brownian tree', () => {
  const count = 20_000;
  /** Four standard errors of a mean of squares or products. */
  const near = (value: Tensor, truth: number, scale: number): void => {
    expect(Math.abs(value.item() - truth)).toBeLessThan((4 * scale * Math.SQRT2) / Math.sqrt(count));
  };

  test('has increments and areas of the right law, and adds up', () => {
    const tree = path(4, count);
    const { w, area } = tree.between(0.21, 0.57);
    near(w.mean(), 0, 0.6);
    near(w.square().mean(), 0.36, 0.36);
    near(area.square().mean(), 0.03, 0.03);
    near(w.mul(area).mean(), 0, Math.sqrt(0.36 * 0.03));
    near(w.mul(tree.between(0.6, 0.9).w).mean(), 0, Math.sqrt(0.36 * 0.3));
    expect(gap(tree.between(0.1, 0.3).w.add(tree.between(0.3, 0.8).w), tree.between(0.1, 0.8).w)).toBeLessThan(1e-14);
    expect(gap(tree.between(0.8, 0.1).w, tree.between(0.1, 0.8).w.neg())).toBe(0);
    expect(rms(tree.at(0))).toBe(0);
  });

  test('is the same in any order of asking, compiled, for vectors of times, and in both precisions', () => {
    const tree = path(9, 5);
    const at = tree.at([0.9, 0.25, 0.5]);
    expect(at.shape).toEqual([3, 5]);
    expect(gap(tree.at(0.25), at.slice(1))).toBeLessThan(1e-14);
    expect(gap(jit((t: Tensor) => tree.at(t))(f64(0.9)), at.slice(0))).toBeLessThan(1e-14);
    expect(gap(path(9, 5, { dtype: 'f32' }).at(0.5).astype('f64'), at.slice(2))).toBeLessThan(1e-6);
    expect(gap(path(10, 5).at(0.5), at.slice(2))).toBeGreaterThan(1e-3);
  });

  test('pinned at both ends it is a bridge: W(1) = 1.5 gives mean 0.375 and variance 0.1875 at 0.25', () => {
    const bridge = path(1, count, { end: 1.5 });
    const w = bridge.at(0.25);
    near(w.mean(), 0.375, Math.sqrt(0.1875));
    near(w.sub(0.375).square().mean(), 0.1875, 0.1875);
    expect(gap(bridge.at(1), ones([count], { dtype: 'f64' }).mul(1.5))).toBeLessThan(1e-14);
  });

  test('correlated: cov = rho t and var = t, bridged too', () => {
    const rho = -0.7;
    const listed = [
      [1, rho],
      [rho, 1],
    ];
    const options = { shape: [count, 2], covariance: f64(listed) };
    const w = path(2, count, options).at(0.65);
    expect(gap(path(2, count, { ...options, covariance: listed }).at(0.65), w)).toBe(0);
    const moments = (x: Tensor): [Tensor, Tensor] => [
      x.slice('...', 0).mul(x.slice('...', 1)).mean(),
      x.slice('...', 1).square().mean(),
    ];
    const [product, square] = moments(w);
    near(product, rho * 0.65, 0.65);
    near(square, 0.65, 0.65);
    const bridge = path(3, count, { ...options, end: f64([1, -1]) });
    const [bridged, bridgedSquare] = moments(bridge.at(0.3).sub(f64([0.3, -0.3])));
    near(bridged, rho * 0.21, 0.21);
    near(bridgedSquare, 0.21, 0.21);
    expect(gap(bridge.at(1).slice(5), f64([1, -1]))).toBeLessThan(1e-13);
  });

  test('refuses what it cannot answer', () => {
    const tree = path(1, 2);
    expect(() => tree.at(1.5)).toThrow(/runs from 0 to 1, and was asked at 1\.5/);
    expect(() => tree.at([0.5, -1])).toThrow(/was asked at -1/);
    expect(() => virtualBrownianTree(5 as never, { t0: 0, t1: 1 })).toThrow(/expected a key first/);
    expect(() => virtualBrownianTree(random.key(1), { t0: 1, t1: 0 })).toThrow(/t0 must be a number below t1/);
    expect(() => virtualBrownianTree(random.key(1), { t0: 0, t1: 1, shpe: [2] } as never)).toThrow(
      /Did you mean shape\?/,
    );
    expect(() => path(1, 2, { covariance: f64([[1]]) })).toThrow(/covariance must be \[m, m\]/);
    expect(Number.isNaN(jit((t: Tensor) => tree.at(t).sum())(f64(2)).item())).toBe(true);
  });
});

describe('solveSde', () => {
  test('the same key gives the same bits, another key another path', () => {
    const solve = (seed: number): Tensor =>
      solveSde(drift, diffusion, ones([4]), { t0: 0, t1: 1, steps: 20, noise: random.key(seed) }).ys;
    expect(gap(solve(1), solve(1))).toBe(0);
    expect(gap(solve(1), solve(2))).toBeGreaterThan(1e-3);
  });

  test('scalar and general noise have the covariance of g gᵀ', () => {
    const matrix = f64([
      [0.5, 0.2, 0],
      [-0.3, 0.4, 0.6],
    ]);
    const rows = 20_000;
    const still = (_t: Tensor, y: Tensor): Tensor => y.mul(0);
    const start = zeros([rows, 2], { dtype: 'f64' });
    const options = { t0: 0, t1: 1, steps: 4 };
    const general = solveSde(still, () => matrix.expandDims(0).broadcastTo([rows, 2, 3]), start, {
      ...options,
      kind: 'general',
      noise: random.key(5),
    }).ys;
    expect(gap(general.T.matmul(general).div(rows), matrix.matmul(matrix.T))).toBeLessThan(0.03);
    const scalar = solveSde(still, (_t, y) => y.mul(0).add(f64([1, -2])), start, {
      ...options,
      kind: 'scalar',
      noise: random.key(6),
    }).ys;
    expect(gap(scalar.slice('...', 1), scalar.slice('...', 0).mul(-2))).toBeLessThan(1e-12);
    expect(gap(scalar.slice(0), scalar.slice(1))).toBe(0);
  });

  test('times to save become ends of steps, in either direction; steps, trees and projections work', () => {
    const noise = path(8, 3);
    const solve = (options: object) =>
      solveSde(drift, diffusion, ones([3], { dtype: 'f64' }), { t0: 0, t1: 1, steps: 10, noise, ...options });
    const saved = solve({ saveAt: { ts: [0, 0.25, 1] } });
    expect(saved.ts.toArray()).toEqual([0, 0.25, 1]);
    expect(saved.steps.item()).toBe(11);
    const fine = solve({ steps: 20, saveAt: { steps: true } });
    expect(fine.ys.shape).toEqual([21, 3]);
    expect(gap(saved.ys.slice(1), fine.ys.slice(5))).toBeLessThan(0.3);
    const trees = solveSde(
      (_t, y) => y,
      (_t, y) => y,
      { x: ones([2]), z: f64([1]) },
      { t0: 0, t1: 1, steps: 3, noise: random.key(2) },
    );
    expect([trees.ys.x.shape, trees.ys.z.dtype]).toEqual([[2], 'f64']);
    const round = solve({ project: (y: Tensor) => y.div(y.norm()) });
    expect(round.ys.norm().item()).toBeCloseTo(1, 14);
  });

  test('gradients through the path agree with finite differences, with checkpoints and compiled', () => {
    const loss = (checkpoint: boolean) => (s: Tensor) =>
      solveSde(drift, (_t, y) => y.mul(s).sin(), f64([1, 0.5]), {
        t0: 0,
        t1: 1,
        steps: 12,
        noise: path(3, 2),
        solver: ode.stochasticHeun(),
        checkpoint,
      }).ys.sum();
    const at = f64(0.8);
    const slope = (loss(false)(at.add(1e-6)).item() - loss(false)(at.sub(1e-6)).item()) / 2e-6;
    expect(grad(loss(false))(at).item()).toBeCloseTo(slope, 6);
    expect(jit(grad(loss(true)))(at).item()).toBeCloseTo(slope, 6);
  });

  test('the stationary covariance of an Ornstein-Uhlenbeck process solves its Lyapunov equation', () => {
    const pull = f64([
      [1, 0.4],
      [-0.2, 0.8],
    ]);
    const rows = 10_000;
    const field = (_t: Tensor, y: Tensor): Tensor => y.matmul(pull.T).neg();
    const { ys } = solveSde(field, (_t, y) => y.mul(0).add(1), zeros([rows, 2], { dtype: 'f64' }), {
      t0: 0,
      t1: 8,
      steps: 160,
      solver: ode.shark(),
      noise: random.key(11),
    });
    const cov = ys.T.matmul(ys).div(rows);
    const balance = pull.matmul(cov).add(cov.matmul(pull.T));
    expect(
      gap(
        balance,
        f64([
          [1, 0],
          [0, 1],
        ]),
      ),
    ).toBeLessThan(0.08);
    expect(linalg.det(cov).item()).toBeGreaterThan(0);
  });

  test.each([
    [{ noise: undefined }, /noise must be a key/],
    [{ steps: undefined }, /expected one of steps, step and grid, got none/],
    [{ step: 0.1 }, /got steps and step/],
    [{ t1: Number.NaN }, /solveSde: t1 must be finite/],
    [{ kind: 'diag' }, /kind must be 'diagonal', 'scalar' or 'general', got 'diag'/],
    [{ kind: 'general', solver: ode.milstein() }, /milstein is for diagonal or scalar noise/],
    [{ solver: ode.rk4() }, /expected a solver such as eulerMaruyama/],
    [{ saveAt: { ts: [2] } }, /solveSde: saveAt\.ts\[0\] = 2 is outside/],
    [{ rtol: 1e-3 }, /solveSde: .* got one named rtol/],
    [{ noise: path(1, 5) }, /needs a path of the shape of the state, \[2\], got \[5\]/],
    [{ t1: 2, noise: path(1, 2) }, /the path runs from 0 to 1, and the solve from 0 to 2/],
  ])('bad options %o', (options, message) => {
    const all = { t0: 0, t1: 1, steps: 4, noise: random.key(1), ...options };
    expect(() => solveSde(drift, diffusion, f64([1, 2]), all as never)).toThrow(message);
  });

  test('a diffusion of another form, and a state that explodes, have their own errors', () => {
    const options = { t0: 0, t1: 1, steps: 4, noise: random.key(1) };
    expect(() => solveSde(drift, (_t, y) => y.sum(), f64([1, 2]), options)).toThrow(
      /the diffusion must return a tree like its state/,
    );
    expect(() => solveSde((_t, y: Tensor) => y.log(), diffusion, f64([-1]), options)).toThrow(
      /solveSde: nonFinite at t = 0, step 0\.25/,
    );
    const partial = solveSde((t, y: Tensor) => y.mul(t.sub(0.6).neg().sqrt()), diffusion, f64([1]), {
      ...options,
      throw: false,
    });
    expect([partial.code.item(), partial.t.item()]).toEqual([3, 0.75]);
  });

  test('zero noise is the ODE', () => {
    const still = (_t: Tensor, y: Tensor): Tensor => y.mul(0);
    const ys = solveSde(drift, still, f64([1]), { t0: 0, t1: 1, steps: 10, noise: random.key(1) }).ys;
    expect(gap(ys, solveOde(drift, f64([1]), { t0: 0, t1: 1, steps: 10, solver: ode.euler() }).ys)).toBeLessThan(1e-15);
  });
});
