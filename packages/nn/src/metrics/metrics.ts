import {
  ArgumentError,
  argmax,
  checkedOptions,
  checkedWhole,
  checkTensor,
  oneHot,
  ShapeError,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { checkPair, ratio, weightedSum, weightsLike } from '../losses/weighting.ts';

export interface MetricOptions {
  /** Weights of the labels, or a bool mask of those that count, of their shape or their leading axes. */
  readonly weights?: Tensor;
}

/** The share of `right` (bool), weighted; 0 where nothing counts. */
function share(op: string, right: Tensor, { weights }: MetricOptions): Tensor {
  const values = right.astype('f32');
  const given = weights === undefined ? null : weightsLike(op, weights, values);
  const total = given ? given.sum() : values.mul(0).add(1).sum();
  return ratio(weightedSum(values, given), total);
}

/**
 * The share of rows whose largest score is at the label: scores [..., C] and integer labels [...], or predicted labels [...]
 * in place of scores. An f32 scalar; of equal scores the first counts.
 * @throws ShapeError for shapes that do not fit; ArgumentError for an unknown option.
 */
export function accuracy(scores: Tensor, labels: Tensor, options: MetricOptions = {}): Tensor {
  checkedOptions('accuracy', options, ['weights']);
  checkTensor('accuracy', 'scores', scores);
  checkTensor('accuracy', 'labels', labels);
  const isInteger = scores.dtype !== 'f32' && scores.dtype !== 'f64';
  const rows = isInteger ? scores.shape : scores.shape.slice(0, -1);
  if (rows.length !== labels.shape.length || rows.some((extent, i) => extent !== labels.shape[i])) {
    throw new ShapeError(
      `accuracy: expected scores [..., classes] and labels [...], or integer predictions of the shape of the labels, got ${scores.dtype} [${scores.shape.join(', ')}] and [${labels.shape.join(', ')}]. For one logit a label, use binaryAccuracy.`,
    );
  }
  const predicted = isInteger ? scores : argmax(scores, { axis: -1 });
  return share('accuracy', predicted.astype('i32').equal(labels.astype('i32')), options);
}

export interface BinaryOptions extends MetricOptions {
  /** What lies above counts as positive (default 0, for logits; 0.5 for probabilities). Bool and integers are taken as they are. */
  readonly threshold?: number;
}

const binaryNames = ['weights', 'threshold'] as const;

/** Which elements are positive, as bool. */
function positive(values: Tensor, threshold: number): Tensor {
  if (values.dtype === 'bool') return values;
  return values.dtype === 'f32' || values.dtype === 'f64' ? values.greater(threshold) : values.notEqual(0);
}

/**
 * The share of logits on the side of 0 (or of `threshold`) that their target, 0 or 1, is on. An f32 scalar.
 * @throws ShapeError unless both have one shape; ArgumentError for an unknown option.
 */
export function binaryAccuracy(logits: Tensor, targets: Tensor, options: BinaryOptions = {}): Tensor {
  const { threshold = 0 } = checkedOptions('binaryAccuracy', options, binaryNames);
  checkPair('binaryAccuracy', logits, targets);
  return share('binaryAccuracy', positive(logits, threshold).equal(positive(targets, 0.5)), options);
}

export interface F1Options extends BinaryOptions {
  /** Predictions and targets are labels 0 … classes - 1, and each class is scored against the rest. */
  readonly classes?: number;
  /** With `classes`: 'macro' (default), the mean over classes; 'micro', of all counts together; 'none', one number each. */
  readonly average?: 'macro' | 'micro' | 'none';
}

interface Counts {
  /** Positive in both, in the prediction, in the target: [classes], or scalars. */
  readonly both: Tensor;
  readonly predicted: Tensor;
  readonly actual: Tensor;
}

function countsOf(op: string, predictions: Tensor, targets: Tensor, options: F1Options): Counts {
  const { threshold = 0, classes, average = 'macro', weights } = options;
  checkPair(op, predictions, targets);
  if (!['macro', 'micro', 'none'].includes(average)) {
    throw new ArgumentError(`${op}: average must be 'macro', 'micro' or 'none', got ${String(average)}.`);
  }
  if (classes !== undefined) checkedWhole(`${op}: classes`, classes);
  const [p, t] =
    classes === undefined
      ? [positive(predictions, threshold).astype('f32'), positive(targets, 0.5).astype('f32')]
      : [predictions, targets].map((labels) => oneHot(labels.astype('i32'), classes, { dtype: 'f32' }));
  const given = weights === undefined ? null : weightsLike(op, weights, p);
  const axes = classes !== undefined && average !== 'micro' ? p.shape.slice(0, -1).map((_, i) => i) : undefined;
  const sum = (values: Tensor): Tensor => {
    const weighted = given ? values.mul(given) : values;
    return axes?.length === 0 ? weighted : weighted.sum(axes ? { axis: axes } : {});
  };
  return { both: sum(p.mul(t)), predicted: sum(p), actual: sum(t) };
}

const f1Names = ['weights', 'threshold', 'classes', 'average'] as const;

const averaged = (scores: Tensor, { classes, average = 'macro' }: F1Options): Tensor =>
  classes !== undefined && average === 'macro' ? scores.mean() : scores;

/**
 * F1 = 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall; 0 where there are no positives at all. Predictions
 * (logits, bool, or 0 and 1) and targets (bool, or 0 and 1) of one shape, or labels with `classes`.
 * @throws ShapeError unless both have one shape; ArgumentError for a bad option.
 */
export function f1Score(predictions: Tensor, targets: Tensor, options: F1Options = {}): Tensor {
  checkedOptions('f1Score', options, f1Names);
  const { both, predicted, actual } = countsOf('f1Score', predictions, targets, options);
  return averaged(ratio(both.mul(2), predicted.add(actual)), options);
}

/**
 * TP / (TP + FP): the share of predicted positives that are; 0 where none is predicted. Arguments as for `f1Score`.
 * @throws as `f1Score`.
 */
export function precision(predictions: Tensor, targets: Tensor, options: F1Options = {}): Tensor {
  checkedOptions('precision', options, f1Names);
  const { both, predicted } = countsOf('precision', predictions, targets, options);
  return averaged(ratio(both, predicted), options);
}

/**
 * TP / (TP + FN): the share of positives that are predicted; 0 where there is none. Arguments as for `f1Score`.
 * @throws as `f1Score`.
 */
export function recall(predictions: Tensor, targets: Tensor, options: F1Options = {}): Tensor {
  checkedOptions('recall', options, f1Names);
  const { both, actual } = countsOf('recall', predictions, targets, options);
  return averaged(ratio(both, actual), options);
}
