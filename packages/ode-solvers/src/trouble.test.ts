import { ArgumentError, jit, linalg, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { OdeError, type OdeSolver, rk4, type SolveOptions, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

const generator = [
  [-0.3, 1.7, 0.2],
  [-1.4, 0.1, 0.6],
  [0.5, -0.8, -0.2],
];
const matrix = f64(generator);
const start = f64([1, -0.5, 2]);
const linear = (_t: Tensor, y: Tensor): Tensor => matrix.matmul(y);
const exact = (t: number): Tensor => linalg.expm(matrix.mul(t)).matmul(start);

describe('trouble', () => {
  const failure = (run: () => unknown): OdeError => {
    try {
      run();
    } catch (error) {
      if (error instanceof OdeError) return error;
      throw error;
    }
    throw new Error('expected an OdeError');
  };

  test('too few steps', () => {
    const options: SolveOptions<Tensor> = { t0: 0, t1: 50, maxSteps: 5 };
    const error = failure(() => solveOde(linear, start, options));
    expect(error.outcome).toBe('maxSteps');
    expect(error.message).toMatch(/Raise maxSteps/);
    const solution = solveOde(linear, start, { ...options, throw: false });
    expect(solution.code.item()).toBe(error.code);
    expect(solution.steps.item()).toBe(5);
    expect(solution.t.item()).toBe(error.time);
    expect(gap(solution.ys, exact(solution.t.item()))).toBeLessThan(1e-3);
  });

  test('NaN in the right-hand side: the time, the row, and the last good state', () => {
    // Row 1 takes the square root of a negative number from t = 0.5 on.
    const field = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(f64([1, 0.5, 2]).sub(t).sqrt());
    const error = failure(() => solveOde(field, f64([0, 0, 0]), { t0: 0, t1: 1 }));
    expect([error.outcome, error.row]).toEqual(['nonFinite', 1]);
    expect(error.time).toBeCloseTo(0.5, 6);
    const stopped = solveOde(field, f64([0, 0, 0]), { t0: 0, t1: 1, throw: false });
    expect(numbers(stopped.ys).every(Number.isFinite)).toBe(true);
    const fixed = failure(() => solveOde(field, f64([0, 0, 0]), { t0: 0, t1: 1, solver: rk4(), steps: 10 }));
    expect([fixed.outcome, fixed.row, fixed.step]).toEqual(['nonFinite', 1, expect.closeTo(0.1, 12)]);
    expect(fixed.time).toBeCloseTo(0.5, 12);
  });

  test('NaN at the start', () => {
    const error = failure(() => solveOde((_t, y: Tensor) => y.log(), f64([1, -1]), { t0: 0, t1: 1 }));
    expect([error.outcome, error.row, error.time]).toEqual(['nonFinite', 1, 0]);
  });

  test('a start that holds NaN is told from a right-hand side that gives it', () => {
    for (const [y0, row] of [[f64([1, Number.NaN]), 1] as const, [f64(Number.POSITIVE_INFINITY), undefined] as const]) {
      for (const steps of [{}, { steps: 4, solver: rk4() }]) {
        const error = failure(() => solveOde((_t, y: Tensor) => y.neg(), y0, { t0: 0, t1: 1, ...steps }));
        expect([error.outcome, error.row, error.time]).toEqual(['nonFinite', row, 0]);
        expect(error.message).toMatch(/state that the solve starts from holds NaN/);
      }
    }
  });

  test('a singularity: step underflow or a value that is not finite, at its time', () => {
    // y' = y^2 from 1 is 1 / (1 - t).
    const error = failure(() => solveOde((_t, y: Tensor) => y.square(), f64([1]), { t0: 0, t1: 2 }));
    expect(['stepUnderflow', 'nonFinite']).toContain(error.outcome);
    expect(error.time).toBeCloseTo(1, 3);
    const large = failure(() => solveOde((_t, y: Tensor) => y.square(), f64([1]), { t0: 0, t1: 2, minStep: 0.01 }));
    expect(large.outcome).toBe('stepUnderflow');
    expect(large.message).toMatch(/Loosen rtol and atol, keep the state in f64, lower minStep/);
  });

  test('under a trace the code is a tensor', () => {
    const code = jit((y0: Tensor) => solveOde(linear, y0, { t0: 0, t1: 50, maxSteps: 5 }).code)(start);
    expect(code.item()).toBe(1);
  });

  test.each([
    [{ t0: 0, t1: 1, steps: 2, step: 0.1 }, /one of steps, step and grid/],
    [{ t0: 0, t1: 1, steps: 2, rtol: 0.1 }, /fixes the steps/],
    [{ t0: 0, t1: 1, steps: 0 }, /at least 1, got 0/],
    [{ t0: 0, t1: 1, step: -0.1 }, /positive number, got -0.1/],
    [{ t0: 0, t1: Number.NaN }, /t1 must be finite/],
    [{ t0: 0, t1: '1' as unknown as number }, /t1 must be a number or a scalar tensor, got '1'/],
    [{ t0: 0, t1: 1, steps: 2, solver: 'rk4' as unknown as OdeSolver }, /expected a solver such as rk4\(\).*got 'rk4'/],
    [{ t0: 0, t1: 1, saveAt: [0.5] as object }, /saveAt: expected options .*, got \[0\.5\]\. .*{ ts: … }/],
    [{ t0: 0, t1: 1, saveAt: { tss: [0.5] } as object }, /saveAt: .* got one named tss\. Did you mean ts\?/],
    [{ t0: 0, t1: 1, rtoll: 1e-3 } as object, /solveOde: .* got one named rtoll\. Did you mean rtol\?/],
    [{ t0: 0, t1: 1, steps: 2.5 }, /steps must be a whole number of at least 1, got 2\.5/],
    [{ t0: 0, t1: 1, maxSteps: 0 }, /maxSteps must be a whole number of at least 1, got 0/],
    [undefined as never, /solveOde: expected options { t0, t1, .*, got undefined/],
    [{ t0: 0 }, /expected t0 and t1/],
    [{ t0: 0, t1: 1, solver: rk4() }, /rk4 has no error estimate/],
    [{ t0: 0, t1: 1, rtol: 0, atol: 0 }, /both 0/],
    [{ t0: 0, t1: 1, saveAt: { ts: [0.2, 0.1] } }, /must run one way/],
    [{ t0: 0, t1: 1, saveAt: { ts: [0.2, 1.1] } }, /outside the interval/],
    [{ grid: [0, 0.5, 0.2, 1] }, /grid must run one way/],
  ] as [SolveOptions<Tensor>, RegExp][])('bad options %o', (options, message) => {
    expect(() => solveOde(linear, start, options)).toThrow(ArgumentError);
    expect(() => solveOde(linear, start, options)).toThrow(message);
  });

  test('a right-hand side that is no function', () => {
    expect(() => solveOde(tensor(1) as never, start, { t0: 0, t1: 1 })).toThrow(
      /solveOde: expected a function, got a tensor of f32/,
    );
  });

  test('a right-hand side of another form', () => {
    expect(() => solveOde((_t, y: Tensor) => y.sum(), start, { t0: 0, t1: 1 })).toThrow(
      /leaf 0 of the state has shape \[3\]/,
    );
    expect(() => solveOde((_t, y: Tensor) => y, tensor([1], { dtype: 'i32' }), { t0: 0, t1: 1 })).toThrow(
      /floating state, got i32/,
    );
  });
});
