import { describe, expect, test } from 'vitest';
import type { DType } from '../../../dtype/dtype.ts';
import { primitives } from '../../../primitives/table.ts';
import { type Params, Var } from '../../../program/aval.ts';
import { refArray } from '../../../program/refArray.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { bytesOf, dispatch, storageBuffer, testDevice, type Words } from '../testing/kernel.ts';
import { routineFor } from './index.ts';

const arrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array, f64: Float64Array };

interface Operand {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Words;
}

/** The outputs of a primitive by its routine on the device, and by its plain evaluation. */
async function outputsOf(name: string, operands: readonly Operand[], params: Params = {}) {
  const device = await testDevice();
  const primitive = primitives.get(name);
  if (!primitive) throw new Error(`There is no primitive ${name}.`);
  const inputs = operands.map((operand) => new Var(operand));
  const outputs = primitive.shape(inputs, params).map((aval) => new Var(aval));
  const routine = routineFor({ primitive, inputs, params, outputs }, device.limits);
  if (!routine) throw new Error(`${name} has no routine.`);
  const given = operands.map(({ data }) => storageBuffer(device, data));
  const results = outputs.map(({ shape }) => storageBuffer(device, 4 * sizeOf(shape)));
  const scratch = routine.scratch.map((bytes) => storageBuffer(device, bytes));
  await dispatch(
    device,
    routine.steps.map(({ buffers, source, workgroups }) => ({
      source,
      workgroups,
      buffers: buffers.map((each) =>
        'operand' in each ? given[each.operand] : 'result' in each ? results[each.result] : scratch[each.scratch],
      ),
    })),
  );
  const got: ArrayLike<number>[] = [];
  for (const [i, buffer] of results.entries()) {
    const { shape, dtype } = outputs[i];
    got.push(new arrays[dtype](await bytesOf(device, buffer), 0, sizeOf(shape)));
  }
  for (const buffer of [...given, ...results, ...scratch]) buffer.destroy();
  const references = operands.map(({ shape, dtype, data }) => refArray(shape, dtype, Float64Array.from(data)));
  const wanted = primitive.evaluate(references, params, outputs).map(({ data }) => data);
  return { got, wanted, steps: routine.steps.length };
}

function words(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 0;
  };
}

const floats = (shape: readonly number[], seed = 1): Operand => {
  const word = words(seed);
  const data = Float32Array.from(new Array(sizeOf(shape)).fill(0), () => word() / 2 ** 31 - 1);
  return { shape, dtype: 'f32', data };
};

function closeTo(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const largest = Array.from(wanted).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const wrong = Array.from(got, (x, i) => ({ i, got: x, wanted: wanted[i] })).filter(
    (each) =>
      !(Object.is(each.got, each.wanted) || Math.abs(each.got - each.wanted) <= tolerance * Math.max(largest, 1e-30)),
  );
  expect(wrong.slice(0, 5)).toEqual([]);
}

describe('sort', () => {
  const special = [0, -0, NaN, Infinity, -Infinity, 1, -1, 1e-20, 3, NaN, 0, -0, 2];

  test('floats with NaN, infinities and zeros of both signs, stable', async () => {
    const data = Float32Array.from([...special, ...special.toReversed()]);
    const place = Int32Array.from(data, (_, i) => i);
    const operands: Operand[] = [
      { shape: [2, 13], dtype: 'f32', data },
      { shape: [2, 13], dtype: 'i32', data: place },
    ];
    const { got, wanted } = await outputsOf('sort', operands, { numKeys: 1 });
    expect(Array.from(got[0])).toEqual(Array.from(wanted[0]));
    expect(Array.from(got[1])).toEqual(Array.from(wanted[1]));
  });

  test.for([1, 2, 3, 100, 1100, 4500])('lines of %i elements with ties', async (extent) => {
    const word = words(extent);
    const make = (dtype: 'f32' | 'i32' | 'u32' | 'bool', of: () => number): Operand => ({
      shape: [3, extent],
      dtype,
      data: arrays[dtype].from(Array.from({ length: 3 * extent }, of)) as Words,
    });
    const operands = [
      make('i32', () => (word() % 7) - 3),
      make('f32', () => (word() % 5) / 4 - 0.5),
      make('u32', word),
      make('bool', () => (word() >>> 9) & 1),
    ];
    for (const numKeys of extent > 1024 ? [2] : [1, 2]) {
      const { got, wanted } = await outputsOf('sort', operands, { numKeys });
      got.forEach((each, i) => expect(Array.from(each)).toEqual(Array.from(wanted[i])));
    }
    if (extent > 1024) return;
    const unsigned = await outputsOf('sort', [make('u32', word)], { numKeys: 1 });
    expect(Array.from(unsigned.got[0])).toEqual(Array.from(unsigned.wanted[0]));
  });
});

