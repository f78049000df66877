import { ArgumentError, checkTensor, type random, type Tensor, tree } from '@flowfield/tensor-webgpu';

/** What the host hands to the device for one step: a tree of tensors, or `null` when the device needs nothing. */
export type HostPart = tree.Tree<Tensor>;

/**
 * Batches as a function of the step and a key, so that a run that was stopped goes on with the very batches it would have
 * had. The host prepares little or nothing; the rest is traced into the training step.
 */
export interface BatchStream<B> {
  /** The host's parts of steps first … first + count - 1, stacked along a new axis 0. Equal arguments, equal parts. */
  host(first: number, count: number): HostPart | Promise<HostPart>;
  /** The batch of one step from its part. Traced: must not read data. `step` is an i32 scalar. */
  batch(part: HostPart, key: random.Key, step: Tensor): B;
  /** Gives back what the stream holds open, such as a file. Called when a run ends or is left; it may go on afterwards. */
  close?(): void | Promise<void>;
}

/** The leaves of a data set, which must agree in their first extent: its number of rows. */
export function rowCount(use: string, data: unknown): number {
  const leaves = tree.leaves<Tensor>(data);
  for (const leaf of leaves) checkTensor(use, 'data', leaf);
  const counts = [...new Set(leaves.map((leaf) => leaf.shape[0]))];
  if (counts.length === 1 && counts[0] >= 1) return counts[0];
  throw new ArgumentError(
    `${use}: expected tensors with one common number of rows, at least 1; got ${leaves.map((leaf) => `[${leaf.shape.join(', ')}]`).join(', ') || 'none'}.`,
  );
}

/** The given rows of every tensor of a data set. */
export const takeRows = <D>(data: D, indices: Tensor): D =>
  tree.map((leaf: Tensor) => leaf.take(indices, { axis: 0 }), data);
