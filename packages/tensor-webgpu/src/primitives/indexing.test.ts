import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../dtype/dtype.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors/errors.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Value } from '../program/value.ts';
import { traceProgram } from '../trace/builder.ts';
import { lax } from './lax.ts';
import { array, evaluate, forwardProgram } from './testing/checkRules.ts';

const list = (values: readonly number[], dtype: DType = 'f64', shape: readonly number[] = [values.length]) =>
  array(shape, (i) => values[i], dtype);
const apply = (build: (...values: Value[]) => Value, ...inputs: ReturnType<typeof list>[]): number[] =>
  Array.from(evaluate((...values) => [build(...values)], inputs)[0].data);
const count = (shape: readonly number[]) => array(shape, (i) => i);

/** All index tuples of a shape, in row-major order. */
const indices = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (made, extent) => made.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  );

/** The element at an index tuple. */
const at = (x: ReturnType<typeof count>, index: readonly number[]): number =>
  x.data[index.reduce((sum, i, axis) => sum * x.shape[axis] + i, 0)];

describe('views', () => {
  test('transpose, slice, rev and broadcastInDim pick the right elements', () => {
    expect(apply((x) => lax.transpose(x, [1, 0]), count([2, 3]))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(apply((x) => lax.slice(x, [1, 0], [3, 4], [1, 3]), count([3, 4]))).toEqual([4, 7, 8, 11]);
    expect(apply((x) => lax.rev(x, [1]), count([2, 3]))).toEqual([2, 1, 0, 5, 4, 3]);
    expect(apply((x) => lax.broadcastInDim(x, [2, 3, 2], [0, 2]), count([2, 1]))).toEqual([
      0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1,
    ]);
  });

  test('a transpose and its inverse cancel for any shape and order', () => {
    const shapes = fc.array(fc.nat(4), { maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.nat(1000), (shape, seed) => {
        const order = shape.map((_, i) => i).sort((i, j) => ((seed * (i + 7)) % 13) - ((seed * (j + 7)) % 13));
        const back = order.map((_, i) => order.indexOf(i));
        const x = count(shape);
        expect(apply((value) => lax.transpose(lax.transpose(value, order), back), x)).toEqual(Array.from(x.data));
      }),
    );
  });

  test('impossible views are refused by name', () => {
    const on = (build: (x: Value) => Value) => () => apply(build, count([2, 3]));
    expect(on((x) => lax.reshape(x, [4]))).toThrow(/reshape: \[2, 3\] has 6 elements and \[4\] has 4/);
    expect(on((x) => lax.transpose(x, [0, 0]))).toThrow(ArgumentError);
    expect(on((x) => lax.broadcastInDim(x, [2, 4], [0, 1]))).toThrow(ShapeError);
    expect(on((x) => lax.slice(x, [0, 0], [3, 3]))).toThrow(ArgumentError);
    expect(on((x) => lax.rev(x, [2]))).toThrow(ArgumentError);
    expect(on((x) => lax.pad(x, [-1, 0], [0, 0]))).toThrow(ArgumentError);
    expect(on((x) => lax.concat([x, lax.reshape(x, [3, 2])], 0))).toThrow(ShapeError);
  });
});

describe('reductions', () => {
  test('sum, product and extremes over any axes of any shape agree with a plain loop', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (shape, chosen) => {
        const axes = shape.map((_, axis) => axis).filter((axis) => chosen[axis]);
        const x = array(shape, (i) => ((i * 5) % 7) - 3);
        const kept = shape.filter((_, axis) => !chosen[axis]);
        const groups = new Map(indices(kept).map((index) => [index.join(), [] as number[]]));
        indices(shape).forEach((index, i) => {
          groups.get(index.filter((_, axis) => !chosen[axis]).join())?.push(x.data[i]);
        });
        const expected = (fold: (values: number[]) => number): number[] => [...groups.values()].map(fold);
        const made = (['reduceSum', 'reduceProd', 'reduceMax', 'reduceMin'] as const).map((name) =>
          apply((value) => lax[name](value, axes), x).map((value) => value + 0),
        );
        expect(made).toEqual([
          expected((values) => values.reduce((sum, value) => sum + value, 0) + 0),
          expected((values) => values.reduce((product, value) => product * value, 1) + 0),
          expected((values) => Math.max(...values)),
          expected((values) => Math.min(...values)),
        ]);
      }),
    );
  });

  test('of nothing: sums are 0, products 1, extremes an error', () => {
    expect(apply((x) => lax.reduceSum(x, [1]), count([2, 0]))).toEqual([0, 0]);
    expect(apply((x) => lax.reduceProd(x, [1]), count([2, 0]))).toEqual([1, 1]);
    expect(() => apply((x) => lax.reduceMax(x, [1]), count([2, 0]))).toThrow(/reduceMax: shape \[2, 0\]/);
    expect(() => apply((x) => lax.argMin(x, 1), count([2, 0]))).toThrow(ShapeError);
  });

  test('argMax takes the first winner, and NaN before all', () => {
    expect(apply((x) => lax.argMax(x, 0), list([1, 3, 3, 2]))).toEqual([1]);
    expect(apply((x) => lax.argMin(x, 0), list([1, NaN, -3, NaN]))).toEqual([1]);
    expect(apply((x) => lax.reduceMax(x, [0]), list([1, NaN, 3]))).toEqual([NaN]);
  });

  test('tied maxima share the derivative', () => {
    const x = list([3, 1, 3, 3]);
    const forward = forwardProgram(traceProgram([x], (value) => [lax.reduceMax(value, [0])]).program);
    expect(evaluateProgram(forward, [x, list([1, 0, 0, 0])])[0].data[0]).toBeCloseTo(1 / 3, 15);
  });
});

