import { describe, expect, test } from 'vitest';
import { einsum, full, matmul, ones, type Tensor, tensor } from '../../index.ts';

/** A term whose sums round in f32, and the same way each time: the worst that rounding does. */
const TERM = Math.fround(0.1);
const LONG = 10 ** 6;

const error = (x: Tensor, exact: number): number =>
  Math.max(...Array.from(x.dataSync(), (value) => Math.abs(value / exact - 1)));

const sums: readonly [string, (k: number) => Tensor][] = [
  ['a dot product', (k) => full([k], TERM).dot(ones([k]))],
  ['rows of a matrix times a vector', (k) => matmul(full([3, k], TERM), ones([k]))],
  ['a vector times columns of a matrix', (k) => matmul(ones([k]), full([k, 5], TERM))],
  ['A B', (k) => matmul(full([3, k], TERM), ones([k, 6]))],
  ['Aᵀ B', (k) => einsum('ki,kj->ij', full([k, 9], TERM), ones([k, 7]))],
  ['A Bᵀ', (k) => einsum('ik,jk->ij', full([5, k], TERM), ones([3, k]))],
  ['a stack of products', (k) => einsum('bik,bkj->bij', full([3, 2, k], TERM), ones([3, k, 5]))],
  ['two axes', (k) => einsum('ab,ab->', full([k / 10, 10], TERM), ones([k / 10, 10]))],
  ['a sum', (k) => full([k], TERM).sum()],
  ['sums of rows', (k) => full([3, k], TERM).sum({ axis: 1 })],
  ['sums of columns', (k) => full([k, 3], TERM).sum({ axis: 0 })],
  ['a sum over axes apart', (k) => full([k / 50, 4, 50], TERM).sum({ axis: [0, 2] })],
  ['a mean', (k) => full([k], TERM).mean().mul(k)],
];

describe('sums in f32 are right to 1e-6, however long', () => {
  test.each(sums)('%s', (_, sum) => {
    for (const k of [10_000, LONG]) expect(error(sum(k), k * TERM)).toBeLessThan(1e-6);
  });

  test('a dot product and a sum of ten million terms', () => {
    const k = 10 * LONG;
    const x = full([k], TERM);
    expect(error(x.dot(ones([k])), k * TERM)).toBeLessThan(1e-6);
    expect(error(x.sum(), k * TERM)).toBeLessThan(1e-6);
    expect(error(matmul(ones([k]), x.reshape([k, 1])), k * TERM)).toBeLessThan(1e-6);
  });

  test('terms that are small beside the sum count', () => {
    const x = new Float32Array(LONG).fill(1);
    x[0] = 2 ** 25;
    const exact = 2 ** 25 + LONG - 1;
    expect(error(tensor(x).sum(), exact)).toBeLessThan(1e-6);
    expect(error(tensor(x).dot(ones([LONG])), exact)).toBeLessThan(1e-6);
  });
});

test.each([
  ['Infinity', Infinity, Infinity],
  ['-Infinity', -Infinity, -Infinity],
  ['NaN', NaN, NaN],
  ['what overflows', 3e38, Infinity],
])('long sums with %s are what short ones are', (_, value, expected) => {
  const data = new Float32Array(100_000).fill(1);
  data[7] = value;
  data[33_333] = value;
  const x = tensor(data);
  const rows = x.mul(ones([9, 1]));
  const columns = rows.matrixTranspose().mul(1);
  for (const sum of [
    x.sum(),
    x.dot(ones([data.length])),
    matmul(rows, ones([data.length, 8])),
    matmul(ones([data.length]), columns),
    rows.sum({ axis: 1 }),
    columns.sum({ axis: 0 }),
  ])
    for (const result of sum.dataSync()) expect(result).toBe(expected);
});
