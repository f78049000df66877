import { type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type Given, normal, type Sizes, type Structure } from '../problem.ts';

/** Parameters in the form that a model takes. */
export type Parameters = unknown;

/** A loss and what it is measured on. */
export interface Model {
  /** Parameters and data of these sizes. */
  prepare(sizes: Sizes): {
    readonly parameters: readonly Given[];
    readonly structure: Structure;
    readonly data: readonly Given[];
  };
  /** The loss as a function of parameters and data. */
  loss(sizes: Sizes): (parameters: Parameters, ...data: Tensor[]) => Tensor;
}

/** The tensors of a list in the places that a structure gives them. */
export const arranged = (structure: Structure, tensors: readonly Tensor[]): Parameters =>
  tree.map((index: number) => tensors[index], structure as never);

/**
 * Numbers for the parameters of a network of the library, which gives their names and shapes alone: normally distributed,
 * of variance 1/fan-in, and around 0.5 in lists (biases and scales), so that no part of the network is silent.
 */
export function drawn(network: Parameters): { readonly parameters: readonly Given[]; readonly structure: Structure } {
  const leaves = tree.leaves(network as never) as Tensor[];
  let index = 0;
  const structure = tree.map(() => index++, network as never) as Structure;
  const parameters = leaves.map(({ shape }, i) => {
    if (shape.length === 1) return normal(i, shape, 0.1, 0.5);
    const fanIn = shape.length === 4 ? shape[1] * shape[2] * shape[3] : shape[shape.length - 2];
    return normal(i, shape, 1 / Math.sqrt(fanIn));
  });
  return { parameters, structure };
}
