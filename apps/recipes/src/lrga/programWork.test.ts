import { explain, ones, type Tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { productWork } from './programWork.ts';

test('two operations for each entry and term of every product, batches and matrices times vectors too', () => {
  const work = (f: (a: Tensor, b: Tensor) => Tensor, a: number[], b: number[]) =>
    productWork(explain(f)(ones(a), ones(b)).program);
  expect(work((a, b) => a.matmul(b), [3, 5], [5, 7])).toBe(2 * 3 * 5 * 7);
  expect(work((a, b) => a.matmul(b).relu().T.matmul(a), [4, 4], [4, 4])).toBe(2 * 2 * 4 ** 3);
  expect(work((a, b) => a.matmul(b), [6, 3, 5], [6, 5, 7])).toBe(2 * 6 * 3 * 5 * 7);
  expect(work((a, b) => a.add(b), [4], [4])).toBe(0);
});
