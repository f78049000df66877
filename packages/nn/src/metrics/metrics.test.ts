import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { accuracy, binaryAccuracy, f1Score, precision, recall } from '../index.ts';

describe.each(ff.devices())('metrics on %s', (device) => {
  const made = (data: ff.TensorLike, dtype: ff.DType = 'f32'): Tensor => tensor(data, { dtype, device });

  it('accuracy of scores, of labels, with weights', () => {
    const scores = made([
      [1, 2, 0],
      [5, 1, 1],
      [0, 0, 0],
      [0, 1, 3],
    ]);
    const labels = made([1, 0, 0, 1], 'i32');
    expect(accuracy(scores, labels).item()).toBe(0.75);
    expect(accuracy(made([1, 0, 0, 2], 'i32'), labels).item()).toBe(0.75);
    expect(accuracy(scores, labels, { weights: made([1, 1, 1, 3]) }).item()).toBe(0.5);
    expect(accuracy(scores, labels, { weights: made([false, false, false, false], 'bool') }).item()).toBe(0);
    expect(() => accuracy(scores.slice(0), made([0, 1, 2], 'i32'))).toThrow(/use binaryAccuracy/);
  });

  it('binary accuracy of logits and of probabilities', () => {
    const targets = made([1, 0, 1, 0]);
    expect(binaryAccuracy(made([3, -1, -2, -4]), targets).item()).toBe(0.75);
    expect(binaryAccuracy(made([0.9, 0.6, 0.7, 0.1]), targets, { threshold: 0.5 }).item()).toBe(0.75);
  });

  it('F1, precision and recall: closed forms, and the examples of scikit-learn', () => {
    const p = made([true, true, false, true, false], 'bool');
    const t = made([1, 0, 1, 1, 0]);
    // 2 true positives, 1 false positive, 1 false negative.
    expect(precision(p, t).item()).toBeCloseTo(2 / 3, 6);
    expect(recall(p, t).item()).toBeCloseTo(2 / 3, 6);
    expect(f1Score(made([1, 2, -1, 3, -2]), t).item()).toBeCloseTo(2 / 3, 6);
    expect(f1Score(p, t, { weights: made([1, 0, 1, 1, 1]) }).item()).toBeCloseTo(0.8, 6);
    // sklearn.metrics.f1_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]), average None, 'macro' and 'micro'.
    const y = made([0, 1, 2, 0, 1, 2], 'i32');
    const q = made([0, 2, 1, 0, 0, 1], 'i32');
    expect([...f1Score(q, y, { classes: 3, average: 'none' }).dataSync()]).toEqual([expect.closeTo(0.8, 6), 0, 0]);
    expect(f1Score(q, y, { classes: 3 }).item()).toBeCloseTo(0.26666666666666666, 6);
    expect(f1Score(q, y, { classes: 3, average: 'micro' }).item()).toBeCloseTo(1 / 3, 6);
  });

  it('is 0 where there are no positives', () => {
    const none = made([false, false], 'bool');
    for (const score of [f1Score, precision, recall]) expect(score(none, none).item()).toBe(0);
    expect(f1Score(made([1, 1]), made([1, 1])).item()).toBe(1);
  });

  it('names shapes and options that do not fit', () => {
    expect(() => f1Score(made([1, 0]), made([[1, 0]]))).toThrow(/one shape, got \[2\] and \[1, 2\]/);
    expect(() => f1Score(made([1]), made([1]), { average: 'weighted' as never })).toThrow(/average must be/);
    expect(() => recall(made([1]), made([1]), { class: 2 } as never)).toThrow(/Did you mean classes\?/);
  });
});
