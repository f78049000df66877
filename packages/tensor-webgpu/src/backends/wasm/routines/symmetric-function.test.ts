import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuse } from '../../../fuse/fuse.ts';
import { symmetricFunctionPrimitive } from '../../../primitives/linalg/symmetricFunction.ts';
import { evaluateProgram } from '../../../program/evaluate.ts';
import { bind } from '../../../trace/bind.ts';
import { ModuleBuilder } from '../assembler/index.ts';
import { emitProgram } from '../emit/program.ts';
import { cpuTarget } from '../target.ts';
import { device, programOf } from '../testing/against-reference.ts';

const functions = {
  exp: { kind: 'exp' },
  log: { kind: 'log' },
  root: { kind: 'power', exponent: 0.5 },
  'inverse root': { kind: 'power', exponent: -0.5 },
  power: { kind: 'power', exponent: 2.3 },
  'small power': { kind: 'power', exponent: -0.01 },
} as const;

/** Symmetric matrices V diag(w) Vᵀ for the rotation by these angles in turn. */
function matrices(spectra: readonly (readonly number[])[], angle: number): Float64Array {
  const n = spectra[0].length;
  return Float64Array.from(
    spectra.flatMap((w) => {
      const a = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? w[i] : 0)));
      for (let i = 0; i + 1 < n; i++) {
        const [c, s] = [Math.cos(angle + i), Math.sin(angle + i)];
        const turn = (row: number[], k: number): void => {
          const [p, q] = [row[k], row[k + 1]];
          row[k] = c * p - s * q;
          row[k + 1] = s * p + c * q;
        };
        for (const row of a) turn(row, i);
        for (let j = 0; j < n; j++) {
          const [p, q] = [a[i][j], a[i + 1][j]];
          a[i][j] = c * p - s * q;
          a[i + 1][j] = s * p + c * q;
        }
      }
      return a.flat();
    }),
  );
}

function programFor(f: object, count: number, n: number, order: number, dtype: 'f32' | 'f64') {
  const aval = { shape: [count, n, n], dtype };
  return programOf(Array(order + 1).fill(aval), (_lax, ...x) => bind(symmetricFunctionPrimitive, x, { f }));
}

/** Results of the module and of the plain evaluation. */
function both(f: object, count: number, n: number, dtype: 'f32' | 'f64', ...given: Float64Array[]) {
  const program = programFor(f, count, n, given.length - 1, dtype);
  const data = given.map((array) => (dtype === 'f32' ? Float64Array.from(array, Math.fround) : array));
  const [expected] = evaluateProgram(
    program,
    data.map((array, k) => ({ ...program.inputs[k], data: array })),
  );
  const inputs = data.map((array) => device.put(dtype === 'f32' ? Float32Array.from(array) : array, dtype));
  const [output] = device.compile(program).run(inputs);
  const got = Float64Array.from(device.readSync(output));
  for (const storage of [...inputs, output]) storage.dispose();
  return { got, expected: Float64Array.from(expected.data) };
}

const positive = fc.constantFrom(1e-3, 0.1, 0.5, 0.5000001, 1, 1.0000000001, 1.9, 2, 7, 40);

describe('functions of symmetric matrices in the module', () => {
  for (const [name, f] of Object.entries(functions))
    for (const order of [0, 1])
      it(`${name}, derivative of order ${order}: those of the plain evaluation, but for rounding, and symmetric`, () => {
        const stacks = fc
          .integer({ min: 1, max: 6 })
          .chain((n) => fc.array(fc.array(positive, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 4 }));
        fc.assert(
          fc.property(
            stacks,
            fc.double({ min: 0, max: 3, noNaN: true }),
            fc.constantFrom('f32', 'f64'),
            (spectra, angle, dtype) => {
              const [count, n] = [spectra.length, spectra[0].length];
              const directions = matrices(
                spectra.map((w) => w.map((_, i) => Math.cos(3 * i + angle))),
                angle + 1,
              );
              const given = [matrices(spectra, angle), ...(order === 1 ? [directions] : [])];
              const { got, expected } = both(f, count, n, dtype, ...given);
              const most = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
              // Eigenvalues have an error of the largest one's rounding, which f and its slope magnify where it is steep.
              const tolerance = (dtype === 'f32' ? 2 ** -23 : 1e-11) * most;
              got.forEach((value, k) => {
                expect(Math.abs(value - expected[k])).toBeLessThanOrEqual(tolerance);
              });
              for (let b = 0; b < count; b++)
                for (let i = 0; i < n; i++)
                  for (let j = 0; j < n; j++) expect(got[(b * n + i) * n + j]).toBe(got[(b * n + j) * n + i]);
            },
          ),
          { numRuns: 60 },
        );
      });

  it('are NaN where there is none, alone, and take what is negative by rounding as 0', () => {
    const rows = [
      [1, 2, 3],
      [0, 1, 2],
      [-1, 1, 2],
      [-1e-16, 1, 2],
      [NaN, 1, 2],
      [Infinity, 1, 2],
      [4, 4, 4],
    ];
    // Diagonal, since a sum with infinity is NaN.
    const data = Float64Array.from(
      rows.flatMap((w) => [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => (i === j ? w[i] : 0)))),
    );
    for (const f of Object.values(functions))
      for (const order of [0, 1]) {
        const { got, expected } = both(f, rows.length, 3, 'f64', ...Array(order + 1).fill(data));
        got.forEach((value, k) => {
          if (Number.isNaN(expected[k])) expect(value).toBeNaN();
          else expect(value).toBeCloseTo(expected[k], 9);
        });
      }
  });

  it('are left to the host from the second derivative on', () => {
    const calls = [0, 1, 2].map(
      (order) =>
        emitProgram(new ModuleBuilder(), fuse(programFor({ kind: 'exp' }, 2, 3, order, 'f64'), cpuTarget), []).calls
          .length,
    );
    expect(calls).toEqual([0, 0, 1]);
  });
});
