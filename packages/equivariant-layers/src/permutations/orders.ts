import { ArgumentError } from '@flowfield/tensor-webgpu';

/** An order, or one for each of several node sets. */
export type Orders = number | readonly number[];

/** The orders of a map from tensors over node sets to tensors over the same node sets, set by set. */
export interface MapOrders {
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/** The node set of every axis, for orders set by set. */
export const setsOfAxes = (orders: readonly number[]): number[] =>
  orders.flatMap((order, set) => Array<number>(order).fill(set));

/** @throws ArgumentError unless both are whole numbers of at least 0, or lists of such of one length. */
export function checkedOrders(op: string, orderIn: Orders, orderOut: Orders): MapOrders {
  const [input, output] = [checkedOrder(op, 'orderIn', orderIn), checkedOrder(op, 'orderOut', orderOut)];
  if (input.length !== output.length) {
    throw new ArgumentError(
      `${op}: orderIn names ${input.length} node sets, orderOut ${output.length}. Give both one order for each node set; 0 where a side has none.`,
    );
  }
  return { in: input, out: output };
}

export function checkedOrder(op: string, name: string, given: Orders): number[] {
  const list = typeof given === 'number' ? [given] : given;
  const valid =
    Array.isArray(list) && list.length > 0 && list.every((order) => Number.isSafeInteger(order) && order >= 0);
  if (valid) return [...list];
  throw new ArgumentError(
    `${op}: ${name} must be a whole number of at least 0, or a list of such, one for each node set; got ${String(given)}. Give such an order.`,
  );
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const product = (numbers: readonly number[]): number => numbers.reduce((total, number) => total * number, 1);

/** The extents of an output, for sizes of the node sets. */
export const outputExtents = (orders: MapOrders, sizes: readonly number[]): number[] =>
  orders.out.flatMap((order, set) => Array<number>(order).fill(sizes[set]));
