import { expandDims, jit, scan, slice, type Tensor, tree } from '@flowfield/tensor-webgpu';
import type { HostPart } from '../streams/stream.ts';
import type { TrainState } from './state.ts';
import { oneStep, type StepOutputs, type StepParts } from './step.ts';

/** Outputs of the steps of one chunk, each of shape [steps]. */
export type ChunkOutputs = StepOutputs;

/**
 * `count` steps as one device call that overwrites the state. `parts` are the host's parts, stacked. With `scanned` even one
 * step is a loop of length 1, so that a step computes the same bits however the run was divided.
 */
export type Chunk<P, S> = (state: TrainState<P, S>, parts: HostPart) => [TrainState<P, S>, ChunkOutputs];

/** Compiles `count` steps. */
export function compileChunk<P, B, S>(parts: StepParts<P, B, S>, count: number, scanned: boolean): Chunk<P, S> {
  const chunk: Chunk<P, S> = scanned
    ? (state, hostParts) =>
        scan((carry: TrainState<P, S>, part: HostPart) => oneStep(parts, carry, part), state, hostParts, {
          length: count,
        })
    : (state, hostParts) => {
        const [next, outputs] = oneStep(
          parts,
          state,
          tree.map((leaf: Tensor) => slice(leaf, 0), hostParts) as HostPart,
        );
        return [next, tree.map((leaf: Tensor) => expandDims(leaf, 0), outputs)];
      };
  return jit(chunk, { donate: [0] });
}