describe('running operations', () => {
  const names = ['cumSum', 'cumProd', 'cumMax', 'cumMin', 'cumLogSumExp'];
  test.for(names.flatMap((name) => [false, true].map((reverse) => [name, reverse] as const)))(
    '%s, reverse %s, along every axis and long lines',
    async ([name, reverse]) => {
      for (const [shape, axis] of [
        [[4, 3, 5], 0],
        [[4, 3, 5], 1],
        [[4, 3, 5], 2],
        [[1], 0],
        [[2, 1500, 2], 1],
        [[700], 0],
      ] as const) {
        const { got, wanted } = await outputsOf(name, [floats(shape, axis + 5)], { axis, reverse });
        closeTo(got[0], wanted[0], 1e-5);
      }
      if (name === 'cumLogSumExp') return;
      for (const dtype of ['i32', 'u32'] as const) {
        const data = arrays[dtype].from(Array.from({ length: 1800 }, words(9))) as Words;
        const { got, wanted } = await outputsOf(name, [{ shape: [3, 600], dtype, data }], { axis: 1, reverse });
        const bits = (x: number) => x | 0;
        // The oracle adds in float64: integers wrap where they are kept.
        const kept = dtype === 'i32' ? Int32Array.from(wanted[0]) : Uint32Array.from(wanted[0]);
        expect(Array.from(got[0], bits)).toEqual(Array.from(kept, bits));
      }
    },
  );

  test('NaN stays from where it is met, and infinities are no NaN', async () => {
    const data = Float32Array.from([-Infinity, -Infinity, 1, Infinity, 2, NaN, 3]);
    for (const name of names.slice(2)) {
      const { got, wanted } = await outputsOf(name, [{ shape: [7], dtype: 'f32', data }], { axis: 0, reverse: false });
      closeTo(got[0], wanted[0], 1e-6);
    }
  });
});

test('pad puts a number around and between elements', async () => {
  const params = { low: [1, 0, 2], high: [0, 3, 1], interior: [0, 2, 1], value: -1.5 };
  const { got, wanted } = await outputsOf('pad', [floats([3, 4, 2])], params);
  expect(Array.from(got[0])).toEqual(Array.from(wanted[0]));
  const empty = await outputsOf('pad', [floats([0])], { low: [2], high: [1], interior: [1], value: 3 });
  expect(Array.from(empty.got[0])).toEqual([3, 3, 3]);
});

/** A stack of positive definite matrices. */
function definite(count: number, n: number): Operand {
  const { data } = floats([count, n, n], 3);
  const result = new Float32Array(count * n * n);
  for (let b = 0; b < count; b++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let sum = i === j ? 0.5 : 0;
        for (let k = 0; k < n; k++) sum += data[(b * n + i) * n + k] * data[(b * n + j) * n + k];
        result[(b * n + i) * n + j] = sum;
      }
  return { shape: [count, n, n], dtype: 'f32', data: result };
}

/** Stacks for a thread a matrix and for a workgroup a matrix, small and large. */
const stacks = [
  [100, 3],
  [70, 8],
  [2, 5],
  [3, 1],
  [1, 20],
  [2, 70],
] as const;

describe.each(stacks)('%i matrices of size %i', (count, n) => {
  test('cholesky', async () => {
    const a = definite(count, n);
    a.data[n * n - 1] = -1;
    const { got, wanted } = await outputsOf('cholesky', [a]);
    expect(Number.isNaN(got[0][0])).toBe(true);
    closeTo(got[0], wanted[0], 2e-5);
  });

  test('triangularSolve on either side', async () => {
    const a = definite(count, n);
    for (const leftSide of [true, false])
      for (const lower of [true, false])
        for (const transpose of [true, false])
          for (const unitDiagonal of [false, true]) {
            if (unitDiagonal && (n > 8 || !lower)) continue;
            const b = floats(leftSide ? [count, n, 4] : [count, 4, n]);
            const { got, wanted } = await outputsOf('triangularSolve', [a, b], {
              leftSide,
              lower,
              transpose,
              unitDiagonal,
            });
            closeTo(got[0], wanted[0], 1e-3);
          }
  });

  test('lu', async () => {
    const { got, wanted } = await outputsOf('lu', [floats([count, n, n])]);
    closeTo(got[0], wanted[0], 1e-4);
    expect(Array.from(got[1])).toEqual(Array.from(wanted[1]));
    expect(Array.from(got[2])).toEqual(Array.from(wanted[2]));
  });

  test('qr, tall and wide', async () => {
    for (const [rows, columns] of [
      [n + 3, n],
      [n, n + 2],
    ]) {
      const { got, wanted } = await outputsOf('qr', [floats([count, rows, columns])]);
      closeTo(got[0], wanted[0], 5e-4);
      closeTo(got[1], wanted[1], 5e-4);
    }
  });

  test('eigh: the values, and vectors that make the matrix', async () => {
    const a = floats([count, n, n]);
    const { got, wanted } = await outputsOf('eigh', [a]);
    const [w, v] = got;
    closeTo(w, wanted[0], 3e-6);
    const made = new Float64Array(count * n * n);
    const symmetric = new Float64Array(count * n * n);
    const square = new Float64Array(count * n * n);
    for (let b = 0; b < count; b++)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          const at = (b * n + i) * n + j;
          symmetric[at] = 0.5 * (a.data[at] + a.data[(b * n + j) * n + i]);
          for (let k = 0; k < n; k++) {
            made[at] += v[(b * n + i) * n + k] * w[b * n + k] * v[(b * n + j) * n + k];
            square[at] += v[(b * n + k) * n + i] * v[(b * n + k) * n + j];
          }
        }
    closeTo(made, symmetric, 1e-5);
    closeTo(
      square,
      square.map((_, at) => Number(Math.floor(at / n) % n === at % n)),
      1e-5,
    );
  });

  test('symmetricFunction and its derivative', async () => {
    const a = definite(count, n);
    const e = floats([count, n, n], 8);
    for (const f of [
      { kind: 'exp' },
      { kind: 'log' },
      { kind: 'power', exponent: 0.5 },
      { kind: 'power', exponent: -1 },
    ]) {
      if (f.kind !== 'log' && n > 8) continue;
      for (const operands of [[a], [a, e]]) {
        const { got, wanted } = await outputsOf('symmetricFunction', operands, { f });
        closeTo(got[0], wanted[0], 2e-3);
      }
    }
  });
});

