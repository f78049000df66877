import { describe, expect, it } from 'vitest';
import { type DType, hostArray, isFloat } from '../dtype/dtype.ts';
import { type RewriteRule, registerRewrites } from '../optimize/rewrite.ts';
import { simplify } from '../optimize/simplify.ts';
import { castPrimitive } from '../primitives/cast.ts';
import { concatPrimitive } from '../primitives/concat.ts';
import { lax } from '../primitives/lax.ts';
import { padPrimitive } from '../primitives/pad.ts';
import {
  reduceMaxPrimitive,
  reduceMinPrimitive,
  reduceProdPrimitive,
  reduceSumPrimitive,
} from '../primitives/reduce.ts';
import { selectPrimitive } from '../primitives/select.ts';
import { primitives } from '../primitives/table.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Program } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { traceProgram } from '../trace/builder.ts';
import { rewriteRules } from './index.ts';

/** Rules that changed something in these tests. */
const used = new Set<RewriteRule>();
registerRewrites(
  rewriteRules.map((rule) => ({
    of: rule.of,
    rewrite: (...given) => {
      const result = rule.rewrite(...given);
      if (result) used.add(rule);
      return result;
    },
  })),
);

const FLOATS = [0, -0, 1, -1, 2, -3, 0.5, Infinity, -Infinity, NaN, 1e300, -1e300, 1e-300, 5e-324];
const SPECIAL: Readonly<Record<DType, readonly number[]>> = {
  f64: FLOATS,
  f32: [0, -0, 1, -1, 2, -3, 0.5, Infinity, -Infinity, NaN, 2 ** 127, 2 ** -140],
  i32: [0, 1, -1, 2, -3, 2 ** 31 - 1, -(2 ** 31), 65537],
  u32: [0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1, 65537],
  bool: [0, 1],
};

/** All pairs of special values, as two tensors of one shape. */
function pairs(dtype: DType): [ReturnType<typeof refArray>, ReturnType<typeof refArray>] {
  const values = SPECIAL[dtype];
  const count = values.length ** 2;
  const array = (at: (i: number) => number) =>
    refArray(
      [count],
      dtype,
      hostArray(dtype === 'f32' ? 'f64' : dtype, count).map((_, i) => values[at(i)]),
    );
  return [array((i) => Math.floor(i / values.length)), array((i) => i % values.length)];
}

const same = (x: number, y: number): boolean =>
  Object.is(x, y) || (x !== 0 && Number.isFinite(x) && Math.abs(x - y) <= 1e-12 * Math.abs(x));

/** What a program computes before and after simplification, bit by bit where zeros, infinities and NaN are concerned. */
function expectSame(program: Program, arrays: readonly ReturnType<typeof refArray>[], what: string): void {
  const before = evaluateProgram(program, arrays);
  const after = evaluateProgram(simplify(program), arrays);
  before.forEach(({ data, dtype }, k) => {
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [data[i], after[k].data[i]].map((value) => (dtype === 'f32' ? Math.fround(value) : value));
      if (same(x, y)) continue;
      const given = arrays.map((array) => (array.data.length === data.length ? array.data[i] : '…')).join(', ');
      expect.fail(`${what}, output ${k} at (${given}): ${x} became ${y}`);
    }
  });
}

const binaryNames = ['add', 'sub', 'mul', 'div', 'max', 'min', 'pow'] as const;

/** The operands that rules look at: values, their negations and differences, and numbers. */
function operands(x: Value, y: Value, dtype: DType): (Value | number)[] {
  const numbers = isFloat(dtype)
    ? [0, -0, 1, -1, 2, 3, 0.25, -4, 0.1, Infinity, NaN]
    : dtype === 'u32'
      ? [0, 1, 2, 3]
      : [0, 1, -1, 2, 3, -4];
  const everywhere = [0, -0, 1, 3].map((value) => lax.full(x.shape, value, dtype));
  return [x, y, lax.neg(x), lax.neg(y), lax.sub(x, y), lax.add(x, y), lax.mul(x, x), ...numbers, ...everywhere];
}

