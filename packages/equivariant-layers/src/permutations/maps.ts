import { ArgumentError, checkedOptions } from '@flowfield/tensor-webgpu';
import { MemoryLimitError } from '../errors.ts';
import { checkedChoice } from '../inputs/choice.ts';
import { type Block, biasBlocks, blocksOfMaps } from './blocks.ts';
import { checkedOrders, type MapOrders, type Orders, product, sum } from './orders.ts';
import { countSetPartitions } from './partitions.ts';

/** How sums over indices are scaled: 'mean' divides each by the number of elements of its node set, 'sum' does not. */
export type Normalization = 'mean' | 'sum';

/** One of the linear maps that commute with relabelling, or one of the patterns of bias. */
export interface EquivariantMap {
  /** Its place along the first axis of the layer's `weight` or `bias`. */
  readonly index: number;
  /** What it does, in words, for orders up to 2 → 2; else its partition. */
  readonly name: string;
  /**
   * Such as `Y[i,j] = mean_a X[i,a]`. Different letters run independently and may meet; entries of Y that are not
   * named, such as those beside `Y[i,i]`, are 0.
   */
  readonly formula: string;
  /** Axes that share an index, such as `in0 out1 | in1 | out0`. */
  readonly partition: string;
  readonly blocks: readonly Block[];
  /** Orders of input and output, set by set. */
  readonly orders: MapOrders;
}

export interface MapListOptions {
  readonly orderIn: Orders;
  readonly orderOut: Orders;
  /** Default 'mean'. */
  readonly normalize?: Normalization;
}

/** In the papers' numbering; see `blocks.ts`. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '1,1': ['identity', 'total'],
  '2,0': ['trace', 'total'],
  '2,1': ['diagonal', 'trace', 'rows', 'columns', 'total'],
  '1,2': ['on the diagonal', 'total on the diagonal', 'along columns', 'along rows', 'total everywhere'],
  '2,2': [
    'diagonal on the diagonal',
    'trace on the diagonal',
    'rows on the diagonal',
    'columns on the diagonal',
    'total on the diagonal',
    'columns along rows',
    'rows along rows',
    'columns along columns',
    'rows along columns',
    'identity',
    'transpose',
    'diagonal along rows',
    'diagonal along columns',
    'trace everywhere',
    'total everywhere',
  ],
};

/**
 * The linear maps from tensors of order `orderIn` to tensors of order `orderOut` that commute with every relabelling of
 * the nodes: one for each set partition of the k + l axes, in the order of the layer's weights. From 2 to 2 these are the 15
 * operations of Maron et al. 2019, appendix A, with their numbers less one.
 * @throws ArgumentError for orders that are no whole numbers, or unknown options; MemoryLimitError for more than a million maps.
 */
export function equivariantMaps(options: MapListOptions): EquivariantMap[] {
  const op = 'equivariantMaps';
  const { orderIn, orderOut, normalize = 'mean' } = checkedOptions(op, options, ['orderIn', 'orderOut', 'normalize']);
  checkedChoice(`${op}: normalize`, normalize, ['mean', 'sum']);
  const orders = checkedOrders(op, orderIn, orderOut);
  checkListLength(op, mapCount(orders));
  const names = orders.in.length === 1 ? NAMES[`${orders.in[0]},${orders.out[0]}`] : undefined;
  return blocksOfMaps(orders).map((blocks, index) => described(blocks, index, names?.[index], normalize, orders, 'X'));
}

/**
 * The patterns of bias of an output of order `orderOut`: one for each set partition of its axes, in the order of the layer's
 * biases. For order 2 a constant everywhere, then a constant on the diagonal.
 * @throws ArgumentError for orders that are no whole numbers.
 */
export function equivariantBiases(orderOut: Orders): EquivariantMap[] {
  const { out } = checkedOrders('equivariantBiases', orderOut, orderOut);
  const orders = { in: out.map(() => 0), out };
  checkListLength('equivariantBiases', mapCount(orders));
  return biasBlocks(out).map((blocks, index) => described(blocks, index, undefined, 'sum', orders, 'b'));
}

export interface MapCountOptions {
  readonly orderIn: Orders;
  readonly orderOut: Orders;
  /** Nodes of each set; without them no set is too small. */
  readonly nodes?: number | readonly number[];
}

/**
 * The dimension of the space of linear equivariant maps: bell(k + l), the product over node sets; with fewer nodes than
 * k + l, Σ_{j ≤ nodes} S(k + l, j), since the maps are dependent then. Maron et al. 2019, theorem 1.
 * @throws ArgumentError for orders or nodes that are no whole numbers.
 */
export function countEquivariantMaps(options: MapCountOptions): number {
  const op = 'countEquivariantMaps';
  const { orderIn, orderOut, nodes } = checkedOptions(op, options, ['orderIn', 'orderOut', 'nodes']);
  const orders = checkedOrders(op, orderIn, orderOut);
  const sizes = typeof nodes === 'number' ? orders.in.map(() => nodes) : nodes;
  if (sizes !== undefined && sizes.length !== orders.in.length) {
    throw new ArgumentError(
      `${op}: expected nodes of ${orders.in.length} node sets, got ${sizes.length}. Give one number for each, or one for all.`,
    );
  }
  return mapCount(orders, sizes);
}

export const mapCount = (orders: MapOrders, sizes?: readonly number[]): number =>
  product(orders.in.map((order, set) => countSetPartitions(order + orders.out[set], sizes?.[set])));

function described(
  blocks: readonly Block[],
  index: number,
  name: string | undefined,
  normalize: Normalization,
  orders: MapOrders,
  symbol: string,
): EquivariantMap {
  const partition = blocks
    .map(({ inputs, outputs }) => [...inputs.map((i) => `in${i}`), ...outputs.map((i) => `out${i}`)].join(' '))
    .join(' | ');
  return {
    index,
    name: name ?? partition,
    formula: formulaOf(blocks, normalize, orders, symbol),
    partition,
    blocks,
    orders,
  };
}

function formulaOf(blocks: readonly Block[], normalize: Normalization, orders: MapOrders, symbol: string): string {
  const letters = new Map<Block, string>();
  const byOutput = [...blocks.filter((block) => block.outputs.length > 0)].sort((a, b) => a.outputs[0] - b.outputs[0]);
  byOutput.forEach((block, i) => {
    letters.set(block, letter('ijklmnopqrstuvw', i));
  });
  const summed = blocks.filter((block) => block.outputs.length === 0);
  summed.forEach((block, i) => {
    letters.set(block, letter('abcdefgh', i));
  });
  const indices = (side: 'inputs' | 'outputs', count: number): string => {
    const names = Array.from({ length: count }, (_, axis) =>
      letters.get(blocks.find((block) => block[side].includes(axis)) as Block),
    );
    return count === 0 ? '' : `[${names.join(',')}]`;
  };
  const over = summed.map((block) => letters.get(block)).join(',');
  const reduction = over === '' ? '' : `${normalize}_${over} `;
  return `Y${indices('outputs', sum(orders.out))} = ${reduction}${symbol}${indices('inputs', sum(orders.in))}`;
}

/** Longer lists serve nobody, and fill memory. */
const LONGEST_LIST = 1e6;

function checkListLength(op: string, count: number): void {
  if (count <= LONGEST_LIST) return;
  throw new MemoryLimitError(
    `${op}: ${count} maps are more than the ${LONGEST_LIST} that can be listed. Use lower orders.`,
  );
}

const letter = (alphabet: string, i: number): string =>
  i < alphabet.length ? alphabet[i] : `${alphabet[i % alphabet.length]}${Math.floor(i / alphabet.length)}`;
