import { describe, expect, it } from 'vitest';
import '../index.ts';
import { simplify } from '../optimize/simplify.ts';
import { lax } from '../primitives/lax.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import { traceProgram } from '../trace/builder.ts';

const aval = (...shape: number[]) => ({ shape, dtype: 'f64' as const });

/** The names of the primitives left after simplification; the value must not change. */
function left(inputs: ReturnType<typeof aval>[], build: (...values: Value[]) => Value): string[] {
  const { program } = traceProgram(inputs, (...values) => [build(...values)]);
  const simplified = simplify(program);
  const arrays = inputs.map(({ shape, dtype }, k) =>
    refArray(
      shape,
      dtype,
      Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7 + k) + 0.1),
    ),
  );
  const before = evaluateProgram(program, arrays)[0];
  const after = evaluateProgram(simplified, arrays)[0];
  expect(after.shape).toEqual(before.shape);
  Array.from(after.data).forEach((value, i) => {
    expect(value).toBeCloseTo(before.data[i], 12);
  });
  return simplified.eqns.map((eqn) => eqn.primitive.name);
}

const matrix = (x: Value, y: Value) => lax.dotGeneral(x, y, { contract: [[1], [0]], batch: [[], []] });

describe('rewrites', () => {
  it('drop neutral elements and double negations', () => {
    expect(left([aval(3)], (x) => lax.div(lax.mul(lax.sub(lax.add(x, -0), 0), 1), 1))).toEqual([]);
    expect(left([aval(3)], (x) => lax.neg(lax.neg(x)))).toEqual([]);
    expect(left([aval(3), aval(3)], (x, y) => lax.add(x, lax.neg(y)))).toEqual(['sub']);
    expect(left([aval(3)], (x) => lax.pow(x, 2))).toEqual(['mul']);
  });

  it('merge equal work, whatever the order of commuting operands', () => {
    expect(left([aval(3), aval(3)], (x, y) => lax.sub(lax.exp(lax.mul(x, y)), lax.exp(lax.mul(y, x)))).sort()).toEqual([
      'exp',
      'mul',
      'sub',
    ]);
  });

  it('let constants stay numbers', () => {
    expect(left([aval(2, 3)], (x) => lax.mul(x, lax.full([2, 3], 2, 'f64')))).toEqual(['mul']);
    expect(left([], () => lax.mul(lax.full([2], 3, 'f64'), lax.full([2], 2, 'f64')))).toEqual(['broadcastInDim']);
  });

  it('compose views', () => {
    expect(left([aval(2, 3)], (x) => lax.transpose(lax.transpose(x, [1, 0]), [1, 0]))).toEqual([]);
    expect(left([aval(2, 3)], (x) => lax.reshape(lax.reshape(x, [6]), [3, 2]))).toEqual(['reshape']);
    expect(left([aval(3)], (x) => lax.broadcastInDim(lax.broadcastInDim(x, [3, 1], [0]), [4, 3, 1], [1, 2]))).toEqual([
      'broadcastInDim',
    ]);
    expect(left([aval(2), aval(3)], (x, y) => lax.slice(lax.concat([x, y], 0), [2], [5]))).toEqual([]);
  });

  it('turn sums of repeated values into products', () => {
    expect(left([aval(3)], (x) => lax.reduceSum(lax.broadcastInDim(x, [4, 3], [1]), [0]))).toEqual(['mul', 'add']);
    expect(left([aval(2, 3)], (x) => lax.reduceSum(lax.reduceSum(x, [0]), [0]))).toEqual(['reduceSum']);
  });

  it('turn products with a single term, or with ones, into what they are', () => {
    expect(left([aval(4, 1), aval(1, 3)], matrix)).not.toContain('dotGeneral');
    expect(left([aval(3, 2)], (y) => matrix(lax.full([4, 3], 1, 'f64'), y))).toEqual(['reduceSum', 'broadcastInDim']);
    expect(left([aval(4, 3), aval(3, 2)], (x, y) => lax.transpose(matrix(x, y), [1, 0]))).toEqual(['dotGeneral']);
  });

  it('compute of a product only what is read', () => {
    const sizes = (build: (x: Value, y: Value) => Value, ...inputs: ReturnType<typeof aval>[]): number[] => {
      left(inputs, build as never);
      const { program } = traceProgram(inputs, (x, y) => [build(x, y)]);
      return simplify(program)
        .eqns.filter(({ primitive }) => primitive.name === 'dotGeneral')
        .map(({ outputs }) => sizeOf(outputs[0].shape));
    };
    const wide = [aval(40, 5), aval(5, 80)];
    expect(sizes((x, y) => lax.slice(matrix(x, y), [0, 40], [40, 80]), ...wide)).toEqual([1600]);
    expect(sizes((x, y) => lax.slice(matrix(x, y), [7, 3], [39, 36]), ...wide)).toEqual([32 * 33]);
    const batched = (x: Value, y: Value) =>
      lax.slice(lax.dotGeneral(x, y, { contract: [[0], [2]], batch: [[2], [0]] }), [1, 2, 0], [3, 34, 33]);
    expect(sizes(batched, aval(4, 36, 3), aval(3, 35, 4))).toEqual([2 * 32 * 33]);
    const both = (x: Value, y: Value) => {
      const all = matrix(x, y);
      return lax.add(lax.slice(all, [0, 0], [40, 40]), lax.slice(all, [0, 40], [40, 80]));
    };
    expect(sizes(both, ...wide)).toEqual([3200]);
    // A few columns would be summed in another order.
    expect(sizes((x, y) => lax.slice(matrix(x, y), [0, 0], [40, 8]), ...wide)).toEqual([3200]);
  });

  it('turn sums of nothing into zeros', () => {
    expect(left([aval(2, 0), aval(0, 3)], matrix)).toEqual(['broadcastInDim']);
    expect(left([aval(0, 2), aval(2, 3)], matrix)).toEqual(['broadcastInDim']);
    expect(left([aval(0, 3)], (x) => lax.reduceSum(x, [0]))).toEqual(['broadcastInDim']);
  });

  it('keep barriers apart', () => {
    expect(left([aval(2)], (x) => lax.add(lax.exp(x), lax.exp(lax.barrier(x)))).sort()).toEqual([
      'add',
      'barrier',
      'exp',
      'exp',
    ]);
  });
});
