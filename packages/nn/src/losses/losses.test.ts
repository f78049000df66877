import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { bceWithLogits, crossEntropy, huberLoss, maeLoss, mseLoss } from '../index.ts';

/** The numbers of a tensor, with zeros of one sign. */
const numbers = (t: unknown): number[] => [...(t as Tensor).dataSync()].map((x) => x + 0);

describe.each(ff.devices())('losses on %s', (device) => {
  const made = (data: ff.TensorLike, dtype: ff.DType = 'f32'): Tensor => tensor(data, { dtype, device });
  const labels = (data: ff.TensorLike): Tensor => made(data, 'i32');

  it('binary cross-entropy is exact at extremes, and so is its derivative', () => {
    const inf = Number.POSITIVE_INFINITY;
    const x = made([100, -100, 3e38, -3e38, inf, -inf, 0]);
    const right = made([1, 0, 1, 0, 1, 0, 1]);
    const loss = (z: Tensor, y: Tensor): Tensor => bceWithLogits(z, y, { reduction: 'sum' });
    const each = bceWithLogits(x, right, { reduction: 'none' });
    expect(numbers(each)).toEqual([0, 0, 0, 0, 0, 0, Math.LN2].map((v) => expect.closeTo(v, 6)));
    expect(numbers(ff.grad(loss)(x, right))).toEqual([0, 0, 0, 0, 0, 0, -0.5].map((v) => expect.closeTo(v, 6)));
    const wrong = made([0, 1, 0, 1]);
    const far = made([100, -100, 1e30, -1e30]);
    expect(numbers(bceWithLogits(far, wrong, { reduction: 'none' }).div(made([100, 100, 1e30, 1e30])))).toEqual([
      1, 1, 1, 1,
    ]);
    expect(numbers(ff.grad(loss)(far, wrong))).toEqual([1, -1, 1, -1]);
  });

  it('cross-entropy is exact at extremes, and so is its derivative', () => {
    const x = made([
      [1e30, 0, -1e30],
      [300, 0, Number.NEGATIVE_INFINITY],
    ]);
    expect(numbers(crossEntropy(x, labels([0, 1]), { reduction: 'none' }))).toEqual([0, 300]);
    const gradient = ff.grad((z: Tensor) => crossEntropy(z, labels([0, 1]), { reduction: 'sum' }))(x);
    expect(numbers(gradient)).toEqual([0, 0, 0, 1, -1, 0]);
    const probabilities = made([
      [1, 0, 0],
      [0.5, 0.5, 0],
    ]);
    expect(numbers(crossEntropy(x, probabilities, { reduction: 'none' }))).toEqual([0, 150]);
  });

  it('huber keeps to its line for large errors, with a derivative of delta', () => {
    const x = made([1e30, -1e30, 0.5, 0]);
    const zero = made([0, 0, 0, 0]);
    const gradient = ff.grad((z: Tensor) => huberLoss(z, zero, { delta: 2, reduction: 'sum' }))(x);
    expect(numbers(gradient)).toEqual([2, -2, 0.5, 0]);
  });

  it('what has weight 0 counts for nothing, though it is not finite or no label', () => {
    const mask = made([true, false, true], 'bool');
    const bad = made([1, Number.NaN, 3]);
    const zero = made([0, 0, 0]);
    expect(mseLoss(bad, zero, { weights: mask }).item()).toBe(5);
    expect(maeLoss(bad, zero, { weights: made([3, 0, 1]) }).item()).toBe(1.5);
    const gradient = ff.grad((z: Tensor) => mseLoss(z, zero, { weights: mask }))(made([1, 2, 3]));
    expect(numbers(gradient)).toEqual([1, 0, 3]);
    const logits = made([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(crossEntropy(logits, labels([0, -100, 1]), { weights: mask }).item()).toBeCloseTo(Math.LN2, 6);
    expect(crossEntropy(logits, labels([0, 2, 1])).item()).toBeNaN();
    const classWeights = made([1, 3]);
    expect(crossEntropy(logits, labels([0, -100, 1]), { weights: mask, classWeights }).item()).toBeCloseTo(Math.LN2, 6);
    expect(mseLoss(zero, zero, { weights: made([0, 0, 0]) }).item()).toBe(0);
  });

  it('takes weights of leading axes', () => {
    const x = made([
      [1, 2],
      [3, 4],
    ]);
    expect(mseLoss(x, x.mul(0), { weights: made([1, 0]) }).item()).toBe(2.5);
    expect(mseLoss(x, x.mul(0), { weights: made([[1, 0]]) }).item()).toBe(5);
  });

  it('names shapes and options that do not fit', () => {
    const x = made([1, 2]);
    expect(() => mseLoss(x, x.expandDims(1))).toThrow(/one shape, got \[2\] and \[2, 1\]/);
    expect(() => mseLoss(x, x, { weights: made([1, 2, 3]) })).toThrow(/weights of shape \[2\].*got \[3\]/);
    expect(() => mseLoss(x, x, { reduction: 'avg' as never })).toThrow(
      /reduction must be 'mean', 'sum' or 'none', got avg/,
    );
    expect(() => huberLoss(x, x, { delta: 0 })).toThrow(/delta must be positive, got 0/);
    expect(() => bceWithLogits(x, x, { posWeight: 2 } as never)).toThrow(/got one named posWeight/);
    expect(() => crossEntropy(made([[1, 2]]), made([0]))).toThrow(/got \[1, 2\] with f32 \[1\]. Cast labels/);
    expect(() => crossEntropy(made([[1, 2]]), labels([0]), { labelSmoothing: 2 })).toThrow(
      /must lie in \[0, 1\], got 2/,
    );
    expect(() => crossEntropy(made([[1, 2]]), labels([0]), { classWeights: x.expandDims(0) })).toThrow(
      /classWeights of shape \[2\], got \[1, 2\]/,
    );
    expect(() => mseLoss(3 as never, x)).toThrow(ff.ArgumentError);
  });
});
