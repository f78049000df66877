import {
  checkedOptions,
  checkTensor,
  logicalAnd,
  onesLike,
  sigmoid,
  softplus,
  type Tensor,
  type TensorLike,
  where,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { checkFinite } from '../inputs/finite.ts';
import { asMask } from '../inputs/mask.ts';
import { checkedFlag, checkedTolerance } from '../inputs/params.ts';
import { agreeing } from '../permutations/nodeSets.ts';
import { pairScores } from './partition.ts';

export interface EdgeListOptions {
  /** Which elements are real, [lead…, n]. */
  readonly mask?: TensorLike;
  /** Edges are pairs whose score is at least this (default 0). */
  readonly threshold?: number;
  /** Whether (i, j) and (j, i) are edges of their own (default false: pairs i < j whose mean score passes). */
  readonly directed?: boolean;
}

/**
 * The edges that scores [lead…, n, n] or [lead…, n, n, 1] say, without loops: for each set an array of ends i_0, j_0, i_1, j_1, … in row-major order.
 * @throws LayerShapeError, MaskError, EmptySetError, NonFiniteInputError; ArgumentError for unknown options.
 */
export function edgeList(scores: Tensor, options: EdgeListOptions = {}): Int32Array[] {
  const op = 'edgeList';
  const { mask, threshold = 0, directed = false } = checkedOptions(op, options, ['mask', 'threshold', 'directed']);
  checkedFlag(`${op}: directed`, directed);
  const { scores: s, real, sets, n } = pairScores(op, scores, mask, threshold);
  return Array.from({ length: sets }, (_, set) => {
    const found: number[] = [];
    for (let i = 0; i < n; i++) {
      for (let j = directed ? 0 : i + 1; j < n; j++) {
        if (i === j || (real && !(real[set * n + i] && real[set * n + j]))) continue;
        const there = s[(set * n + i) * n + j];
        const score = directed ? there : (there + s[(set * n + j) * n + i]) / 2;
        if (score >= threshold) found.push(i, j);
      }
    }
    return Int32Array.from(found);
  });
}

export interface EdgeMetricOptions {
  /** Which elements are real, [lead…, n]. */
  readonly mask?: TensorLike;
  /** Whether pairs of an element with itself count (default false). */
  readonly diagonal?: boolean;
}

/**
 * F1 = 2 TP / (2 TP + FP + FN) of edges where logits [lead…, n, n] are at least 0, for each set [lead…]; 1 where there is neither an edge nor a prediction.
 * @throws LayerShapeError for targets of another shape, MaskError; ArgumentError for unknown options; outside a trace NonFiniteInputError
 *   for NaN at pairs that count.
 */
export function edgeF1(logits: Tensor, targets: Tensor, options: EdgeMetricOptions = {}): Tensor {
  const op = 'edgeF1';
  const { mask, diagonal = false } = checkedOptions(op, options, ['mask', 'diagonal']);
  const counted = countedPairs(op, logits, targets, mask, diagonal);
  for (const [name, x] of Object.entries({ logits, targets }))
    checkFinite(op, name, where(logicalAnd(counted, x.isNaN()), Number.NaN, 0));
  const said = logicalAnd(logits.greaterEqual(0), counted).astype('f32');
  const right = logicalAnd(targets.greater(0.5), counted).astype('f32');
  const axis = [-2, -1];
  const total = said.add(right).sum({ axis });
  return where(total.equal(0), 1, said.mul(right).sum({ axis }).mul(2).div(total.maximum(1)));
}

export interface EdgeLossOptions extends EdgeMetricOptions {
  /** Multiplies the part of the edges, which are few (default 1). */
  readonly positiveWeight?: number;
  /** Multiplies 1 - soft F1, which does not depend on how few edges are (default 0). */
  readonly softF1?: number;
}

/**
 * A loss for edges: for each set the mean cross-entropy over its real pairs, plus `softF1` (1 - 2 Σ p y / Σ (p + y)) with p = σ(logits); then the mean over sets, so that
 * large sets do not drown small ones and batch size changes nothing. Logits and targets [lead…, n, n].
 * @throws LayerShapeError for targets of another shape, MaskError; ArgumentError for unknown options or negative weights; outside a trace
 *   NonFiniteInputError for NaN or infinity at pairs that count.
 */
export function edgeLoss(logits: Tensor, targets: Tensor, options: EdgeLossOptions = {}): Tensor {
  const op = 'edgeLoss';
  const {
    mask,
    diagonal = false,
    positiveWeight = 1,
    softF1 = 0,
  } = checkedOptions(op, options, ['mask', 'diagonal', 'positiveWeight', 'softF1']);
  checkedTolerance(`${op}: positiveWeight`, positiveWeight);
  checkedTolerance(`${op}: softF1`, softF1);
  const counted = countedPairs(op, logits, targets, mask, diagonal);
  const x = where(counted, logits, 0);
  const y = where(counted, targets.astype(logits.dtype), 0);
  checkFinite(op, 'logits', x);
  checkFinite(op, 'targets', y);
  const axis = [-2, -1];
  const each = softplus(x.neg())
    .mul(y)
    .mul(positiveWeight)
    .add(softplus(x).mul(y.neg().add(1)));
  const pairs = counted.astype(logits.dtype).sum({ axis }).maximum(1);
  const entropy = where(counted, each, 0).sum({ axis }).div(pairs);
  if (softF1 === 0) return entropy.mean();
  const p = where(counted, sigmoid(x), 0);
  const overlap = p.mul(y).sum({ axis }).mul(2).div(p.add(y).sum({ axis }).add(SOFT_EPSILON));
  return entropy.add(overlap.neg().add(1).mul(softF1)).mean();
}

/** Keeps the soft F1 of a set of one element a number. */
const SOFT_EPSILON = 1e-10;

/** Which pairs count: both ends real, and different unless the diagonal counts; bool of the shape of the logits. */
function countedPairs(
  op: string,
  logits: Tensor,
  targets: Tensor,
  mask: TensorLike | undefined,
  diagonal: boolean,
): Tensor {
  checkTensor(op, 'logits', logits);
  checkTensor(op, 'targets', targets);
  checkedFlag(`${op}: diagonal`, diagonal);
  const { shape } = logits;
  const n = shape[shape.length - 1];
  if (shape.length < 2 || shape[shape.length - 2] !== n || targets.shape.join() !== shape.join()) {
    throw new LayerShapeError(
      `${op}: expected logits and targets of one shape [..., n, n], got [${shape.join(', ')}] and [${targets.shape.join(', ')}]. Squeeze the last axis of a network with one output.`,
    );
  }
  const all = onesLike(logits).greater(0);
  const apart = diagonal ? all : logicalAnd(all, agreeing(logits, n, 0, 1, 2).squeeze(-1).logicalNot());
  if (mask === undefined || mask === null) return apart;
  const flags = asMask(op, mask, shape.slice(0, -2), n, logits);
  return apart.logicalAnd(flags.expandDims(-1)).logicalAnd(flags.expandDims(-2));
}
