import { ArgumentError, checkedOptions, checkTensor, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { LayerShapeError, NonFiniteInputError } from '../errors.ts';
import { asMask, checkNotEmpty } from '../inputs/mask.ts';

export interface PartitionOptions {
  /** Which elements are real, [lead…, n]. */
  readonly mask?: TensorLike;
  /** Two elements are joined where the mean of both entries is at least this (default 0). */
  readonly threshold?: number;
}

/** Scores of pairs on the host: sets one after another, each n x n. */
export interface PairScores {
  readonly scores: Float64Array;
  readonly real: Uint8Array | null;
  readonly sets: number;
  readonly n: number;
}

/**
 * Scores [lead…, n, n] or [lead…, n, n, 1] on the host.
 * @throws LayerShapeError, MaskError, EmptySetError, NonFiniteInputError; ArgumentError for a threshold that is no number.
 */
export function pairScores(op: string, logits: Tensor, mask: TensorLike | undefined, threshold: number): PairScores {
  checkTensor(op, 'scores', logits);
  if (typeof threshold !== 'number' || Number.isNaN(threshold))
    throw new ArgumentError(`${op}: threshold must be a number, got ${String(threshold)}. Leave it out for 0.`);
  const single = logits.shape.at(-1) === 1 && logits.shape.at(-2) === logits.shape.at(-3);
  const shape = single && logits.shape.length > 2 ? logits.shape.slice(0, -1) : logits.shape;
  const n = shape[shape.length - 1];
  if (shape.length < 2 || shape[shape.length - 2] !== n) {
    throw new LayerShapeError(
      `${op}: expected scores of all pairs, [..., n, n] or [..., n, n, 1], got [${logits.shape.join(', ')}].`,
    );
  }
  const lead = shape.slice(0, -2);
  checkNotEmpty(op, [n]);
  const flags = mask === undefined || mask === null ? null : asMask(op, mask, lead, n, logits);
  const real = flags ? Uint8Array.from(flags.dataSync()) : null;
  const sets = lead.reduce((product, extent) => product * extent, 1);
  const scores = Float64Array.from(logits.dataSync());
  for (let at = 0; at < scores.length; at++) {
    if (!Number.isNaN(scores[at])) continue;
    const [set, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n];
    if (real && !(real[set * n + i] && real[set * n + j])) continue;
    throw new NonFiniteInputError(
      `${op}: expected numbers as scores, got NaN for the pair (${i}, ${j}) of set ${set}. Look for divisions by 0 before.`,
    );
  }
  return { scores, real, sets, n };
}

/**
 * The partition that scores of pairs say: elements i and j are joined where (s_ij + s_ji) / 2 >= threshold, and parts are the connected components. Scores
 * [lead…, n, n] or [lead…, n, n, 1]; one array of n part numbers for each set, parts numbered by their first element, -1 at padding. The read-out of Serviansky et al. 2020,
 * section 5.1.
 * @throws LayerShapeError, MaskError, EmptySetError, NonFiniteInputError; ArgumentError for unknown options.
 */
export function partition(scores: Tensor, options: PartitionOptions = {}): Int32Array[] {
  const op = 'partition';
  const { mask, threshold = 0 } = checkedOptions(op, options, ['mask', 'threshold']);
  const { scores: s, real, sets, n } = pairScores(op, scores, mask, threshold);
  return Array.from({ length: sets }, (_, set) => {
    const isReal = (i: number): boolean => real === null || real[set * n + i] === 1;
    const at = (i: number, j: number): number => s[(set * n + i) * n + j];
    const parent = Int32Array.from({ length: n }, (__, i) => i);
    const root = (i: number): number => {
      let top = i;
      while (parent[top] !== top) {
        parent[top] = parent[parent[top]];
        top = parent[top];
      }
      return top;
    };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        if (!isReal(i) || !isReal(j) || !((at(i, j) + at(j, i)) / 2 >= threshold)) continue;
        const [a, b] = [root(i), root(j)];
        parent[Math.max(a, b)] = Math.min(a, b);
      }
    }
    const numbers = new Map<number, number>();
    return Int32Array.from({ length: n }, (__, i) => {
      if (!isReal(i)) return -1;
      const top = root(i);
      const known = numbers.get(top) ?? numbers.size;
      numbers.set(top, known);
      return known;
    });
  });
}

/**
 * The relation «in the same part» as a row-major matrix of 0 and 1, n x n; padding (-1) is in no part.
 * @throws ArgumentError for what is no list.
 */
export function samePart(labels: ArrayLike<number>): Uint8Array {
  if (typeof labels !== 'object' || labels === null || !Number.isInteger(labels.length))
    throw new ArgumentError(`samePart: expected a list of labels, got ${String(labels)}. Read a tensor by data().`);
  const n = labels.length;
  const same = new Uint8Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) if (labels[i] >= 0 && labels[i] === labels[j]) same[i * n + j] = 1;
  }
  return same;
}

/**
 * The share of pairs on which two partitions agree, in [0, 1] (Rand 1971); 1 for a single element. Places where either label is below 0 are left out.
 * @throws ArgumentError for labels of two lengths, or none.
 */
export function randIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { pairs, together, inA, inB } = pairCounts('randIndex', a, b);
  return pairs === 0 ? 1 : (pairs + 2 * together - inA - inB) / pairs;
}

/**
 * The Rand index less its expectation under random labels of the same part sizes, scaled so that equal partitions give 1 (Hubert & Arabie 1985). Places
 * where either label is below 0 are left out.
 * @throws ArgumentError for labels of two lengths, or none.
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { pairs, together, inA, inB } = pairCounts('adjustedRandIndex', a, b);
  if (pairs === 0) return 1;
  const expected = (inA * inB) / pairs;
  const most = (inA + inB) / 2;
  // Both partitions are all singletons or all one part: they are equal.
  return most === expected ? 1 : (together - expected) / (most - expected);
}

/** Pairs of elements: all, together in both, in a and in b. */
function pairCounts(op: string, a: ArrayLike<number>, b: ArrayLike<number>) {
  if (!(a?.length > 0) || a.length !== b?.length) {
    throw new ArgumentError(
      `${op}: expected two lists of labels of one length, got ${a?.length ?? 'none'} and ${b?.length ?? 'none'}. Give one label for each element.`,
    );
  }
  const both = new Map<string, number>();
  const [first, second] = [new Map<number, number>(), new Map<number, number>()];
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] < 0 || b[i] < 0) continue;
    count++;
    both.set(`${a[i]},${b[i]}`, (both.get(`${a[i]},${b[i]}`) ?? 0) + 1);
    first.set(a[i], (first.get(a[i]) ?? 0) + 1);
    second.set(b[i], (second.get(b[i]) ?? 0) + 1);
  }
  const choose = (m: number): number => (m * (m - 1)) / 2;
  const total = (counts: Map<unknown, number>): number => [...counts.values()].reduce((sum, m) => sum + choose(m), 0);
  return { pairs: choose(count), together: total(both), inA: total(first), inB: total(second) };
}