describe.each(['f32', 'f64', 'i32', 'u32'] as const)('rewrites of %s', (dtype) => {
  const [left, right] = pairs(dtype);

  it.each(binaryNames)('%s of all that rules know, of special values', (name) => {
    const { program } = traceProgram([left, right], (x, y) => {
      const list = operands(x, y, dtype);
      return list.flatMap((a) =>
        list.flatMap((b) => (typeof a === 'number' && typeof b === 'number' ? [] : [lax[name](a, b)])),
      );
    });
    expectSame(program, [left, right], `${name} of ${dtype}`);
  });

  it('negations, choices, casts and comparisons', () => {
    const { program } = traceProgram([left, right], (x, y) => [
      lax.neg(lax.neg(x)),
      lax.neg(lax.sub(x, y)),
      lax.neg(lax.add(x, y)),
      lax.select(lax.lt(x, y), x, x),
      lax.select(lax.full(x.shape, 1, 'bool'), x, y),
      lax.select(lax.full(x.shape, 0, 'bool'), x, y),
      lax.select(lax.lt(x, 1), 0, y),
      lax.add(lax.select(lax.lt(x, 1), 0, y), 0),
      lax.add(lax.abs(x), 0),
      lax.add(lax.cast(lax.cast(x, 'i32'), dtype), 0),
      lax.eq(x, lax.full(x.shape, 0, dtype)),
      lax.cast(lax.cast(x, dtype), 'f64'),
    ]);
    expectSame(program, [left, right], dtype);
  });

  it('functions of one number everywhere', () => {
    for (const primitive of primitives.values()) {
      if (primitive.kind !== 'elementwise' || primitive.name === 'threefry2x32') continue;
      const { program } = traceProgram([left], (x) =>
        [1, 2, 3].flatMap((count) =>
          SPECIAL[dtype].slice(0, 9).flatMap((value, k) => {
            const fills = Array.from({ length: count }, (_, i) =>
              primitive === selectPrimitive && i === 0
                ? lax.full([2], k % 2, 'bool')
                : lax.full([2], i === 0 ? value : SPECIAL[dtype][(k + 3 * i) % SPECIAL[dtype].length], dtype),
            );
            try {
              return bind(primitive, fills, { dtype: 'f64', shape: [2], axis: 0, order: 1 });
            } catch {
              return [x];
            }
          }),
        ),
      );
      expectSame(program, [left], primitive.name);
    }
  });

  it('operations that do nothing', () => {
    const { program } = traceProgram([left], (x) => [
      ...bind(castPrimitive, [x], { dtype }),
      ...[reduceSumPrimitive, reduceMaxPrimitive].flatMap((primitive) => bind(primitive, [x], { axes: [] })),
      ...bind(padPrimitive, [x], { low: [0], high: [0], interior: [0], value: 0 }),
      ...bind(concatPrimitive, [x], { axis: 0 }),
    ]);
    expectSame(program, [left], dtype);
  });

  it('reductions over axes of one step', () => {
    const all = [reduceSumPrimitive, reduceProdPrimitive, reduceMaxPrimitive, reduceMinPrimitive];
    const { program } = traceProgram([left], (x) => {
      const column = lax.reshape(x, [1, x.shape[0], 1]);
      return all.flatMap((primitive) =>
        [[0], [2], [0, 2], [0, 1], [0, 1, 2]].flatMap((axes) => bind(primitive, [column], { axes })),
      );
    });
    expectSame(program, [left], dtype);
  });

  it('padding with gaps between the elements', () => {
    const { program } = traceProgram([left], (x) => {
      const n = x.shape[0];
      return [
        ...[0, 1, 2, 3].map((high) => lax.pad(x, [1], [high], 1, [2])),
        lax.pad(lax.reshape(x, [1, n]), [0, 2], [1, 0], 0, [4, 1]),
        lax.pad(lax.slice(lax.concat([x, x], 0), [0], [4]), [0], [0], 0, [1]),
        lax.pad(lax.reshape(lax.slice(lax.concat([x, x], 0), [0], [6]), [2, 3]), [0, 1], [3, 1], 1, [3, 2]),
        lax.pad(lax.slice(x, [0], [0]), [2], [1], 1, [3]),
      ];
    });
    expectSame(program, [left], dtype);
  });

  it('views', () => {
    const { program } = traceProgram([left], (x) => {
      const n = x.shape[0];
      const wide = lax.reshape(x, [1, n, 1]);
      return [
        lax.reshape(lax.reshape(wide, [n]), [n, 1]),
        lax.transpose(lax.transpose(wide, [2, 1, 0]), [2, 1, 0]),
        lax.transpose(wide, [0, 1, 2]),
        lax.broadcastInDim(lax.broadcastInDim(x, [2, n], [1]), [3, 2, n], [1, 2]),
        lax.broadcastInDim(lax.reshape(lax.full([1], -0, dtype), [1, 1]), [2, 2], [0, 1]),
        lax.slice(lax.concat([x, lax.neg(x)], 0), [n], [2 * n]),
        lax.slice(x, [0], [n]),
        lax.concat([x], 0),
        lax.rev(wide, [0]),
        lax.reshape(lax.full([4], -0, dtype), [2, 2]),
        lax.rev(lax.full([4], 3, dtype), [0]),
      ];
    });
    expectSame(program, [left], dtype);
  });

  it('sums and products of repeated values, of single terms and of nothing', () => {
    const values = SPECIAL[dtype];
    const n = values.length;
    const line = refArray(
      [n],
      dtype,
      hostArray(dtype === 'f32' ? 'f64' : dtype, n).map((_, i) => values[i]),
    );
    const dot = (x: Value, y: Value, a: number, b: number): Value =>
      lax.dotGeneral(x, y, { contract: [[a], [b]], batch: [[], []] });
    const { program } = traceProgram([line], (x) => {
      const repeated = lax.broadcastInDim(x, [3, n, 2], [1]);
      const column = lax.reshape(x, [n, 1]);
      return [
        lax.reduceSum(repeated, [0]),
        lax.reduceSum(repeated, [0, 2]),
        lax.reduceSum(lax.broadcastInDim(x, [0, n], [1]), [0]),
        lax.reduceSum(lax.reduceSum(repeated, [0]), [1]),
        lax.reduceSum(lax.broadcastInDim(column, [n, 4], [0, 1]), [1]),
        ...[0, -0, 1, -1, 0.1, ...(isFloat(dtype) ? [Infinity, NaN, 1e38] : [])].flatMap((value) => [
          lax.reduceSum(lax.full([n, 5], value, dtype), [1]),
          dot(lax.full([2, n], value, dtype), lax.reshape(x, [n, 1]), 1, 0),
          dot(lax.full([2, 1], value, dtype), lax.reshape(x, [1, n]), 1, 0),
          dot(lax.slice(lax.broadcastInDim(x, [2, n], [1]), [0, 0], [2, 3]), lax.full([3, 2], value, dtype), 1, 0),
        ]),
        dot(column, lax.reshape(lax.neg(x), [1, n]), 1, 0),
        lax.transpose(dot(lax.reshape(x, [1, n]), lax.broadcastInDim(x, [n, 2], [0]), 1, 0), [1, 0]),
        lax.reduceSum(lax.full([0, 2], 1, dtype), [0]),
        lax.slice(
          dot(lax.broadcastInDim(x, [40, n], [1]), lax.broadcastInDim(x, [n, 50], [0]), 1, 0),
          [0, 9],
          [36, 45],
        ),
      ];
    });
    expect(sizeOf(program.outputs[0].shape)).toBeGreaterThan(0);
    expectSame(program, [line], dtype);
  });
});

// Under TEST_WIDE the core was set up before this file, with rules that do not count.
it.skipIf(process.env['TEST_WIDE'] === '1')('every rule was used', () => {
  const unused = rewriteRules.filter((rule) => !used.has(rule));
  const named = ({ of }: RewriteRule): string => (typeof of === 'string' ? of : of.map(({ name }) => name).join(', '));
  expect(unused.map((rule) => `${named(rule)}: ${rule.rewrite.toString().slice(0, 200)}`)).toEqual([]);
});
