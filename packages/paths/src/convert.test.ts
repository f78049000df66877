import { jit, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  condOTScheduler,
  convert,
  cosineScheduler,
  type Prediction,
  polynomialScheduler,
  type Scheduler,
  SchedulerError,
  SingularConversionError,
  schedulerAt,
  TimeRangeError,
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

  // At an end each form is what the two ends of the path make of it, or it is refused: never NaN.
  const refused: Record<string, { start: string[]; end: string[] }> = {};
  const fromNoise = ['noise velocity', 'noise data', 'score velocity', 'score data'];
  const fromVelocity = ['velocity data', 'velocity noise', 'velocity score'];
  const atData = ['velocity score', 'data velocity', 'data noise', 'data score', 'noise score'];
  for (const name of Object.keys(schedulers)) {
    const hasData = name.startsWith('VP') || name === 'VE';
    const hasNoise = name === 'VE' || name === 'condOT with a floor';
    refused[name] = {
      start: hasData ? [] : name === 'polynomial 2.5' ? [...fromVelocity, ...fromNoise] : fromNoise,
      end: hasNoise ? [] : atData,
    };
  }

  test.each(
    Object.entries(schedulers).flatMap(([name, scheduler]) =>
      (['f32', 'f64'] as const).map((dtype) => ({ name, scheduler, dtype })),
    ),
  )('$name in $dtype: every pair of forms at both ends', ({ name, scheduler, dtype }) => {
    const [x0, x1] = [normals(0, [3, 2]).astype(dtype), normals(1, [3, 2]).astype(dtype)];
    for (const [t, expected] of [
      [0, refused[name].start],
      [1, refused[name].end],
    ] as const) {
      const { xt: at, dxt } = affinePath(scheduler).sample({ x0, x1, t });
      const sigma = scheduler.sigma(tensor(t, { dtype }));
      const exact: Record<Prediction, Tensor> = { velocity: dxt, data: x1, noise: x0, score: x0.div(sigma).neg() };
      const smoothEnd = { score: x0, noise: x0.mul(0), velocity: x1.mul(scheduler.dAlpha(tensor(t, { dtype }))) };
      const throwing = pairs.flatMap(([from, to]) => {
        if (from === to) return [];
        try {
          // Where σ = 0 a density with a finite score leaves no noise to predict.
          const smooth = from === 'score' && sigma.item() === 0;
          const known = smooth ? { ...exact, ...smoothEnd } : exact;
          const made = convert(scheduler, known[from], { from, to, xt: at, t });
          // At the data end of diffusion σ' is infinite and stands for its neighbour's; so is what follows from it.
          const scale = Math.max(...numbers(known[to].abs()), ...numbers(dxt.abs()), 1);
          expect(gap(made, known[to]) / scale, `${from} to ${to} at ${t}`).toBeLessThan(dtype === 'f32' ? 2e-5 : 1e-12);
          return [];
        } catch (error) {
          expect(error, `${from} to ${to} at ${t}`).toBeInstanceOf(SingularConversionError);
          return [`${from} ${to}`];
        }
      });
      expect(throwing.sort(), `at ${t}`).toEqual([...expected].sort());
    }
  });

  test('data that differ from xt by less than the time that is left give the velocity between them', () => {
    for (const [dtype, error] of [
      ['f64', 1e-9],
      ['f32', 0.07],
    ] as const) {
      const at = tensor([[0], [1], [0.125]], { dtype });
      const data = at.add(1e-6);
      const v = convert(condOTScheduler(), data, { from: 'data', to: 'velocity', xt: at, t: 1 - 1e-6 });
      expect(gap(v, 1)).toBeLessThan(error);
    }
    const at = tensor([[1]], f64);
    expect(() => convert(condOTScheduler(), at.add(1e-6), { from: 'data', to: 'velocity', xt: at, t: 1 })).toThrow(
      SingularConversionError,
    );
  });

  test('what is no scheduler, and misspelt options, are named', () => {
    const options = { from: 'data', to: 'noise', xt, t: 0.5 } as const;
    expect(() => convert('cosine' as unknown as Scheduler, xt, options)).toThrow(SchedulerError);
    expect(() => convert(condOTScheduler(), xt, { ...options, form: 'data' } as typeof options)).toThrow(
      /one named form/,
    );
    expect(() => convert(condOTScheduler(), xt, { ...options, t: 1.5 })).toThrow(TimeRangeError);
    expect(() => schedulerAt(condOTScheduler(), [0.5, -0.5])).toThrow(/times in \[0, 1\].* got -0.5 in row 1/);
  });

  test('the velocity of a schedule that starts at rest says nothing at t = 0', () => {
    const rest = polynomialScheduler(2);
    expect(() => convert(rest, xt, { from: 'velocity', to: 'data', xt, t: 0 })).toThrow(
      /α'σ - σ'α of polynomial\(2\) is 0 at t = 0 in row 0/,
    );
    expect(() => convert(rest, xt, { from: 'velocity', to: 'score', xt, t: 0 })).toThrow(SingularConversionError);
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
    const atRest = jit((x: Tensor) =>
      convert(polynomialScheduler(2), x, { from: 'velocity', to: 'score', xt: x, t: 0 }),
    );
    expect(() => atRest(xt)).toThrow(SingularConversionError);
  });

  test('a prediction of another shape is refused', () => {
    expect(() => convert(condOTScheduler(), [[1, 2]], { from: 'data', to: 'noise', xt, t: 0.5 })).toThrow(
      /shape of xt \[2, 2\], got \[1, 2\]/,
    );
    expect(() => at('speed' as Prediction, 'data', 0.5)).toThrow(
      /expected a kind of prediction among velocity, data, noise, score, got 'speed'/,
    );
  });
});
