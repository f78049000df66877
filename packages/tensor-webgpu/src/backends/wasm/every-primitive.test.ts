import { describe, expect, it } from 'vitest';
import { DTYPES, type DType, isFloat } from '../../dtype/dtype.ts';
import { DTypeError } from '../../errors/errors.ts';
import { primitives } from '../../primitives/table.ts';
import { Var } from '../../program/aval.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { Primitive, Program } from '../../program/program.ts';
import { refData } from '../../program/refArray.ts';
import { device } from './testing/against-reference.ts';

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  3,
  Infinity,
  -Infinity,
  NaN,
  1e-3,
  7.25,
  -7.25,
  0.999,
  100,
  1e-30,
  1e30,
];
/** Largest relative error that a float32 function may have, in units of 2^-24; the functions' own tests are sharper. */
const F32_BOUND = 16 * 2 ** -24;

function operands(count: number, dtype: DType): ReturnType<typeof refData>[] {
  const side = SPECIAL.length;
  const size = side ** Math.min(count, 2) + 1;
  return Array.from({ length: count }, (_, k) => {
    const data = refData(dtype, size);
    for (let i = 0; i < size; i++) {
      const value = SPECIAL[(k % 2 === 0 ? i : Math.floor(i / side)) % side];
      if (isFloat(dtype)) data[i] = dtype === 'f32' ? Math.fround(value) : value;
      else if (dtype === 'bool') data[i] = value > 0 ? 1 : 0;
      else
        data[i] =
          Number.isFinite(value) && Math.abs(value) < 2 ** 31
            ? Math.trunc(dtype === 'u32' ? Math.abs(value) : value)
            : i % 31;
    }
    return data;
  });
}

/** The number of operands that the primitive's function takes. */
const arity = (primitive: Primitive): number => (primitive.scalar as (...args: number[]) => unknown).length;

function programFor(primitive: Primitive, dtype: DType, size: number): Program | null {
  const inputs = Array.from(
    { length: arity(primitive) },
    (_, i) => new Var({ shape: [size], dtype: primitive.name === 'select' && i === 0 ? 'bool' : dtype }),
  );
  try {
    const outputs = primitive.shape(inputs, {}).map((aval) => new Var(aval));
    return { inputs, eqns: [{ primitive, inputs, params: {}, outputs }], outputs };
  } catch (error) {
    if (error instanceof DTypeError) return null;
    throw error;
  }
}

const elementwise = [...primitives.values()].filter((p) => p.kind === 'elementwise' && p.scalar && arity(p) > 0);

describe('every elementwise primitive agrees with the reference on ordinary and special values', () => {
  it('finds them', () => expect(elementwise.length).toBeGreaterThan(40));
  for (const primitive of elementwise) {
    it(primitive.name, () => {
      let ran = 0;
      for (const dtype of DTYPES) {
        const probe = operands(arity(primitive), dtype);
        const program = programFor(primitive, dtype, probe[0].length);
        if (!program) continue;
        ran++;
        const size = probe[0].length;
        const data = program.inputs.map((variable, i) =>
          variable.dtype === dtype ? probe[i] : refData('bool', size).map((_, k) => k % 2),
        );
        const expected = evaluateProgram(
          program,
          program.inputs.map((variable, i) => ({ shape: variable.shape, dtype: variable.dtype, data: data[i] })),
        );
        const inputs = program.inputs.map((variable, i) => device.put(data[i], variable.dtype));
        const outputs = device.compile(program).run(inputs);
        outputs.forEach((storage, k) => {
          const actual = device.readSync!(storage);
          const kind = program.outputs[k].dtype;
          for (let i = 0; i < actual.length; i++) {
            const wanted = kind === 'f32' ? Math.fround(expected[k].data[i]) : expected[k].data[i];
            const given = data.map((operand) => operand[i]).join(', ');
            const close =
              isFloat(kind) &&
              Math.abs(actual[i] - wanted) <=
                (kind === 'f32' ? F32_BOUND : 1e-14) * Math.max(Math.abs(wanted), 2 ** -126);
            if (!close && !Object.is(actual[i] + 0, wanted + 0))
              throw new Error(`${primitive.name}(${given}) in ${dtype}: expected ${wanted}, got ${actual[i]}`);
          }
          storage.dispose();
        });
        for (const storage of inputs) storage.dispose();
      }
      expect(ran).toBeGreaterThan(0);
    });
  }
});
