import {
  ArgumentError,
  checkedOptions,
  checkTensor,
  logSoftmax,
  ShapeError,
  softplus,
  type Tensor,
  take,
  takeAlongAxis,
  where,
} from '@flowfield/tensor-webgpu';
import { checkPositive } from '../optimizers/ranges.ts';
import { checkPair, reduced, type WeightOptions, weightOptionNames } from './weighting.ts';

export interface BceOptions extends WeightOptions {
  /** Multiplies the part of positive targets (default 1). */
  readonly positiveWeight?: number;
}

/**
 * Binary cross-entropy from logits: the mean of -y log σ(x) - (1 - y) log σ(-x), for targets y in [0, 1] of the shape of the logits.
 * Exact for logits of any size, infinite ones included.
 * @throws as `mseLoss`; ArgumentError for a positiveWeight that is not positive.
 */
export function bceWithLogits(logits: Tensor, targets: Tensor, options: BceOptions = {}): Tensor {
  const { positiveWeight = 1, ...rest } = checkedOptions('bceWithLogits', options, [
    'positiveWeight',
    ...weightOptionNames,
  ]);
  checkPositive('bceWithLogits: positiveWeight', positiveWeight);
  checkPair('bceWithLogits', logits, targets);
  const y = targets.astype(logits.dtype);
  const positive = where(y.equal(0), 0, softplus(logits.neg()).mul(y).mul(positiveWeight));
  const negative = where(y.equal(1), 0, softplus(logits).mul(y.neg().add(1)));
  return reduced('bceWithLogits', positive.add(negative), rest);
}

export interface CrossEntropyOptions extends WeightOptions {
  /** The share s of the target that is spread evenly, s / C to each class, in [0, 1] (default 0; Szegedy et al. 2016). */
  readonly labelSmoothing?: number;
  /** A weight for each class, [C]. The mean then divides by the sum of the weights of the labels. */
  readonly classWeights?: Tensor;
}

/**
 * Cross-entropy from logits [..., C]: the mean of -log softmax(x)[y] for integer labels y [...], or of -Σ_c y_c log softmax(x)_c for
 * probabilities y [..., C]. Logits may have any size. A label outside 0 … C - 1 gives NaN, unless its weight is 0.
 * @throws ShapeError for targets or weights that do not fit; ArgumentError for a smoothing outside [0, 1] or an unknown option.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const {
    labelSmoothing = 0,
    classWeights,
    ...rest
  } = checkedOptions('crossEntropy', options, ['labelSmoothing', 'classWeights', ...weightOptionNames]);
  if (!(typeof labelSmoothing === 'number' && labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ArgumentError(`crossEntropy: labelSmoothing must lie in [0, 1], got ${String(labelSmoothing)}.`);
  }
  const classes = checkTargets(logits, targets, classWeights);
  const surprise = logSoftmax(logits).neg();
  const perClass = classWeights ? classWeights.astype(logits.dtype) : null;
  const weighted = perClass ? surprise.mul(perClass) : surprise;
  const even = labelSmoothing > 0 ? weighted.mean({ axis: -1 }).mul(labelSmoothing) : null;
  const blend = (exact: Tensor): Tensor => (even ? exact.mul(1 - labelSmoothing).add(even) : exact);

  if (targets.shape.length === logits.shape.length) {
    const y = targets.astype(logits.dtype);
    // A class of probability 0 counts for nothing, though its logit may be -∞.
    return reduced('crossEntropy', blend(where(y.equal(0), 0, weighted.mul(y)).sum({ axis: -1 })), rest);
  }
  const inside = targets.greaterEqual(0).logicalAnd(targets.less(classes));
  const label = where(inside, targets, 0).astype('i32');
  const picked = takeAlongAxis(weighted, label.expandDims(-1), -1).squeeze(-1);
  const values = where(inside, blend(picked), Number.NaN);
  if (!perClass || rest.reduction === 'sum' || rest.reduction === 'none') return reduced('crossEntropy', values, rest);
  const weightOfLabel = where(inside, take(perClass, label, { axis: 0 }), 0);
  const total = reduced('crossEntropy', weightOfLabel, { ...rest, reduction: 'sum' });
  return reduced('crossEntropy', values, rest, total);
}

/** The number of classes; throws for logits, targets or weights that do not fit together. */
function checkTargets(logits: Tensor, targets: Tensor, classWeights: Tensor | undefined): number {
  checkTensor('crossEntropy', 'logits', logits);
  checkTensor('crossEntropy', 'targets', targets);
  const classes = logits.shape.at(-1);
  const rows = logits.shape.slice(0, -1);
  const isLabels = targets.dtype === 'i32' || targets.dtype === 'u32';
  const expected = isLabels ? rows : logits.shape;
  if (
    classes === undefined ||
    targets.shape.length !== expected.length ||
    expected.some((extent, i) => extent !== targets.shape[i])
  ) {
    throw new ShapeError(
      `crossEntropy: expected logits [..., classes] with integer labels [...] or probabilities [..., classes], got [${logits.shape.join(', ')}] with ${targets.dtype} [${targets.shape.join(', ')}]. Cast labels with .astype('i32').`,
    );
  }
  if (classWeights === undefined) return classes;
  checkTensor('crossEntropy', 'classWeights', classWeights);
  if (classWeights.shape.length === 1 && classWeights.shape[0] === classes) return classes;
  throw new ShapeError(
    `crossEntropy: expected classWeights of shape [${classes}], got [${classWeights.shape.join(', ')}].`,
  );
}
