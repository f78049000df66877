import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DType, TypedArray } from '../../../dtype/dtype.ts';
import { fuse } from '../../../fuse/fuse.ts';
import { cholesky } from '../../../primitives/linalg/cholesky.ts';
import { eigh } from '../../../primitives/linalg/eigh.ts';
import { lu } from '../../../primitives/linalg/lu.ts';
import { qr } from '../../../primitives/linalg/qr.ts';
import { svd } from '../../../primitives/linalg/svd.ts';
import { triangularSolve } from '../../../primitives/linalg/triangularSolve.ts';
import { evaluateProgram } from '../../../program/evaluate.ts';
import { refData } from '../../../program/refArray.ts';
import type { Value } from '../../../program/value.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { ModuleBuilder } from '../assembler/index.ts';
import { emitProgram } from '../emit/program.ts';
import { cpuTarget } from '../target.ts';
import { device, programOf } from '../testing/against-reference.ts';

/** Stacks of matrices of every kind: ordinary, symmetric and definite, singular, of zeros, of huge and tiny numbers. */
function stack(shape: readonly number[], dtype: DType, seed: number): TypedArray {
  const data = refData(dtype, sizeOf(shape));
  const [rows, columns] = shape.slice(-2);
  const size = rows * columns;
  let state = seed;
  const unit = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x735a2d97) + 0x9e3779b9) | 0;
    return state / 2 ** 31;
  };
  for (let b = 0; b * size < data.length; b++) {
    const kind = (seed + b) % 7;
    const one = data.subarray(b * size, (b + 1) * size);
    for (let k = 0; k < size; k++) one[k] = unit();
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        if (kind === 1 || kind === 2)
          one[i * columns + j] = (i === j ? rows + 1 : 0) + (i < j ? 0.1 * i - j : 0.1 * j - i) / 9;
        if (kind === 3 && i > 0) one[i * columns + j] = one[j];
        if (kind === 4) one[i * columns + j] = i === j ? 2 : 0;
        if (kind === 5) one[i * columns + j] = 0;
        if (kind === 6) one[i * columns + j] *= dtype === 'f64' ? 1e200 : 1e30;
      }
    if (dtype === 'f32') for (let k = 0; k < size; k++) one[k] = Math.fround(one[k]);
  }
  return data;
}

type Build = (...x: Value[]) => Value[];

/** Whether every output has the bits of the plain evaluation, rounded once to the dtype. */
function expectSame(build: Build, shapes: readonly (readonly number[])[], dtype: DType, seed: number): void {
  const avals = shapes.map((shape) => ({ shape: [...shape], dtype }));
  const program = programOf(avals, (_lax, ...x) => build(...x));
  expect(emitProgram(new ModuleBuilder(), fuse(program, cpuTarget), []).calls).toEqual([]);
  const data = shapes.map((shape, k) => stack(shape, dtype, seed + 3 * k));
  const expected = evaluateProgram(
    program,
    avals.map((aval, k) => ({ ...aval, data: data[k] })),
  );
  const inputs = data.map((array) => device.put(array, dtype));
  const outputs = device.compile(program).run(inputs);
  outputs.forEach((storage, k) => {
    const got = device.readSync(storage);
    for (let at = 0; at < got.length; at++) {
      const exact = expected[k].data[at];
      const wanted = program.outputs[k].dtype === 'f32' ? Math.fround(exact) : exact;
      // Zeros have no sign.
      if (!Object.is(got[at] + 0, wanted + 0))
        throw new Error(`output ${k}, element ${at}: expected ${wanted}, got ${got[at]}`);
    }
  });
  for (const storage of [...inputs, ...outputs]) storage.dispose();
}

const square = fc.integer({ min: 0, max: 9 });
const counts = fc.integer({ min: 0, max: 5 });
const dtypes = fc.constantFrom<DType>('f32', 'f64');

describe('factorizations in the module have the bits of the plain evaluation', () => {
  const ofSquare: Readonly<Record<string, Build>> = {
    cholesky: (a) => [cholesky(a)],
    lu: (a) => lu(a),
    eigh: (a) => eigh(a),
  };
  for (const [name, build] of Object.entries(ofSquare))
    it(`${name} of stacks of square matrices, alone and side by side`, () => {
      fc.assert(
        fc.property(square, counts, dtypes, fc.nat(1000), (n, count, dtype, seed) =>
          expectSame(build, [[count, n, n]], dtype, seed),
        ),
        { numRuns: 120 },
      );
    });

  for (const [name, build] of Object.entries<Build>({ qr: (a) => qr(a), svd: (a) => svd(a) }))
    it(`${name} of tall and wide matrices`, () => {
      fc.assert(
        fc.property(square, square, counts, dtypes, fc.nat(1000), (m, n, count, dtype, seed) =>
          expectSame(build, [[count, m, n]], dtype, seed),
        ),
        { numRuns: 150 },
      );
    });

  it('triangular solves on either side, of either triangle', () => {
    fc.assert(
      fc.property(
        fc.tuple(square, square, counts, dtypes, fc.nat(1000)),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
        ([n, width, count, dtype, seed], [leftSide, lower, transpose, unitDiagonal]) =>
          expectSame(
            (a, b) => [triangularSolve(a, b, { leftSide, lower, transpose, unitDiagonal })],
            [[count, n, n], leftSide ? [count, n, width] : [count, width, n]],
            dtype,
            seed,
          ),
      ),
      { numRuns: 200 },
    );
  });

  it('larger ones', () => {
    for (const n of [17, 40]) {
      for (const build of Object.values(ofSquare)) expectSame(build, [[2, n, n]], 'f32', 1);
      expectSame((a) => svd(a), [[n, n + 3]], 'f64', 1);
      expectSame((a) => qr(a), [[n + 3, n]], 'f64', 1);
    }
  });

  it('a matrix with NaN or infinity has no factors, and leaves its neighbour alone', () => {
    const data = stack([4, 3, 3], 'f64', 1);
    data[9 + 4] = NaN;
    data[27 + 1] = Infinity;
    for (const build of [ofSquare.eigh, (a: Value) => svd(a)]) {
      const program = programOf([{ shape: [4, 3, 3], dtype: 'f64' }], (_lax, ...x) => build(...x));
      const alone = programOf([{ shape: [3, 3], dtype: 'f64' }], (_lax, ...x) => build(...x));
      const outputs = device.compile(program).run([device.put(data, 'f64')]);
      for (const b of [0, 2]) {
        const own = device.compile(alone).run([device.put(data.slice(9 * b, 9 * (b + 1)), 'f64')]);
        own.forEach((storage, k) => {
          const wanted = [...device.readSync(storage)];
          expect([...device.readSync(outputs[k])].slice(b * wanted.length, (b + 1) * wanted.length)).toEqual(wanted);
        });
      }
      for (const storage of outputs) {
        const got = device.readSync(storage);
        const part = got.length / 4;
        for (const b of [1, 3]) for (let k = 0; k < part; k++) expect(got[b * part + k]).toBeNaN();
      }
    }
  });
});