describe('rows by number', () => {
  test('gather clamps, scatter drops, the last of two writes stays', () => {
    expect(apply((x, i) => lax.gather(x, i), list([10, 20, 30]), list([2, -1, 7], 'i32'))).toEqual([30, 10, 30]);
    const scatter = (mode: 'add' | 'set' | 'mul' | 'min' | 'max', values: number[]): number[] =>
      apply(
        (x, i, u) => lax.scatter(x, i, u, { batchDims: 0, mode }),
        list([1, 2, 3]),
        list([0, 2, 0, 3, -1], 'i32'),
        list(values),
      );
    expect(scatter('add', [1, 1, 1, 9, 9])).toEqual([3, 2, 4]);
    expect(scatter('set', [7, 8, 9, 5, 5])).toEqual([9, 2, 8]);
    expect(scatter('mul', [2, 3, 4, 9, 9])).toEqual([8, 2, 9]);
    expect(scatter('min', [0, 5, 2, -9, -9])).toEqual([0, 2, 3]);
    expect(scatter('max', [0, 5, 2, 9, 9])).toEqual([2, 2, 5]);
  });

  test('dynamic windows are moved inside', () => {
    const at = (start: number) => list([start], 'i32', []);
    expect(apply((x, i) => lax.dynamicSlice(x, [i], [2]), count([5]), at(9))).toEqual([3, 4]);
    expect(apply((x, u, i) => lax.dynamicUpdateSlice(x, u, [i]), count([5]), list([7, 8]), at(-2))).toEqual([
      7, 8, 2, 3, 4,
    ]);
    expect(apply((x) => lax.dynamicSlice(x, [1, 0], [1, 2]), count([2, 3]))).toEqual([3, 4]);
  });

  test('bad operands are refused by name', () => {
    expect(() => apply((x, i) => lax.gather(x, i), count([3]), list([0]))).toThrow(DTypeError);
    expect(() => apply((x, i) => lax.gather(x, i), count([0]), list([0], 'i32'))).toThrow(/no rows/);
    expect(() =>
      apply((x, i) => lax.scatter(x, i, x, { batchDims: 0, mode: 'add' }), count([3]), list([0], 'i32')),
    ).toThrow(/scatter: updates of shape \[3\]/);
    expect(() => apply((x) => lax.dynamicSlice(x, [0], [4]), count([3]))).toThrow(ShapeError);
  });
});

describe('order', () => {
  test('sort is stable and puts NaN last', () => {
    const keys = list([3, NaN, 1, 3, 1], 'f64');
    const [sorted, order] = evaluate((k, i) => lax.sort([k, i], 1), [keys, list([0, 1, 2, 3, 4], 'i32')]);
    expect(Array.from(sorted.data)).toEqual([1, 1, 3, 3, NaN]);
    expect(Array.from(order.data)).toEqual([2, 4, 0, 3, 1]);
  });

  test('running operations, from both ends', () => {
    expect(apply((x) => lax.cumSum(x, 0), list([1, 2, 3]))).toEqual([1, 3, 6]);
    expect(apply((x) => lax.cumSum(x, 1, true), count([2, 3]))).toEqual([3, 3, 2, 12, 9, 5]);
    expect(apply((x) => lax.cumMax(x, 0), list([1, 3, 2, NaN, 5]))).toEqual([1, 3, 3, NaN, NaN]);
    expect(apply((x) => lax.cumLogSumExp(x, 0), list([-Infinity, -Infinity, 1000, 1000]))).toEqual([
      -Infinity,
      -Infinity,
      1000,
      1000 + Math.LN2,
    ]);
  });

  test('the derivative of a running logarithm of sums starts with nothing', () => {
    const x = list([-Infinity, 0, 0]);
    const forward = forwardProgram(traceProgram([x], (value) => [lax.cumLogSumExp(value, 0)]).program);
    expect(Array.from(evaluateProgram(forward, [x, list([1, 1, 0])])[0].data)).toEqual([0, 1, 0.5]);
  });
});

