import { describe, expect, test } from 'vitest';
import type { DType } from '../dtype/dtype.ts';
import type { RefArray } from '../program/refArray.ts';
import type { Operand, Value } from '../program/value.ts';
import { traceProgram } from '../trace/builder.ts';
import { lax } from './lax.ts';
import { cholesky } from './linalg/cholesky.ts';
import { eigh } from './linalg/eigh.ts';
import { lu } from './linalg/lu.ts';
import { qr } from './linalg/qr.ts';
import { svd } from './linalg/svd.ts';
import { symmetricFunction } from './linalg/symmetricFunction.ts';
import { triangularSolve } from './linalg/triangularSolve.ts';
import { primitives } from './table.ts';
import { array, checkRules, numbers, type RuleCase } from './testing/checkRules.ts';

const random = numbers(1);
/** Random numbers between two bounds. */
const within = (low: number, high: number, shape: readonly number[] = [2, 3], dtype: DType = 'f64'): RefArray =>
  array(shape, () => low + (high - low) * random(), dtype);
const integers = (
  values: readonly number[],
  dtype: DType = 'i32',
  shape: readonly number[] = [values.length],
): RefArray => array(shape, (i) => values[i], dtype);
const flags = (values: readonly number[], shape: readonly number[] = [values.length]): RefArray =>
  integers(values, 'bool', shape);

type UnaryName = {
  [Name in keyof typeof lax]: (typeof lax)[Name] extends (x: Operand) => Value ? Name : never;
}[keyof typeof lax];

const unary = (name: UnaryName, low: number, high: number, extra: Partial<RuleCase> = {}): RuleCase => ({
  title: name,
  build: (x) => [lax[name](x)],
  inputs: [within(low, high)],
  ...extra,
});

const elementwiseCases: RuleCase[] = [
  unary('neg', -2, 2),
  unary('abs', 0.5, 2),
  unary('abs', -2, -0.5, { title: 'abs below 0' }),
  unary('sign', 0.5, 2),
  unary('floor', 1.1, 1.9),
  unary('ceil', 1.1, 1.9),
  unary('trunc', 1.1, 1.9),
  unary('round', 1.6, 1.9),
  unary('sqrt', 0.5, 2),
  unary('rsqrt', 0.5, 2),
  unary('cbrt', 0.5, 2),
  unary('cbrt', -2, -0.5, { title: 'cbrt below 0' }),
  unary('exp', -1, 1),
  unary('expm1', -1, 1),
  unary('log', 0.5, 2),
  unary('log1p', -0.5, 2),
  unary('sigmoid', -3, 3),
  unary('softplus', -3, 3),
  unary('sin', -3, 3),
  unary('cos', -3, 3),
  unary('tan', -1, 1),
  unary('asin', -0.8, 0.8),
  unary('acos', -0.8, 0.8),
  unary('atan', -2, 2),
  unary('sinh', -2, 2),
  unary('cosh', -2, 2),
  unary('tanh', -2, 2),
  unary('asinh', -2, 2),
  unary('acosh', 1.5, 3),
  unary('atanh', -0.8, 0.8),
  unary('erf', -2, 2),
  unary('erfc', -2, 2),
  unary('erfInv', -0.8, 0.8),
  unary('lgamma', 0.5, 4),
  unary('digamma', 0.5, 4),
  unary('digamma', -0.7, -0.3, { title: 'digamma below 0' }),
  { title: 'polygamma', build: (x) => [lax.polygamma(2, x)], inputs: [within(0.7, 4)] },
  { title: 'add', build: (x, y) => [lax.add(x, y)], inputs: [within(-1, 1), within(-1, 1)] },
  { title: 'sub', build: (x, y) => [lax.sub(x, y)], inputs: [within(-1, 1), within(-1, 1)] },
  { title: 'mul', build: (x, y) => [lax.mul(x, y)], inputs: [within(-1, 1), within(-1, 1)] },
  { title: 'div', build: (x, y) => [lax.div(x, y)], inputs: [within(-1, 1), within(0.5, 2)] },
  { title: 'rem', build: (x, y) => [lax.rem(x, y)], inputs: [within(2.1, 2.9), within(0.95, 1.05)] },
  { title: 'pow', build: (x, y) => [lax.pow(x, y)], inputs: [within(0.5, 2), within(-2, 2)] },
  ...[0, 1, 2, 3, 0.5, -1.5, 7].map(
    (exponent): RuleCase => ({
      title: `pow ${exponent}`,
      build: (x) => [lax.pow(x, exponent)],
      inputs: [within(0.5, 2)],
    }),
  ),
  { title: 'max', build: (x, y) => [lax.max(x, y)], inputs: [within(-1, 1), within(-1, 1)] },
  { title: 'min', build: (x, y) => [lax.min(x, y)], inputs: [within(-1, 1), within(-1, 1)] },
  { title: 'max with a number', build: (x) => [lax.max(x, 0)], inputs: [within(-1, 1)] },
  { title: 'atan2', build: (y, x) => [lax.atan2(y, x)], inputs: [within(-1, 1), within(0.5, 2)] },
  {
    title: 'select',
    build: (c, a, b) => [lax.select(c, a, b)],
    inputs: [flags([1, 0, 1, 1, 0, 0], [2, 3]), within(-1, 1), within(-1, 1)],
  },
  {
    title: 'select with a number',
    build: (c, a) => [lax.select(c, 0, a)],
    inputs: [flags([1, 0, 1]), within(-1, 1, [3])],
  },
  {
    title: 'cast',
    build: (x) => [lax.cast(x, 'f64'), lax.cast(x, 'i32')],
    inputs: [within(0.1, 0.9, [3], 'f32')],
    order: 0,
  },
  { title: 'bitcast', build: (x) => [lax.bitcast(x, 'u32')], inputs: [within(-1, 1, [4], 'f32')], order: 0 },
  { title: 'eq ne', build: (x, y) => [lax.eq(x, y), lax.ne(x, y)], inputs: [integers([1, 2, 3]), integers([1, 5, 3])] },
  {
    title: 'lt le gt ge',
    build: (x, y) => [lax.lt(x, y), lax.le(x, y), lax.gt(x, y), lax.ge(x, y)],
    inputs: [within(-1, 1), within(-1, 1)],
    order: 0,
  },
  {
    title: 'isNaN isFinite',
    build: (x) => [lax.isNaN(x), lax.isFinite(x)],
    inputs: [array([3], (i) => [NaN, Infinity, 1][i])],
    order: 0,
  },
  {
    title: 'and or xor not',
    build: (x, y) => [lax.and(x, y), lax.or(x, y), lax.xor(x, y), lax.not(x)],
    inputs: [integers([5, -3, 0]), integers([3, 6, -1])],
  },
  {
    title: 'shiftLeft shiftRight',
    build: (x, y) => [lax.shiftLeft(x, y), lax.shiftRight(x, y)],
    inputs: [integers([5, -3, 1]), integers([3, 1, 31])],
  },
  { title: 'iota', build: (x) => [lax.mul(x, lax.iota([2, 3], 1, 'f64'))], inputs: [within(-1, 1)] },
  {
    title: 'threefry2x32',
    build: (k0, k1, c0, c1) => lax.threefry2x32(k0, k1, c0, c1),
    inputs: [1, 2, 3, 4].map((k) => integers([k, k + 7], 'u32')),
  },
];

