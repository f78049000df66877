import { applyUpdates, type Ema, type GradientTransform } from '@flowfield/nn';
import {
  expandDims,
  jit,
  random,
  ShapeError,
  scan,
  slice,
  type Tensor,
  tree,
  valueAndGrad,
} from '@flowfield/tensor-webgpu';
import type { BatchStream, HostPart } from '../streams/stream.ts';
import type { TrainState } from './state.ts';

/** Scalars to follow beside the loss, by name. */
export type Metrics = Record<string, Tensor>;

/** The loss of a batch: a floating scalar, or `[scalar, metrics]`. Traced: must not read data. */
export type LossFunction<P, B> = (params: P, batch: B, key: random.Key) => Tensor | readonly [Tensor, Metrics];

/** Losses and metrics of the steps of one chunk, each of shape [steps]. */
export type ChunkOutputs = { loss: Tensor; metrics: Metrics };

export interface StepParts<P, B> {
  readonly loss: LossFunction<P, B>;
  readonly optimizer: GradientTransform;
  readonly ema: Ema | null;
  readonly batches: BatchStream<B>;
}

/** One update of the whole state. Key number `step` of the run gives a key for the batch and one for the loss. */
function oneStep<P, B>(
  { loss, optimizer, ema, batches }: StepParts<P, B>,
  { params, optimizer: memory, ema: average, key, step }: TrainState<P>,
  part: HostPart,
): [TrainState<P>, ChunkOutputs] {
  const [batchKey, lossKey] = random.split(random.foldIn(key, step));
  const batch = batches.batch(part, batchKey, step);
  const withMetrics = (at: P): readonly [Tensor, Metrics] => {
    const result = loss(at, batch, lossKey);
    return Array.isArray(result) ? (result as unknown as readonly [Tensor, Metrics]) : [result as Tensor, {}];
  };
  const [[value, metrics], grads] = valueAndGrad(withMetrics, { hasAux: true })(params) as [[Tensor, Metrics], P];
  for (const [name, metric] of Object.entries(metrics)) {
    if (metric.shape.length === 0) continue;
    throw new ShapeError(
      `train: metric '${name}' must be a scalar, got shape [${metric.shape.join(', ')}]. Reduce it with .mean().`,
    );
  }
  const [updates, nextMemory] = optimizer.update(grads, memory, params);
  const nextParams = applyUpdates(params, updates);
  const next = {
    params: nextParams,
    optimizer: nextMemory,
    ema: ema && average ? ema.update(nextParams, average) : null,
    key,
    step: step.add(1),
  };
  return [next, { loss: value, metrics }];
}

/**
 * `count` steps as one device call that overwrites the state. `parts` are the host's parts, stacked. With `scanned` even one
 * step is a loop of length 1, so that a step computes the same bits however the run was divided.
 */
export type Chunk<P> = (state: TrainState<P>, parts: HostPart) => [TrainState<P>, ChunkOutputs];

/** Compiles `count` steps. */
export function compileChunk<P, B>(parts: StepParts<P, B>, count: number, scanned: boolean): Chunk<P> {
  const chunk: Chunk<P> = scanned
    ? (state, hostParts) =>
        scan((carry: TrainState<P>, part: HostPart) => oneStep(parts, carry, part), state, hostParts, { length: count })
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
