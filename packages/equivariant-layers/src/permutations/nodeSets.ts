import { arange, checkTensor, type Tensor, type TensorLike, where } from '@flowfield/tensor-webgpu';
import { LayerShapeError, MaskError } from '../errors.ts';
import { beside } from '../inputs/beside.ts';
import { checkFinite } from '../inputs/finite.ts';
import { floating } from '../inputs/floating.ts';
import { asMask, checkNotEmpty, maskTensor } from '../inputs/mask.ts';
import { type MapOrders, setsOfAxes } from './orders.ts';

/** One mask [lead…, n]; with several node sets a list with one for each, `null` for a set without padding. */
export type Masks = TensorLike | readonly (TensorLike | null)[];

/** The node sets of an input: their sizes, masks, and which axes run over which. */
export interface NodeSets {
  /** Batch axes. */
  readonly lead: readonly number[];
  readonly sizes: readonly number[];
  /** The input, 0 at padding. */
  readonly x: Tensor;
  /** Which elements of each set are real, bool [lead…, n]; `null` for a set without padding. */
  readonly masks: readonly (Tensor | null)[];
  /** `total` [lead…, …] divided by the number of real elements of a set, graph by graph. */
  divided(total: Tensor, set: number): Tensor;
  /** Where two axes of the output have the same index; broadcasts with an output without batch axes. */
  agree(a: number, b: number): Tensor;
  /** An output with 0 at padding. */
  masked(y: Tensor): Tensor;
}

/** What an input [lead…, n…, channels] says about the node sets. */
export interface InputOptions {
  readonly orders: MapOrders;
  readonly channels: number;
  readonly mask: Masks | undefined;
  /** Sizes of node sets that the input has no axis of. */
  readonly nodes: number | readonly number[] | undefined;
}

/**
 * Checks an input [lead…, n…, channels] and its masks.
 * @throws LayerShapeError, MaskError, EmptySetError; NonFiniteInputError where the numbers are known.
 */
export function nodeSets(op: string, x: Tensor, { orders, channels, mask, nodes }: InputOptions): NodeSets {
  checkTensor(op, 'x', x);
  const setsIn = setsOfAxes(orders.in);
  const setsOut = setsOfAxes(orders.out);
  const leadCount = x.shape.length - setsIn.length - 1;
  if (leadCount < 0 || x.shape[x.shape.length - 1] !== channels) {
    throw new LayerShapeError(
      `${op}: expected an input of shape [${['…', ...setsIn.map((set) => nodeName(set, orders)), channels].join(', ')}], got [${x.shape.join(', ')}]. ` +
        'Give one axis for each order and the channels last.',
    );
  }
  const lead = x.shape.slice(0, leadCount);
  const given = masksOf(op, mask, orders.in.length, x);
  const sizes = sizesOf(op, x.shape.slice(leadCount, -1), orders, nodes, given);
  checkNotEmpty(op, sizes);
  const masks = given.map((one, set) => (one === null ? null : asMask(op, one, lead, sizes[set], x)));
  const real = keepReal(floating(x), masks, setsIn);
  checkFinite(op, 'x', real);
  return {
    lead,
    sizes,
    x: real,
    masks,
    divided(total, set) {
      const flags = masks[set];
      if (flags === null) return total.mul(1 / sizes[set]);
      const count = flags.astype(total.dtype).sum({ axis: -1 });
      // A graph without nodes cannot be told from others inside a trace: its sums are 0, and so its means.
      const each = count.maximum(1).reciprocal();
      return total.mul(each.reshape([...lead, ...total.shape.slice(leadCount).map(() => 1)]));
    },
    agree: (a, b) => agreeing(real, sizes[setsOut[a]], a, b, setsOut.length),
    masked: (y) => keepReal(y, masks, setsOut),
  };
}

/** Where axes a and b of `count` axes over n nodes have the same index: bool, of extent 1 along all others and the channels, on the device of `like`. */
export function agreeing(like: Tensor, n: number, a: number, b: number, count: number): Tensor {
  const along = (axis: number) =>
    arange(n, beside(like)).reshape(Array.from({ length: count + 1 }, (_, i) => (i === axis ? n : 1)));
  return along(a).equal(along(b));
}

/** Where every axis is at a real element, x; else 0. Padding may hold NaN, and no derivative flows through it. */
function keepReal(x: Tensor, masks: readonly (Tensor | null)[], sets: readonly number[]): Tensor {
  const flags = sets.flatMap((set, axis) => {
    const mask = masks[set];
    if (mask === null) return [];
    const lead = mask.shape.slice(0, -1);
    return [mask.reshape([...lead, ...sets.map((_, i) => (i === axis ? mask.shape[lead.length] : 1)), 1])];
  });
  return flags.length === 0
    ? x
    : where(
        flags.reduce((both, one) => both.logicalAnd(one)),
        x,
        0,
      );
}

const nodeName = (set: number, orders: MapOrders): string => (orders.in.length === 1 ? 'n' : `n${set}`);

function sizesOf(
  op: string,
  extents: readonly number[],
  orders: MapOrders,
  nodes: number | readonly number[] | undefined,
  masks: readonly (Tensor | null)[],
): number[] {
  const axes = setsOfAxes(orders.in);
  const given = typeof nodes === 'number' ? orders.in.map(() => nodes) : nodes;
  return orders.in.map((order, set) => {
    const own = extents.filter((_, axis) => axes[axis] === set);
    if (new Set(own).size > 1) {
      throw new LayerShapeError(
        `${op}: expected ${order} axes of one extent for ${nodeName(set, orders)}, got [${own.join(', ')}]. All of them run over the same nodes.`,
      );
    }
    const size = own[0] ?? given?.[set] ?? masks[set]?.shape.at(-1);
    if (size !== undefined && (given?.[set] ?? size) === size) return size;
    if (size === undefined && orders.out[set] === 0) return 1;
    const found = size === undefined ? 'has no axis that tells it' : `has ${size}`;
    throw new LayerShapeError(
      `${op}: expected the number of nodes ${nodeName(set, orders)}${given?.[set] === undefined ? '' : ` = ${given[set]}`}; the input ${found}. Give it in the option nodes.`,
    );
  });
}

function masksOf(op: string, mask: Masks | undefined, count: number, x: Tensor): (Tensor | null)[] {
  if (mask === undefined || mask === null) return Array<null>(count).fill(null);
  if (count === 1 && !isListOfOne(mask)) return [maskTensor(op, mask as TensorLike, x)];
  if (Array.isArray(mask) && mask.length === count) {
    return (mask as (TensorLike | null)[]).map((one) => (one === null ? null : maskTensor(op, one, x)));
  }
  throw new MaskError(
    `${op}: expected a list of ${count} masks, one for each node set, got ${Array.isArray(mask) ? `a list of ${mask.length}` : 'one mask'}. Give null for a set without padding.`,
  );
}

/** [mask] for one node set; not the nested arrays of a mask of one element. */
const isListOfOne = (mask: Masks): boolean =>
  Array.isArray(mask) && mask.length === 1 && (mask[0] === null || (typeof mask[0] === 'object' && 'shape' in mask[0]));
