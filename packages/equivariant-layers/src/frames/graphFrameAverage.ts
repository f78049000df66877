import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkFunctions,
  checkTensor,
  type random,
  type Tensor,
  tensor,
  tree,
  vmap,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError, MemoryLimitError } from '../errors.ts';
import { beside } from '../inputs/beside.ts';
import { checkedChoice } from '../inputs/choice.ts';
import { checkFinite } from '../inputs/finite.ts';
import { neededKey } from './degenerate.ts';
import {
  frameOfGraph,
  type GraphFrame,
  type GraphFrameOptions,
  graphFrameOptionNames,
  placesOf,
} from './graphFrame.ts';

export interface GraphFrameAverageOptions extends GraphFrameOptions {
  /**
   * The order of each argument: 2 for [n, n, …], 1 for [n, …], 0 for anything that does not change with relabelling. The first of order 2 is the
   * adjacency [n, n] that defines the frame.
   */
  readonly inputs: readonly number[];
  /** The order of the result, 0 (default), 1 or 2; of every leaf where it is a tree. */
  readonly outputs?: number;
  /** 'full' (default): the mean over the frame; 'sampled': one element at random. */
  readonly frames?: 'full' | 'sampled';
  /** Elements that a full frame may have (default 50,000; 8! = 40,320). */
  readonly limit?: number;
  /** Elements in one batch (default 256). */
  readonly batchSize?: number;
}

export interface GraphFrameCallOptions {
  /** For sampled frames. */
  readonly key?: random.Key;
  /** In place of the option of the same name. */
  readonly frames?: 'full' | 'sampled';
  /** The frame of this adjacency, where it is known already: `graphFrame(adjacency)`. */
  readonly frame?: GraphFrame;
}

const ownNames = ['inputs', 'outputs', 'frames', 'limit', 'batchSize'] as const;

/**
 * A function of one graph made invariant or equivariant under relabelling: the mean over the frame of Sₙ of
 * the function on sorted graphs, taken back. The function may use the places of nodes, such as one-hot positions or a flattened adjacency.
 * Frames of symmetric graphs are large: sample them, or raise `limit`. With one sampled element even a relabelled copy gets
 * another value. Puny et al. 2022, "Frame averaging", section 3.2.
 * @throws ArgumentError for unknown options, orders or a missing key; MemoryLimitError for a full frame of more than `limit` elements;
 *   LayerShapeError for arguments that do not run over the nodes; and as `graphFrame`.
 */
export function graphFrameAverage<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: GraphFrameAverageOptions,
): (...args: [...A, options?: GraphFrameCallOptions]) => R {
  const op = 'graphFrameAverage';
  checkFunctions(op, fn);
  const checked = checkedOptions(op, options, [...graphFrameOptionNames, ...ownNames]);
  const { inputs, outputs = 0, frames = 'full', limit = 50_000, batchSize = 256, ...framing } = checked;
  checkOrders(op, inputs, outputs);
  checkedChoice(`${op}: frames`, frames, ['full', 'sampled']);
  checkedWhole(`${op}: limit`, limit);
  checkedWhole(`${op}: batchSize`, batchSize);
  const defining = inputs.indexOf(2);

  return (...given) => {
    const args = given.slice(0, inputs.length) as A;
    const { key, frames: which = frames, frame: known } = callOptions(op, given, inputs.length);
    const frame = known ?? frameOfGraph(op, args[defining] as Tensor, framing);
    args.forEach((arg, i) => {
      checkArgument(op, i, arg, inputs[i], frame.nodes);
    });
    const one = (order: Tensor, places: Tensor): R => {
      const seen = args.map((arg, i) => reordered(arg as Tensor, inputs[i], order)) as A;
      return tree.map((y: Tensor) => reordered(y, outputs, places), fn(...seen)) as R;
    };
    if (which === 'sampled') {
      const order = frame.sample(neededKey(op, "frames: 'sampled'", key));
      const [places, like] = [placesOf(order), beside(args[defining] as Tensor)];
      return one(tensor(order, like), tensor(places, like));
    }
    if (frame.size > BigInt(limit)) {
      throw new MemoryLimitError(
        `${op}: the frame of this graph has ${frame.size} elements, more than the limit of ${limit}. Set frames to 'sampled', or raise limit.`,
      );
    }
    return fullMean(one, frame, batchSize, args[defining] as Tensor);
  };
}

/** The mean over all elements, some at a time. */
function fullMean<R>(one: (order: Tensor, places: Tensor) => R, frame: GraphFrame, batchSize: number, like: Tensor): R {
  const summed = vmap(one) as (orders: Tensor, places: Tensor) => R;
  let total: R | null = null;
  const add = (orders: readonly Int32Array[]): void => {
    const both = [orders, orders.map(placesOf)].map((lists) =>
      tensor(Int32Array.from(lists.flatMap((list) => [...list])), beside(like)).reshape([orders.length, frame.nodes]),
    );
    const sums = tree.map((y: Tensor) => y.sum({ axis: 0 }), summed(both[0], both[1])) as R;
    total = total === null ? sums : (tree.map((a: Tensor, b: Tensor) => a.add(b), total, sums) as R);
  };
  let batch: Int32Array[] = [];
  for (const order of frame.elements()) {
    batch.push(order);
    if (batch.length < batchSize) continue;
    add(batch);
    batch = [];
  }
  if (batch.length > 0) add(batch);
  return tree.map((y: Tensor) => y.div(Number(frame.size)), total as R) as R;
}

/** Entries of the first `order` axes in another order of nodes. */
function reordered(x: Tensor, order: number, nodes: Tensor): Tensor {
  return Array.from({ length: order }).reduce<Tensor>((y, _, axis) => y.take(nodes, { axis }), x);
}

function checkOrders(op: string, inputs: readonly number[], outputs: number): void {
  const valid = (order: unknown) => order === 0 || order === 1 || order === 2;
  if (!Array.isArray(inputs) || !inputs.every(valid) || !inputs.includes(2)) {
    throw new ArgumentError(
      `${op}: expected inputs as a list of orders 0, 1 or 2 with at least one 2, the adjacency; got ${JSON.stringify(inputs)}. Give one for each argument.`,
    );
  }
  if (!valid(outputs))
    throw new ArgumentError(
      `${op}: expected outputs to be 0, 1 or 2, got ${String(outputs)}. Give the order of the result.`,
    );
}

function checkArgument(op: string, index: number, arg: unknown, order: number, nodes: number): void {
  if (order === 0) return;
  checkTensor(op, `argument ${index}`, arg);
  const { shape } = arg as Tensor;
  if (shape.length >= order && shape.slice(0, order).every((extent) => extent === nodes)) {
    checkFinite(op, `argument ${index}`, arg as Tensor);
    return;
  }
  throw new LayerShapeError(
    `${op}: expected argument ${index} of shape [${[...Array<number>(order).fill(nodes), '…'].join(', ')}], got [${shape.join(', ')}]. The axes over nodes come first.`,
  );
}

function callOptions(op: string, given: readonly unknown[], count: number): GraphFrameCallOptions {
  if (given.length < count || given.length > count + 1) {
    throw new ArgumentError(
      `${op}: expected ${count} arguments and options { key, frames, frame }, got ${given.length} arguments. Declare every argument in inputs.`,
    );
  }
  return checkedOptions(op, (given[count] ?? {}) as GraphFrameCallOptions, ['key', 'frames', 'frame']);
}
