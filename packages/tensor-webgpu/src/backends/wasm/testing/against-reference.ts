import { expect } from 'vitest';
import { isFloat, type TypedArray } from '../../../dtype/dtype.ts';
import { lower } from '../../../optimize/simplify.ts';
import { lax } from '../../../primitives/lax.ts';
import type { Aval } from '../../../program/aval.ts';
import { evaluateProgram } from '../../../program/evaluate.ts';
import type { Program } from '../../../program/program.ts';
import { refData } from '../../../program/refArray.ts';
import type { Value } from '../../../program/value.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { traceProgram } from '../../../trace/builder.ts';
import { cpuDevice } from '../device.ts';

export const device = cpuDevice();

/** Reproducible numbers in [-2, 2), integers in [-8, 8) or [0, 16), and booleans. */
export function sample(aval: Aval, seed: number): TypedArray {
  const data = refData(aval.dtype, sizeOf(aval.shape));
  let state = seed * 2654435761 + 12345;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const unit = state / 2 ** 32;
    if (isFloat(aval.dtype)) data[i] = Math.fround(4 * unit - 2);
    else if (aval.dtype === 'bool') data[i] = unit < 0.5 ? 0 : 1;
    else data[i] = Math.floor(16 * unit) - (aval.dtype === 'i32' ? 8 : 0);
  }
  return data;
}

export type Build = (l: typeof lax, ...inputs: Value[]) => readonly Value[];

/** The simplified program of a function on inputs of these shapes. */
export const programOf = (avals: readonly Aval[], build: Build): Program =>
  lower(traceProgram(avals, (...inputs) => build(lax, ...inputs)).program);

/** Runs a program on the CPU device and on the reference, and compares; floats to `tolerance` relative to the largest element. */
export function checkProgram(
  program: Program,
  tolerance = 2e-6,
  given?: readonly TypedArray[],
  donate?: boolean[],
): void {
  const data = given ?? program.inputs.map((aval, i) => sample(aval, i + 1));
  const expected = evaluateProgram(
    program,
    program.inputs.map(({ shape, dtype }, i) => ({ shape, dtype, data: data[i] })),
  );
  const executable = device.compile(program, { donate });
  for (let turn = 0; turn < 2; turn++) {
    const inputs = program.inputs.map(({ dtype }, i) => device.put(data[i], dtype));
    const outputs = executable.run(inputs);
    outputs.forEach((storage, k) => {
      const actual = device.readSync!(storage);
      const wanted = expected[k].data;
      expect(actual.length).toBe(wanted.length);
      const { dtype } = program.outputs[k];
      let scale = 1;
      for (const value of wanted) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
      const bound = isFloat(dtype) ? (dtype === 'f64' ? 1e-12 : tolerance) * scale : 0;
      for (let i = 0; i < wanted.length; i++) {
        const same =
          Object.is(actual[i], wanted[i]) || actual[i] === wanted[i] || Math.abs(actual[i] - wanted[i]) <= bound;
        if (!same)
          throw new Error(`output ${k}, element ${i}: expected ${wanted[i]}, got ${actual[i]} (bound ${bound})`);
      }
      storage.dispose();
    });
    for (const storage of inputs) storage.dispose();
  }
  executable.dispose();
}

export const check = (avals: readonly Aval[], build: Build, tolerance?: number): void =>
  checkProgram(programOf(avals, build), tolerance);

export const f32 = (...shape: number[]): Aval => ({ shape, dtype: 'f32' });
export const f64 = (...shape: number[]): Aval => ({ shape, dtype: 'f64' });
export const i32 = (...shape: number[]): Aval => ({ shape, dtype: 'i32' });
export const u32 = (...shape: number[]): Aval => ({ shape, dtype: 'u32' });
export const bool = (...shape: number[]): Aval => ({ shape, dtype: 'bool' });
