import { rk4 } from '@flowfield/ode-solvers';
import { condOTScheduler, cosineScheduler } from '@flowfield/paths';
import { concat, grad, jit, linalg, random, type Tensor } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  divergence,
  logLikelihood,
  sampleWithLogLikelihood,
  standardNormalLogDensity,
  tangentField,
  type Velocity,
} from './index.ts';
import { gaussianLogDensity, gaussianVelocity, mean } from './testing/gaussianData.ts';
import { f64, gap, numbers, spherePoints, unitSphere } from './testing/sphere.ts';

const x = random.normal(random.key(0), [32, 3], { dtype: 'f64' });
const tight = { rtol: 1e-8, atol: 1e-8 };
const turn = f64([
  [0, -1, 0.3],
  [1, 0, -0.6],
  [-0.3, 0.6, 0],
]);
const rotation: Velocity = (at) => at.matmul(turn.T);

/** v = (sin ab, ab + c, t c^2), with divergence b cos ab + a + 2 t c. */
const curved: Velocity = (at, t) => {
  const [a, b, c] = [0, 1, 2].map((i) => at.slice('...', [i, i + 1]));
  return concat([a.mul(b).sin(), a.mul(b).add(c), c.square().mul(t.expandDims(-1))], -1);
};
const curvedDivergence = (at: Tensor, t: number): Tensor => {
  const [a, b, c] = [0, 1, 2].map((i) => at.slice('...', i));
  return b
    .mul(a.mul(b).cos())
    .add(a)
    .add(c.mul(2 * t));
};

describe('divergence', () => {
  test('the exact one equals the closed form, for any shape of a point', () => {
    expect(gap(divergence(curved)(x, f64(0.3)), curvedDivergence(x, 0.3))).toBeLessThan(1e-14);
    const images = random.normal(random.key(1), [5, 2, 3], { dtype: 'f64' });
    const cubes = divergence((at) => at.pow(3))(images, f64(0));
    expect(
      gap(
        cubes,
        images
          .square()
          .mul(3)
          .sum({ axis: [1, 2] }),
      ),
    ).toBeLessThan(1e-13);
  });

  test('of a linear field it is the trace, whatever the shape of a point', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), fc.nat(1000), (shape, seed) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        const keys = random.split(random.key(seed));
        const matrix = random.normal(keys.slice(0), [size, size], { dtype: 'f64' });
        const points = random.normal(keys.slice(1), [2, ...shape], { dtype: 'f64' });
        const field: Velocity = (at) =>
          at
            .reshape([2, size])
            .matmul(matrix.T)
            .reshape([2, ...shape]);
        expect(gap(divergence(field)(points, f64(0)), matrix.trace())).toBeLessThan(1e-12);
      }),
      { numRuns: 20 },
    );
  });

  test("Hutchinson's estimate is unbiased within its standard error", () => {
    const matrix = f64([
      [0.5, 2, -1],
      [0.3, -0.2, 0.7],
      [1.5, 0.4, 0.9],
    ]);
    // The same point in every row: each row has noise of its own.
    const count = 4000;
    const rows = f64([[0.1, 0.2, 0.3]]).broadcastTo([count, 3]);
    const estimate = divergence((at) => at.matmul(matrix.T), { kind: 'hutchinson', key: random.key(3) })(rows, f64(0));
    const error = estimate.std().item() / Math.sqrt(count);
    expect(error).toBeGreaterThan(0);
    expect(Math.abs(estimate.mean().item() - 1.2)).toBeLessThan(4 * error);
    const many = divergence((at) => at.matmul(matrix.T), { kind: 'hutchinson', key: random.key(4), probes: 16 })(
      rows,
      f64(0),
    );
    expect(many.std().item() / estimate.std().item()).toBeCloseTo(1 / 4, 1);
  });

  test('of a tangent field it is the divergence on the sphere', () => {
    // The gradient of z on the unit sphere has divergence -2 z.
    const lift = tangentField(unitSphere, (at) => at.mul(0).add(f64([0, 0, 1])));
    expect(gap(divergence(lift)(spherePoints, f64(0)), spherePoints.slice('...', 2).mul(-2))).toBeLessThan(1e-14);
    // Scaling is normal to the sphere: its tangent part is 0.
    const scaling = tangentField(unitSphere, (at) => at.mul(5));
    expect(gap(divergence(scaling)(spherePoints, f64(0)), 0)).toBeLessThan(1e-14);
  });
});

