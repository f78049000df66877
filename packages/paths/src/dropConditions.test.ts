import { grad, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { dropConditions } from './index.ts';
import { f64, gap, normals, numbers } from './testing/draws.ts';

const key = random.key(0);

test('rows lose their condition by themselves, at the rate asked for, the same for one key', () => {
  const labels = tensor(
    Int32Array.from({ length: 20_000 }, (_, i) => i % 10),
    { dtype: 'i32' },
  );
  const dropped = dropConditions(labels, { key, empty: 10 });
  expect(dropped.dtype).toBe('i32');
  const count = numbers(dropped).filter((label) => label === 10).length;
  expect(Math.abs(count - 4000)).toBeLessThan(3 * Math.sqrt(20_000 * 0.2 * 0.8));
  numbers(dropped).forEach((label, i) => expect([10, i % 10]).toContain(label));
  expect(gap(dropConditions(labels, { key, empty: 10 }), dropped)).toBe(0);
  expect(gap(dropConditions(labels, { key: random.key(1), empty: 10 }), dropped)).toBeGreaterThan(0);
  expect(gap(dropConditions(labels, { key, rate: 0, empty: 10 }), labels)).toBe(0);
  expect(numbers(dropConditions(labels, { key, rate: 1, empty: 10 })).every((label) => label === 10)).toBe(true);
});

test('the gradient reaches the empty embedding from dropped rows alone', () => {
  const conditions = normals(0, [50, 3]);
  const kept = tensor(
    numbers(dropConditions(conditions, { key, empty: tensor([7, 7, 7], f64) }).slice('...', 0)).map((x) =>
      x === 7 ? 0 : 1,
    ),
    f64,
  );
  const loss = (empty: Tensor): Tensor => dropConditions(conditions, { key, empty }).sum();
  const slope = grad(loss)(tensor([0, 0, 0], f64));
  expect(gap(slope, 50 - kept.sum().item())).toBe(0);
  const onKept = (empty: Tensor): Tensor => dropConditions(conditions, { key, empty }).mul(kept.expandDims(1)).sum();
  expect(gap(grad(onKept)(tensor([1, 2, 3], f64)), 0)).toBe(0);
});

test('mistakes are named', () => {
  expect(() => dropConditions([1, 2], { key, empty: [1, 2] })).toThrow(/shape \[\], that of one row, got \[2\]/);
  expect(() => dropConditions([1, 2], { key, empty: 0, rate: 1.5 })).toThrow(
    /rate must be a finite number from 0 to 1/,
  );
  expect(() => dropConditions(3, { key, empty: 0 })).toThrow(/one condition per row/);
});
