import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DType, TypedArray } from '../../../dtype/dtype.ts';
import { fuse } from '../../../fuse/fuse.ts';
import { evaluateProgram } from '../../../program/evaluate.ts';
import { refData } from '../../../program/refArray.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { ModuleBuilder } from '../assembler/index.ts';
import { emitProgram } from '../emit/program.ts';
import { cpuTarget } from '../target.ts';
import { device, programOf } from '../testing/against-reference.ts';

const OPERATIONS = ['cumSum', 'cumProd', 'cumMax', 'cumMin', 'cumLogSumExp'] as const;

function elements(dtype: DType, size: number, seed: number, special: boolean): TypedArray {
  const data = refData(dtype, size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state ^ (state >>> 15), 0x735a2d97) + 0x9e3779b9) | 0;
    const value = special && state % 7 === 0 ? [NaN, Infinity, -Infinity, -0][(state >>> 8) % 4] : state / 2 ** 30;
    if (dtype === 'f32') data[i] = Math.fround(value);
    else if (dtype === 'f64') data[i] = value;
    else data[i] = dtype === 'i32' ? state : state >>> 0;
  }
  return data;
}

describe('cumulative operations in the module', () => {
  for (const name of OPERATIONS)
    it(`${name} along any axis, from either end, as the plain evaluation`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
          fc.nat(2),
          fc.boolean(),
          fc.constantFrom<DType>(...(name === 'cumLogSumExp' ? (['f32', 'f64'] as const) : DTYPES)),
          fc.boolean(),
          fc.integer(),
          (shape, at, reverse, dtype, special, seed) => {
            const axis = at % shape.length;
            const program = programOf([{ shape, dtype }], (l, x) => [l[name](x, axis, reverse)]);
            const data = elements(dtype, sizeOf(shape), seed, special);
            expect(emitProgram(new ModuleBuilder(), fuse(program, cpuTarget), []).calls).toEqual([]);
            const [expected] = evaluateProgram(program, [{ shape, dtype, data }]);
            const [storage] = device.compile(program).run([device.put(data, dtype)]);
            device.readSync(storage).forEach((got, k) => {
              const wanted = dtype === 'f32' ? Math.fround(expected.data[k]) : expected.data[k];
              const places = dtype === 'f32' ? 2 ** -23 : 2 ** -50;
              // Logarithms of sums near 1 cancel.
              const scale = Math.max(Math.abs(wanted), name === 'cumLogSumExp' ? 1 : 2 ** -100);
              const near = Math.abs(got - wanted) <= places * scale;
              if (!near && !Object.is(got, wanted) && !(Number.isInteger(wanted) && got === wanted))
                throw new Error(`element ${k}: expected ${wanted}, got ${got}`);
            });
          },
        ),
        { numRuns: 80 },
      );
    });

  it('runs in columns of more than one block', () => {
    const shape = [3, 1300];
    const program = programOf([{ shape, dtype: 'f32' }], (l, x) => [l.cumSum(x, 0)]);
    const data = elements('f32', 3900, 5, false);
    const [storage] = device.compile(program).run([device.put(data, 'f32')]);
    const got = device.readSync(storage);
    for (let k = 0; k < 1300; k++) expect(got[2600 + k]).toBe(Math.fround(data[k] + data[1300 + k] + data[2600 + k]));
  });

  it('keeps the digits of long sums of float32', () => {
    const size = 100_003;
    const program = programOf([{ shape: [size], dtype: 'f32' }], (l, x) => [l.cumSum(x, 0)]);
    const data = new Float64Array(size).fill(Math.fround(0.1));
    const [storage] = device.compile(program).run([device.put(data, 'f32')]);
    const got = device.readSync(storage);
    for (const k of [0, 1, 2, 3, 4, 777, 100_002]) expect(got[k]).toBe(Math.fround((k + 1) * Math.fround(0.1)));
  });
});

const DTYPES = ['f32', 'f64', 'i32', 'u32'] as const;