describe('dotGeneral', () => {
  test('is the sum over paired axes for any roles and order of the axes', () => {
    const roles = fc.record({
      batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      left: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
      right: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
      contract: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    });
    const orders = fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(roles, orders, ({ batch, left, right, contract }, ranks) => {
        // Each operand's axes in canonical order (batch, free, contract), shuffled by the random ranks.
        const shuffled = (extents: readonly number[], from: number): number[] =>
          extents.map((_, i) => i).sort((i, j) => ranks[from + i] - ranks[from + j]);
        const operand = (free: readonly number[], from: number) => {
          const extents = [...batch, ...free, ...contract];
          const order = shuffled(extents, from);
          const place = (start: number, length: number): number[] =>
            Array.from({ length }, (_, i) => order.indexOf(start + i));
          const shape = order.map((i) => extents[i]);
          return {
            x: array(shape, (i) => ((i * 7 + from) % 5) - 2),
            batch: place(0, batch.length),
            free: place(batch.length, free.length).sort((a, b) => a - b),
            contract: place(batch.length + free.length, contract.length),
          };
        };
        const x = operand(left, 0);
        const y = operand(right, 6);
        const [made] = evaluate(
          (a, b) => [lax.dotGeneral(a, b, { contract: [x.contract, y.contract], batch: [x.batch, y.batch] })],
          [x.x, y.x],
        );
        const extents = [...batch, ...x.free.map((axis) => x.x.shape[axis]), ...y.free.map((axis) => y.x.shape[axis])];
        expect(made.shape).toEqual(extents);
        for (const out of indices(extents)) {
          let sum = 0;
          for (const inner of indices(contract)) {
            const pick = ({ x: { shape }, batch: own, free, contract: paired }: typeof x, start: number): number[] => {
              const index = shape.map(() => 0);
              own.forEach((axis, i) => {
                index[axis] = out[i];
              });
              free.forEach((axis, i) => {
                index[axis] = out[start + i];
              });
              paired.forEach((axis, i) => {
                index[axis] = inner[i];
              });
              return index;
            };
            sum += at(x.x, pick(x, batch.length)) * at(y.x, pick(y, batch.length + x.free.length));
          }
          expect(at(made, out)).toBe(sum);
        }
      }),
    );
  });

  test('integers wrap to 32 bits', () => {
    const x = list([0x7fffffff, 2], 'i32', [1, 2]);
    expect(apply((a, b) => lax.dotGeneral(a, b, { contract: [[1], [1]], batch: [[], []] }), x, x)).toEqual([5]);
  });

  test('axes that do not pair up are refused with both shapes', () => {
    const product = (a: readonly number[], b: readonly number[], contract: [number[], number[]]) => () =>
      apply((x, y) => lax.dotGeneral(x, y, { contract, batch: [[], []] }), count(a), count(b));
    expect(product([2, 3], [4, 5], [[1], [0]])).toThrow(/dotGeneral: .*\[2, 3\] and \[4, 5\]/);
    expect(product([2, 3], [3, 5], [[2], [0]])).toThrow(ArgumentError);
    expect(
      product(
        [2, 3],
        [3, 5],
        [
          [1, 1],
          [0, 0],
        ],
      ),
    ).toThrow(ArgumentError);
  });

  test('derivatives of a product of matrices need no view for the right operand', () => {
    const forward = forwardProgram(
      traceProgram([count([2, 3]), count([3, 4])], (x, y) => [
        lax.dotGeneral(x, y, { contract: [[1], [0]], batch: [[], []] }),
      ]).program,
    );
    expect(forward.eqns.map((eqn) => eqn.primitive.name)).toEqual(['dotGeneral', 'dotGeneral', 'dotGeneral', 'add']);
  });
});