describe('logLikelihood', () => {
  test('of Gaussian data equals the closed form to 1e-6 at tolerance 1e-8', () => {
    for (const scheduler of [condOTScheduler(), cosineScheduler()]) {
      const { logLikelihood: found, x0 } = logLikelihood(gaussianVelocity(scheduler), x, tight);
      expect(gap(found, gaussianLogDensity(x))).toBeLessThan(1e-6);
      expect(gap(x0, x.sub(mean).div(0.4))).toBeLessThan(1e-6);
    }
  });

  test('of samples drawn with it agrees with that of the samples', () => {
    const velocity = gaussianVelocity(condOTScheduler());
    const drawn = sampleWithLogLikelihood(velocity, x, tight);
    expect(gap(drawn.logLikelihood, gaussianLogDensity(drawn.x1))).toBeLessThan(1e-6);
    expect(gap(logLikelihood(velocity, drawn.x1, tight).logLikelihood, drawn.logLikelihood)).toBeLessThan(1e-6);
  });

  test('is summed in f64 beside an f32 state', () => {
    const small = x.astype('f32');
    const found = logLikelihood(gaussianVelocity(condOTScheduler()), small, { solver: rk4(), steps: 100 });
    expect([found.logLikelihood.dtype, found.x0.dtype]).toEqual(['f64', 'f32']);
    expect(gap(found.logLikelihood, gaussianLogDensity(small.astype('f64')))).toBeLessThan(1e-4);
    const narrow = logLikelihood(gaussianVelocity(condOTScheduler()), small, {
      solver: rk4(),
      steps: 10,
      accumulate: 'f32',
    });
    expect(narrow.logLikelihood.dtype).toBe('f32');
  });

  test("Hutchinson's estimate with one noise per solve is exact for a diagonal Jacobian, and adapts as the exact one does", () => {
    const velocity = gaussianVelocity(condOTScheduler());
    const estimate = logLikelihood(velocity, x, { ...tight, divergence: { kind: 'hutchinson', key: random.key(5) } });
    expect(gap(estimate.logLikelihood, gaussianLogDensity(x))).toBeLessThan(1e-6);
    expect(estimate.solution.nfe.item()).toBe(logLikelihood(velocity, x, tight).solution.nfe.item());
  });

  test('its gradient passes through fixed steps', () => {
    const velocity = gaussianVelocity(condOTScheduler());
    const total = (at: Tensor): Tensor => logLikelihood(velocity, at, { solver: rk4(), steps: 60 }).logLikelihood.sum();
    // d log N / dx = -(x - m) / s^2
    expect(gap(jit(grad(total))(x), x.sub(mean).div(-(0.4 ** 2)))).toBeLessThan(1e-4);
  });

  test('on the sphere v = 0 and rotations keep the uniform density exactly', () => {
    const still: Velocity = (at) => at.mul(0);
    for (const velocity of [still, rotation]) {
      const { logLikelihood: found } = logLikelihood(velocity, spherePoints, { manifold: unitSphere, ...tight });
      expect(gap(found, -Math.log(4 * Math.PI))).toBeLessThan(1e-12);
    }
  });

  test('on the sphere a rotation carries a von Mises-Fisher density with it', () => {
    const kappa = 5;
    const log = (at: Tensor, center: Tensor): Tensor =>
      at
        .mul(center)
        .sum({ axis: -1 })
        .mul(kappa)
        .add(Math.log(kappa / (4 * Math.PI * Math.sinh(kappa))));
    const center = f64([[0, 0, 1]]);
    const { logLikelihood: found, x0 } = logLikelihood(rotation, spherePoints, {
      manifold: unitSphere,
      logBase: (at) => log(at, center),
      ...tight,
    });
    expect(gap(x0.norm({ axis: -1 }), 1)).toBeLessThan(1e-14);
    const moved = center.matmul(linalg.expm(turn).T);
    expect(gap(found, log(spherePoints, moved))).toBeLessThan(1e-6);
  });

  test('on the sphere the gradient of z compresses the uniform density as the closed form says', () => {
    const lift: Velocity = (at) => at.mul(0).add(f64([0, 0, 1]));
    const { logLikelihood: found } = logLikelihood(lift, spherePoints, { manifold: unitSphere, ...tight });
    const z1 = numbers(spherePoints.slice('...', 2));
    numbers(found).forEach((value, i) => {
      const z0 = Math.tanh(Math.atanh(z1[i]) - 1);
      expect(value).toBeCloseTo(Math.log((1 - z0 ** 2) / (1 - z1[i] ** 2) / (4 * Math.PI)), 6);
    });
  });

  test('mistakes are named', () => {
    const still: Velocity = (at) => at.mul(0);
    expect(() => logLikelihood(still, x, { logBase: (at) => at.square() })).toThrow(
      /one number for each of the 32 rows, got shape \[32, 3\]/,
    );
    expect(() => logLikelihood(still, x, { t0: 0, t1: 1 })).toThrow(
      /backwards, from data to noise; got t0 = 0 and t1 = 1/,
    );
    expect(() => sampleWithLogLikelihood(still, x, { grid: [1, 0] })).toThrow(/forwards, from noise to data/);
    const { logBase: _none, ...bare } = unitSphere;
    expect(() => logLikelihood(still, spherePoints, { manifold: bare })).toThrow(/has no logBase/);
  });

  test('the standard normal density sums over all axes of a point', () => {
    expect(
      standardNormalLogDensity(
        f64([
          [
            [0, 0],
            [0, 0],
          ],
        ]),
      ).item(),
    ).toBeCloseTo(-2 * Math.log(2 * Math.PI), 14);
  });
});

test('a set without rows has a likelihood without rows', () => {
  const none = f64([[0, 0]]).slice([0, 0]);
  expect(none.shape).toEqual([0, 2]);
  expect(logLikelihood((at) => at, none, tight).logLikelihood.shape).toEqual([0]);
  expect(standardNormalLogDensity(none).shape).toEqual([0]);
});
