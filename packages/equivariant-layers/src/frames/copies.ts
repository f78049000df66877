import { concat, type Tensor, tree, vmap } from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import type { PointFrames } from './pointFrames.ts';
import { type Kind, signed } from './transport.ts';

type AnyFunction = (...args: never[]) => unknown;

/**
 * The function on every copy as one batch, where it sees single copies. `seen` are the arguments along the principal axes, without signs;
 * results have a first axis of copies.
 */
export function onMappedCopies(
  _op: string,
  fn: AnyFunction,
  seen: readonly unknown[],
  inputs: readonly Kind[],
  frames: PointFrames,
): unknown {
  const call = fn as (...args: unknown[]) => unknown;
  const moving = seen.flatMap((_, i) => (inputs[i] === 'scalar' ? [] : [i]));
  const withCopies = (...copies: Tensor[]): unknown => {
    const args = [...seen];
    moving.forEach((place, i) => {
      args[place] = copies[i];
    });
    return call(...args);
  };
  const copies = moving.map((i) => signed((seen[i] as Tensor).expandDims(0), frames));
  if (frames.count > 1) return vmap(withCopies)(...copies);
  return tree.map((y: Tensor) => y.expandDims(0), withCopies(...copies.map((copy) => copy.at(0))));
}

/** The function on all copies as one larger batch [copies · batch, …]; scalars that are tensors are repeated like it. */
export function onBatchedCopies(
  op: string,
  fn: AnyFunction,
  seen: readonly unknown[],
  inputs: readonly Kind[],
  frames: PointFrames,
): unknown {
  const { count, group } = frames;
  const [size] = frames.lead;
  if (size === undefined) {
    throw new LayerShapeError(
      `${op}: copies 'batched' expects clouds of shape [batch, …, n, ${group.dimension}], got one cloud. Add a batch axis with expandDims(0).`,
    );
  }
  const numbers = Array.from({ length: count }, (_, f) => f);
  const args = seen.map((arg, i) => {
    // Copies joined end to end are stored as the batch they stand for, so that the function runs as on any batch of that size.
    if (inputs[i] !== 'scalar') {
      const copy = (arg as Tensor).expandDims(0);
      return concat(numbers.map((f) => signed(copy, { ...frames, signs: frames.signs.slice([f, f + 1]) }).at(0)));
    }
    if (!Array.isArray((arg as Tensor | undefined)?.shape)) return arg;
    const features = arg as Tensor;
    if (features.shape[0] === size) return concat(numbers.map(() => features));
    throw new LayerShapeError(
      `${op}: copies 'batched' expects scalars of shape [${size}, …], got [${features.shape.join(', ')}]. Put tensors that are no features into a tree.`,
    );
  });
  const apart = (y: Tensor): Tensor => {
    if (y.shape[0] === count * size) return y.reshape([count, size, ...y.shape.slice(1)]);
    throw new LayerShapeError(
      `${op}: expected results of shape [${count * size}, …], one for each copy, got [${y.shape.join(', ')}]. Keep the batch axis, or set copies to 'mapped'.`,
    );
  };
  return tree.map(apart, (fn as (...all: unknown[]) => unknown)(...args));
}
