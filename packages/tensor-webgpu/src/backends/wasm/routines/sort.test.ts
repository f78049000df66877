import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTYPES, type DType, type TypedArray } from '../../../dtype/dtype.ts';
import { fuse } from '../../../fuse/fuse.ts';
import { evaluateProgram } from '../../../program/evaluate.ts';
import type { Program } from '../../../program/program.ts';
import { refData } from '../../../program/refArray.ts';
import { ModuleBuilder } from '../assembler/index.ts';
import { emitProgram } from '../emit/program.ts';
import { cpuTarget } from '../target.ts';
import { device, programOf } from '../testing/against-reference.ts';

const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, NaN, -NaN, 1e-40, -1e-40, 3e38, -3e38, 2 ** 31, -(2 ** 31), 7];

/** Elements with many ties, special values and noise. */
function elements(dtype: DType, size: number, seed: number): TypedArray {
  const data = refData(dtype, size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state ^ (state >>> 15), 0x735a2d97) + 0x9e3779b9) | 0;
    const kind = (state >>> 4) % 3;
    const value = kind === 0 ? SPECIAL[(state >>> 8) % SPECIAL.length] : kind === 1 ? (state >> 20) % 5 : state / 977;
    if (dtype === 'f32') data[i] = Math.fround(value);
    else if (dtype === 'f64') data[i] = value;
    else if (dtype === 'bool') data[i] = state & 1;
    else data[i] = dtype === 'i32' ? value | 0 : value >>> 0;
  }
  return data;
}

/** Whether the device gives the bits of the plain evaluation, without help of the host. */
function expectExact(program: Program, data: readonly TypedArray[]): void {
  expect(emitProgram(new ModuleBuilder(), fuse(program, cpuTarget), []).calls).toEqual([]);
  const expected = evaluateProgram(
    program,
    program.inputs.map(({ shape, dtype }, i) => ({ shape, dtype, data: data[i] })),
  );
  const inputs = program.inputs.map(({ dtype }, i) => device.put(data[i], dtype));
  const outputs = device.compile(program).run(inputs);
  outputs.forEach((storage, i) => {
    const actual = device.readSync(storage);
    for (let k = 0; k < actual.length; k++)
      if (!Object.is(actual[k], expected[i].data[k]))
        throw new Error(`output ${i}, element ${k}: expected ${expected[i].data[k]}, got ${actual[k]}`);
  });
  for (const storage of [...inputs, ...outputs]) storage.dispose();
}

describe('sort in the module', () => {
  for (const dtype of DTYPES)
    it.each([1, 2, 3, 31, 48, 49, 64, 300, 5000])(`stable, with NaN last, of ${dtype} in lines of %d`, (extent) => {
      const rows = extent < 100 ? 5 : 2;
      const shape = [rows, extent];
      const program = programOf([{ shape, dtype }], (l, x) => l.sort([x, l.iota(shape, 1, 'i32')], 1));
      expectExact(program, [elements(dtype, rows * extent, extent)]);
    });

  it('by several keys of any dtypes, whose ties go to the next', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...DTYPES), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer(),
        (dtypes, keys, extent, seed) => {
          const shape = [3, extent];
          const program = programOf(
            dtypes.map((dtype) => ({ shape, dtype })),
            (l, ...x) => l.sort(x, Math.min(keys, x.length)),
          );
          expectExact(
            program,
            dtypes.map((dtype, k) => elements(dtype, 3 * extent, seed + k)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of empty lines and no lines', () => {
    for (const shape of [[0], [3, 0], [0, 5]]) {
      const program = programOf([{ shape, dtype: 'f32' }], (l, x) => l.sort([x], 1));
      expectExact(program, [new Float64Array(0)]);
    }
  });
});
