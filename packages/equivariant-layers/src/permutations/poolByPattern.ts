import { checkedOptions, concat, onesLike, type Tensor, where } from '@flowfield/tensor-webgpu';
import { checkedChoice } from '../inputs/choice.ts';
import { agreeing, type Masks, nodeSets } from './nodeSets.ts';
import { checkedOrder } from './orders.ts';
import { setPartitions } from './partitions.ts';
import type { Side } from './plan.ts';
import { pooler } from './pooling.ts';

export interface PoolByPatternOptions {
  /** Axes over the nodes that x has. */
  readonly order: number;
  /** What is taken over the entries of a pattern: the largest (default), their sum, or their mean. */
  readonly reduce?: 'max' | 'sum' | 'mean';
  /** Which nodes are real, [lead…, n]. */
  readonly mask?: Masks;
}

/**
 * One invariant per channel and equality pattern of the indices: x [lead…, n, …, n, c] -> [lead…, bell(order) c]. For order
 * 2 the diagonal entries, then all others, as in the networks of Maron et al. 2019. Each entry belongs to exactly one
 * pattern. A pattern without entries (no other entries with one node) gives 0.
 * @throws ArgumentError for unknown options; LayerShapeError, MaskError, EmptySetError, NonFiniteInputError as the layers do.
 */
export function poolByPattern(x: Tensor, options: PoolByPatternOptions): Tensor {
  const op = 'poolByPattern';
  const { order, reduce = 'max', mask } = checkedOptions(op, options, ['order', 'reduce', 'mask']);
  const [axes] = checkedOrder(op, 'order', order);
  checkedChoice(`${op}: reduce`, reduce, ['max', 'sum', 'mean']);
  const channels = x?.shape?.[x.shape.length - 1];
  const nodes = nodeSets(op, x, { orders: { in: [axes], out: [axes] }, channels, mask, nodes: undefined });
  const pool = pooler(nodes.x, nodes, 'sum');
  const real = pooler(nodes.masked(onesLike(nodes.x.slice('...', [0, 1]))), nodes, 'sum');
  const parts = setPartitions(axes).map((string) => {
    const sides = sidesOf(string);
    return reduced(pool(sides), apart(real(sides), nodes.sizes[0], sides.length), reduce, nodes.lead.length);
  });
  return concat(parts, -1);
}

function sidesOf(string: readonly number[]): Side[] {
  const count = string.length === 0 ? 0 : Math.max(...string) + 1;
  const axesOf = (block: number) => string.flatMap((entry, axis) => (entry === block ? [axis] : []));
  return Array.from({ length: count }, (_, block) => ({ set: 0, axes: axesOf(block), kept: true }));
}

/** The flags of entries whose indices are all different; the others are 0. */
function apart(flags: Tensor, n: number, blocks: number): Tensor {
  const pairs = Array.from({ length: blocks }, (_, a) => Array.from({ length: a }, (_, b) => [a, b])).flat();
  return pairs.reduce((kept, [a, b]) => where(agreeing(flags, n, a, b, blocks), 0, kept), flags);
}

function reduced(entries: Tensor, flags: Tensor, reduce: 'max' | 'sum' | 'mean', lead: number): Tensor {
  const axis = Array.from({ length: entries.shape.length - 1 - lead }, (_, i) => lead + i);
  if (axis.length === 0) return entries;
  const counted = flags.greater(0);
  if (reduce === 'max') {
    const largest = where(counted, entries, Number.NEGATIVE_INFINITY).max({ axis });
    return where(counted.any({ axis }), largest, 0);
  }
  const total = where(counted, entries, 0).sum({ axis });
  return reduce === 'sum' ? total : total.div(flags.sum({ axis }).maximum(1));
}
