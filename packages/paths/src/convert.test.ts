import { jit, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  condOTScheduler,
  convert,
  cosineScheduler,
  type Prediction,
  polynomialScheduler,
  SingularConversionError,
  schedulerAt,
} from './index.ts';
import { f64, gap, innerTimes, normals, numbers, schedulers } from './testing/draws.ts';

const kinds: readonly Prediction[] = ['velocity', 'data', 'noise', 'score'];
const pairs = kinds.flatMap((from) => kinds.map((to) => [from, to] as const));

describe.each(Object.entries(schedulers))('conversions, %s', (_name, scheduler) => {
  const t = innerTimes(25);
  const [x0, x1] = [normals(0, [25, 2]), normals(1, [25, 2])];
  const { xt, dxt } = affinePath(scheduler).sample({ x0, x1, t });
  const sigma = scheduler.sigma(t).expandDims(-1);
  // For one pair of ends, the expectations are the ends themselves.
  const exact: Record<Prediction, Tensor> = { velocity: dxt, data: x1, noise: x0, score: x0.div(sigma).neg() };

  test.each(pairs)('%s to %s is exact and comes back', (from, to) => {
    const made = convert(scheduler, exact[from], { from, to, xt, t });
    const scale = 1 + Math.max(...numbers(exact[to].abs()));
    expect(gap(made, exact[to]) / scale).toBeLessThan(1e-10);
    const back = convert(scheduler, made, { from: to, to: from, xt, t });
    expect(gap(back, exact[from]) / (1 + Math.max(...numbers(exact[from].abs())))).toBeLessThan(1e-10);
  });

  test('the marginal velocity of Gaussian data is the closed form, from each of its other forms', () => {
    const [m, s] = [0.7, 0.4];
    const c = schedulerAt(scheduler, t);
    const per = (x: Tensor): Tensor => x.expandDims(-1);
    // x_t ~ N(α m, V), V = α² s² + σ²; regression of x_1 on x_t has slope α s² / V.
    const variance = c.alphaT
      .square()
      .mul(s * s)
      .add(c.sigmaT.square());
    const centered = xt.sub(per(c.alphaT).mul(m));
    const slope = c.alphaT
      .mul(c.dAlphaT)
      .mul(s * s)
      .add(c.sigmaT.mul(c.dSigmaT))
      .div(variance);
    const velocity = per(c.dAlphaT).mul(m).add(per(slope).mul(centered));
    const forms: Record<Exclude<Prediction, 'velocity'>, Tensor> = {
      data: per(c.alphaT.mul(s * s).div(variance))
        .mul(centered)
        .add(m),
      noise: per(c.sigmaT.div(variance)).mul(centered),
      score: centered.div(per(variance)).neg(),
    };
    const scale = 1 + Math.max(...numbers(velocity.abs()));
    for (const from of ['data', 'noise', 'score'] as const) {
      expect(gap(convert(scheduler, forms[from], { from, to: 'velocity', xt, t }), velocity) / scale).toBeLessThan(
        1e-10,
      );
      expect(gap(convert(scheduler, velocity, { from: 'velocity', to: from, xt, t }), forms[from])).toBeLessThan(1e-10);
    }
  });
});

describe('the ends', () => {
  const xt = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    f64,
  );
  const at = (from: Prediction, to: Prediction, t: number | number[]): Tensor =>
    convert(condOTScheduler(), xt, { from, to, xt, t });

  test('every direction that has a value at an end gives it, and every other throws', () => {
    const throwsAt = (t: number): string[] =>
      pairs.flatMap(([from, to]) => {
        try {
          expect(numbers(at(from, to, t)).every(Number.isFinite)).toBe(true);
          return [];
        } catch (error) {
          expect(error).toBeInstanceOf(SingularConversionError);
          return [`${from} ${to}`];
        }
      });
    expect(throwsAt(0)).toEqual(['noise velocity', 'noise data', 'score velocity', 'score data']);
    expect(throwsAt(1)).toEqual(['velocity score', 'data velocity', 'data noise', 'data score', 'noise score']);
  });

  test('the velocity of a schedule that starts at rest says nothing at t = 0', () => {
    const rest = polynomialScheduler(2);
    expect(() => convert(rest, xt, { from: 'velocity', to: 'data', xt, t: 0 })).toThrow(
      /α'σ - σ'α of polynomial\(2\) is 0 at t = 0 in row 0/,
    );
  });

  test('the message names the row and the remedy', () => {
    expect(() => at('data', 'velocity', [0.5, 1])).toThrow(
      /σ of condOT is 0 at t = 1 in row 1; .* Stay at times below 1/,
    );
  });

  test('a traced call stays finite; a number as the time is checked even there', () => {
    const traced = jit((t: Tensor) => convert(cosineScheduler(), xt, { from: 'noise', to: 'data', xt, t }));
    expect(numbers(traced(tensor([0, 0.5], f64))).every(Number.isFinite)).toBe(true);
    const fixed = jit((x: Tensor) => convert(cosineScheduler(), x, { from: 'noise', to: 'data', xt: x, t: 0 }));
    expect(() => fixed(xt)).toThrow(SingularConversionError);
  });

  test('a prediction of another shape is refused', () => {
    expect(() => convert(condOTScheduler(), [[1, 2]], { from: 'data', to: 'noise', xt, t: 0.5 })).toThrow(
      /shape of xt \[2, 2\], got \[1, 2\]/,
    );
    expect(() => at('speed' as Prediction, 'data', 0.5)).toThrow(/expected two of velocity, data, noise, score/);
  });
});
