import { type MapOrders, sum } from './orders.ts';
import { setPartitions } from './partitions.ts';

/** Axes of the input and of the output that share one index. Axes are numbered over all node sets. */
export interface Block {
  readonly set: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Papers' numbering of the maps of low order (Maron et al. 2019, appendix A): growth strings over the input axes, then the output axes.
 * The numbering of other orders is lexicographic.
 */
const NUMBERING: Readonly<Record<string, readonly string[]>> = {
  '1,1': ['00', '01'],
  '2,0': ['00', '01'],
  '2,1': ['000', '001', '010', '011', '012'],
  '1,2': ['000', '011', '010', '001', '012'],
  '2,2': [
    ...['0000', '0011', '0100', '0111', '0122'],
    ...['0112', '0102', '0121', '0120'],
    ...['0101', '0110'],
    ...['0001', '0010', '0012', '0123'],
  ],
};

/** The growth strings of one node set in the numbering of the weights. */
function numberedPartitions(orderIn: number, orderOut: number): number[][] {
  const known = NUMBERING[`${orderIn},${orderOut}`];
  return known ? known.map((string) => [...string].map(Number)) : setPartitions(orderIn + orderOut);
}

/** The blocks of every linear equivariant map, in the numbering of the weights: one set partition for each node set. */
export function blocksOfMaps(orders: MapOrders): Block[][] {
  let lists: Block[][] = [[]];
  orders.in.forEach((orderIn, set) => {
    const firstIn = sum(orders.in.slice(0, set));
    const firstOut = sum(orders.out.slice(0, set));
    const own = numberedPartitions(orderIn, orders.out[set]).map((string) =>
      blocksOf(string, set, orderIn, firstIn, firstOut),
    );
    lists = lists.flatMap((before) => own.map((blocks) => [...before, ...blocks]));
  });
  return lists;
}

function blocksOf(string: readonly number[], set: number, orderIn: number, firstIn: number, firstOut: number): Block[] {
  const count = string.length === 0 ? 0 : Math.max(...string) + 1;
  const positions = (block: number) => string.flatMap((entry, i) => (entry === block ? [i] : []));
  return Array.from({ length: count }, (_, block) => ({
    set,
    inputs: positions(block)
      .filter((i) => i < orderIn)
      .map((i) => firstIn + i),
    outputs: positions(block)
      .filter((i) => i >= orderIn)
      .map((i) => firstOut + i - orderIn),
  }));
}

export const isMixed = (block: Block): boolean => block.inputs.length > 0 && block.outputs.length > 0;

/** The patterns of bias: partitions of the output axes, from all apart (a constant everywhere) to all in one block (the diagonal). */
export function biasBlocks(orderOut: readonly number[]): Block[][] {
  return blocksOfMaps({ in: orderOut.map(() => 0), out: orderOut }).reverse();
}