const viewCases: RuleCase[] = [
  { title: 'reshape', build: (x) => [lax.reshape(x, [3, 2])], inputs: [within(-1, 1)] },
  { title: 'transpose', build: (x) => [lax.transpose(x, [2, 0, 1])], inputs: [within(-1, 1, [2, 3, 4])] },
  { title: 'broadcastInDim', build: (x) => [lax.broadcastInDim(x, [4, 2, 5, 3], [1, 3])], inputs: [within(-1, 1)] },
  {
    title: 'broadcastInDim of extent 1',
    build: (x) => [lax.broadcastInDim(x, [2, 4, 3], [0, 1])],
    inputs: [within(-1, 1, [2, 1])],
  },
  {
    title: 'broadcastInDim of a scalar',
    build: (x) => [lax.broadcastInDim(x, [2, 4], [])],
    inputs: [within(-1, 1, [])],
  },
  { title: 'slice', build: (x) => [lax.slice(x, [1, 0], [4, 5], [1, 3])], inputs: [within(-1, 1, [5, 6])] },
  { title: 'empty slice', build: (x) => [lax.slice(x, [1, 1], [4, 1])], inputs: [within(-1, 1, [5, 6])] },
  { title: 'rev', build: (x) => [lax.rev(x, [0, 2])], inputs: [within(-1, 1, [2, 3, 4])] },
  { title: 'barrier', build: (x) => [lax.barrier(x)], inputs: [within(-1, 1)] },
  {
    title: 'stopGradient',
    build: (x) => [lax.mul(x, 2), lax.cast(lax.stopGradient(x), 'i32')],
    inputs: [within(0.1, 0.9)],
  },
];

