import { ArgumentError, ShapeError, stack, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import type { HostPart } from './stream.ts';

/** A leaf of a batch as a tensor; arrays of numbers become one. */
function asTensor(use: string, leaf: unknown, path: string, step: number): Tensor {
  if (Array.isArray((leaf as Tensor | null)?.shape)) return leaf as Tensor;
  if (ArrayBuffer.isView(leaf) && !(leaf instanceof DataView)) return tensor(leaf as Float32Array);
  throw new ArgumentError(
    `${use}: expected tensors in the batch of step ${step}, got ${leaf === null ? 'null' : typeof leaf}${path ? ` at '${path}'` : ''}. Make one with tensor(…).`,
  );
}

const formOf = (leaves: readonly Tensor[]): string =>
  leaves.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(', ');

/**
 * The batches of steps first, first + 1, … stacked along a new axis 0, as the device wants them.
 * @throws ArgumentError for a batch that is no tree of tensors, or of another structure than the first; ShapeError for other shapes.
 */
export function stackedParts(use: string, batches: readonly unknown[], first: number): HostPart {
  const leaves = batches.map((batch, i) => {
    const paths = tree.paths(batch);
    return tree.leaves<unknown>(batch).map((leaf, j) => asTensor(use, leaf, paths[j], first + i));
  });
  const structure = tree.structure(batches[0]);
  if (leaves[0].length === 0) {
    throw new ArgumentError(
      `${use}: expected a tree of tensors as the batch of step ${first}, got nothing. Return at least one tensor.`,
    );
  }
  batches.forEach((batch, i) => {
    if (tree.structure(batch).key !== structure.key) {
      throw new ArgumentError(
        `${use}: the batches of steps ${first} and ${first + i} have different structures. Return the same names every time.`,
      );
    }
    if (formOf(leaves[i]) === formOf(leaves[0])) return;
    throw new ShapeError(
      `${use}: the batches of steps ${first} and ${first + i}, which go to the device together, have different shapes: ${formOf(leaves[0])} and ${formOf(leaves[i])}. Pad them to one shape (padRagged), or use innerSteps 1.`,
    );
  });
  return tree.unflatten(
    structure,
    leaves[0].map((_, j) => stack(leaves.map((each) => each[j]))),
  ) as HostPart;
}