describe.each(stacks.slice(0, -1))('%i matrices of size about %i', (count, n) => {
  test('svd: the values, and factors that make the matrix', async () => {
    for (const [rows, columns] of [
      [n + 2, n],
      [n, n + 3],
    ]) {
      const k = Math.min(rows, columns);
      const a = floats([count, rows, columns]);
      // The last matrix has rank one.
      const last = (count - 1) * rows * columns;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) a.data[last + i * columns + j] = (i + 1) * (j + 2);
      const { got, wanted } = await outputsOf('svd', [a]);
      const [u, s, vt] = got;
      closeTo(s, wanted[1], 1e-5);
      const made = new Float64Array(count * rows * columns);
      for (let b = 0; b < count; b++)
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            for (let c = 0; c < k; c++)
              made[(b * rows + i) * columns + j] +=
                u[(b * rows + i) * k + c] * s[b * k + c] * vt[(b * k + c) * columns + j];
      closeTo(made, a.data, 1e-5);
      const [left, right] = [new Float64Array(count * k * k), new Float64Array(count * k * k)];
      for (let b = 0; b < count; b++)
        for (let c = 0; c < k; c++)
          for (let d = 0; d < k; d++) {
            const at = (b * k + c) * k + d;
            for (let i = 0; i < rows; i++) left[at] += u[(b * rows + i) * k + c] * u[(b * rows + i) * k + d];
            for (let j = 0; j < columns; j++)
              right[at] += vt[(b * k + c) * columns + j] * vt[(b * k + d) * columns + j];
          }
      const one = left.map((_, at) => Number(Math.floor(at / k) % k === at % k));
      closeTo(left, one, 2e-5);
      closeTo(right, one, 2e-5);
    }
  });
});

test('matrices with NaN have NaN for factors, and leave the others alone', async () => {
  const a = floats([70, 3, 3]);
  a.data[9 * 5 + 1] = NaN;
  a.data[9 * 6 + 4] = Infinity;
  for (const name of ['eigh', 'svd']) {
    const { got, wanted } = await outputsOf(name, [a]);
    got.forEach((each, i) => {
      expect(Array.from(each, Number.isNaN)).toEqual(Array.from(wanted[i], Number.isNaN));
    });
  }
  const definiteButOne = definite(70, 3);
  definiteButOne.data[9 * 5] = -8;
  const { got, wanted } = await outputsOf('symmetricFunction', [definiteButOne], { f: { kind: 'log' } });
  expect(Array.from(got[0], Number.isNaN)).toEqual(Array.from(wanted[0], Number.isNaN));
});

test('repeated eigenvalues and extreme sizes', async () => {
  const data = Float32Array.from([
    2, 0, 0, 0, 2, 0, 0, 0, 2, 1e-30, 2e-30, 0, 2e-30, 1e-30, 0, 0, 0, 3e-30, 1e30, 2e30, 0, 2e30, 1e30, 0, 0, 0, 3e30,
  ]);
  const { got, wanted } = await outputsOf('eigh', [{ shape: [3, 3, 3], dtype: 'f32', data }]);
  for (let b = 0; b < 3; b++) {
    closeTo(Array.from(got[0]).slice(3 * b, 3 * b + 3), Array.from(wanted[0]).slice(3 * b, 3 * b + 3), 1e-6);
  }
});