const reduceCases: RuleCase[] = [
  ...(['reduceSum', 'reduceProd', 'reduceMax', 'reduceMin'] as const).flatMap((name) =>
    [[0], [1], [0, 2], [0, 1, 2]].map(
      (axes): RuleCase => ({
        title: `${name} over ${axes}`,
        build: (x) => [lax[name](x, axes)],
        inputs: [within(-1, 1, [2, 3, 5])],
      }),
    ),
  ),
  {
    title: 'reduceProd with zeros',
    build: (x) => [lax.reduceProd(x, [1])],
    inputs: [array([3, 3], (i) => [1, 0, 2, 0, 0, 3, 1, 2, 3][i])],
  },
  {
    title: 'argMax argMin',
    build: (x) => [lax.argMax(x, 1), lax.argMin(x, 0)],
    inputs: [within(-1, 1, [4, 5])],
    order: 0,
  },
];

const dot = (
  title: string,
  a: readonly number[],
  b: readonly number[],
  contract: [number[], number[]],
  batch: [number[], number[]],
): RuleCase => ({
  title: `dotGeneral ${title}`,
  build: (x, y) => [lax.dotGeneral(x, y, { contract, batch })],
  inputs: [within(-1, 1, a), within(-1, 1, b)],
});

const contractionCases: RuleCase[] = [
  dot('of matrices', [2, 3], [3, 4], [[1], [0]], [[], []]),
  dot('of transposed matrices', [3, 2], [4, 3], [[0], [1]], [[], []]),
  dot('of vectors', [3], [3], [[0], [0]], [[], []]),
  dot('outer', [2], [3], [[], []], [[], []]),
  dot('with a batch axis', [2, 3, 4], [5, 4, 2], [[2], [1]], [[0], [2]]),
  dot(
    'with two contracted axes',
    [2, 3, 4],
    [4, 5, 3],
    [
      [1, 2],
      [2, 0],
    ],
    [[], []],
  ),
  dot(
    'with everything',
    [2, 3, 4, 5],
    [5, 3, 2, 6, 4],
    [
      [3, 2],
      [0, 4],
    ],
    [
      [0, 1],
      [2, 1],
    ],
  ),
  dot(
    'with free axes only beside a batch',
    [2, 3],
    [2, 3],
    [[], []],
    [
      [0, 1],
      [0, 1],
    ],
  ),
];

const indexCases: RuleCase[] = [
  { title: 'pad', build: (x) => [lax.pad(x, [1, 0], [0, 2], 7, [2, 0])], inputs: [within(-1, 1)] },
  { title: 'pad of nothing', build: (x) => [lax.pad(x, [1, 0], [0, 2], 7, [2, 0])], inputs: [within(-1, 1, [0, 2])] },
  {
    title: 'concat',
    build: (x, y, z) => [lax.concat([x, y, z], 1)],
    inputs: [within(-1, 1, [2, 1, 2]), within(-1, 1, [2, 3, 2]), within(-1, 1, [2, 2, 2])],
  },
  {
    title: 'gather',
    build: (x, i) => [lax.gather(x, i)],
    inputs: [within(-1, 1, [4, 2]), integers([3, 0, 3, 9, -2, 1], 'i32', [2, 3])],
  },
  {
    title: 'gather with batch axes',
    build: (x, i) => [lax.gather(x, i, 1)],
    inputs: [within(-1, 1, [2, 4, 2]), integers([3, 0, 3, 9, -2, 1], 'i32', [2, 3])],
  },
  ...(['add', 'set', 'mul', 'min', 'max'] as const).flatMap((mode) =>
    [0, 1].map(
      (batchDims): RuleCase => ({
        title: `scatter ${mode} with ${batchDims} batch axes`,
        build: (x, i, u) => [lax.scatter(x, i, u, { batchDims, mode })],
        inputs: [
          within(0.5, 1.5, batchDims ? [2, 4, 2] : [4, 2]),
          integers([3, 0, 3, 9, -2, 1], 'i32', [2, 3]),
          within(0.5, 1.5, [2, 3, 2]),
        ],
      }),
    ),
  ),
  {
    title: 'scatter mul with zeros',
    build: (x, i, u) => [lax.scatter(x, i, u, { batchDims: 0, mode: 'mul' })],
    inputs: [array([3], (i) => [2, 0, 3][i]), integers([0, 0, 1, 1, 2]), array([5], (i) => [0, 5, 2, 3, 0][i])],
    order: 1,
  },
  {
    title: 'dynamicSlice',
    build: (x, i, j) => [lax.dynamicSlice(x, [i, j], [2, 3])],
    inputs: [within(-1, 1, [4, 5]), integers([1], 'i32', []), integers([9], 'i32', [])],
  },
  {
    title: 'dynamicUpdateSlice',
    build: (x, u, i, j) => [lax.dynamicUpdateSlice(x, u, [i, j])],
    inputs: [within(-1, 1, [4, 5]), within(-1, 1, [2, 3]), integers([-3], 'i32', []), integers([1], 'i32', [])],
  },
];

const orderCases: RuleCase[] = [
  ...(['cumSum', 'cumProd', 'cumMax', 'cumMin', 'cumLogSumExp'] as const).flatMap((name) =>
    [false, true].map(
      (reverse): RuleCase => ({
        title: `${name}${reverse ? ' from the end' : ''}`,
        build: (x) => [lax[name](x, 1, reverse)],
        inputs: [within(-1, 1, [2, 7, 3])],
      }),
    ),
  ),
  { title: 'cumProd with zeros', build: (x) => [lax.cumProd(x, 0)], inputs: [array([5], (i) => [2, 0, 3, 0, 1][i])] },
  { title: 'sort', build: (x) => lax.sort([x], 1), inputs: [within(-1, 1, [3, 6])] },
  {
    title: 'sort by two keys',
    build: (key, x, y) => lax.sort([key, x, y], 2),
    inputs: [integers([2, 1, 2, 1, 1, 2], 'i32', [1, 6]), within(-1, 1, [1, 6]), within(-1, 1, [1, 6])],
  },
];

/** Well-conditioned stacks of matrices: the identity's multiple plus noise. */
const nearIdentity = (shape: readonly number[], scale: number): RefArray => {
  const columns = shape[shape.length - 1];
  const rows = shape[shape.length - 2];
  return array(shape, (i) => (Math.floor(i / columns) % rows === i % columns ? scale : 0) + 2 * random() - 1);
};

const solveOptions = [true, false].flatMap((leftSide) =>
  [true, false].flatMap((lower) =>
    [true, false].flatMap((transpose) =>
      [true, false].map((unitDiagonal) => ({ leftSide, lower, transpose, unitDiagonal })),
    ),
  ),
);

const linalgCases: RuleCase[] = [
  { title: 'cholesky', build: (a) => [cholesky(a)], inputs: [nearIdentity([2, 3, 3], 5)] },
  ...solveOptions.map(
    (options): RuleCase => ({
      title: `triangularSolve ${Object.entries(options)
        .filter(([, on]) => on)
        .map(([name]) => name)}`,
      build: (a, b) => [triangularSolve(a, b, options)],
      inputs: [nearIdentity([2, 3, 3], 3), within(-1, 1, options.leftSide ? [2, 3, 4] : [2, 4, 3])],
    }),
  ),
  { title: 'lu', build: (a) => lu(a), inputs: [nearIdentity([2, 4, 4], 2)] },
  { title: 'qr', build: (a) => qr(a), inputs: [nearIdentity([2, 3, 3], 2)] },
  { title: 'qr of tall matrices', build: (a) => qr(a), inputs: [nearIdentity([2, 5, 3], 2)] },
  { title: 'qr of wide matrices', build: (a) => qr(a), inputs: [nearIdentity([2, 3, 5], 2)], order: 0 },
  { title: 'eigh', build: (a) => eigh(a), inputs: [array([2, 3, 3], (i) => (i % 4 === 0 ? i : 0) + random())] },
  ...(['exp', 'log'] as const).map(
    (kind): RuleCase => ({
      title: `symmetricFunction ${kind}`,
      build: (a) => [symmetricFunction(a, { kind })],
      inputs: [nearIdentity([2, 3, 3], 5)],
    }),
  ),
  { title: 'svd', build: (a) => svd(a), inputs: [within(-1, 1, [2, 3, 3])] },
  { title: 'svd of tall matrices', build: (a) => svd(a), inputs: [within(-1, 1, [5, 3])] },
  { title: 'svd of wide matrices', build: (a) => svd(a), inputs: [within(-1, 1, [3, 5])] },
];

const allCases = [
  ...linalgCases,
  ...orderCases,
  ...elementwiseCases,
  ...viewCases,
  ...reduceCases,
  ...contractionCases,
  ...indexCases,
];

describe('rules: derivatives by central differences, transposes by inner products, batching by a loop', () => {
  test.each(allCases.map((testCase) => [testCase.title, testCase] as const))('%s', (_title, testCase) =>
    checkRules(testCase),
  );

  test('every primitive has a case', () => {
    const used = new Set(
      allCases.flatMap(({ build, inputs }) =>
        traceProgram(inputs, build).program.eqns.map((eqn) => eqn.primitive.name),
      ),
    );
    expect([...primitives.keys()].filter((name) => !used.has(name))).toEqual([]);
  });
});
