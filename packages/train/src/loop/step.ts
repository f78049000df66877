import { applyUpdates, type Ema, type OptimizerState } from '@flowfield/nn';
import {
  ArgumentError,
  argmax,
  random,
  stack,
  switchCase,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
  where,
  zeros,
} from '@flowfield/tensor-webgpu';
import type { BatchStream, HostPart } from '../streams/stream.ts';
import { type LossParts, lossParts, type Metrics } from './loss.ts';
import type { TrainState } from './state.ts';
import { pickedLeaves, roundOf, type SettledTurn, withLeaves } from './turns.ts';

/**
 * What a step tells: the loss, metrics, and the place among the leaves of the parameters of the first gradient that is not finite,
 * or -1. A step of one turn has 0 for the metrics of the others.
 */
export type StepOutputs = { loss: Tensor; metrics: Metrics; bad: Tensor };

export interface StepParts<P, B, S> {
  readonly turns: readonly SettledTurn<P, B, S>[];
  readonly ema: Ema | null;
  readonly batches: BatchStream<B>;
  /** Told the names of the metrics of each turn, when they are traced. */
  readonly onMetrics: (turn: string, names: readonly string[]) => void;
}

/** The place, one of `places`, of the first leaf with an element that is not finite, or -1. */
function firstBad(grads: unknown, places: readonly number[]): Tensor {
  const bad = stack(tree.leaves<Tensor>(grads).map((leaf) => leaf.isFinite().all().logicalNot())).astype('i32');
  const known = tensor([...places], { dtype: 'i32', device: bad.device?.name });
  return where(bad.max().greater(0), known.take(argmax(bad)), -1);
}

/** Parameters, memory and model state after one update of one turn. */
function updated<P, B, S>(
  { loss, optimizer, own }: SettledTurn<P, B, S>,
  params: P,
  memory: OptimizerState,
  modelState: S,
  batch: B,
  key: random.Key,
) {
  const isWhole = own.length === tree.leaves(params).length;
  const moving = isWhole ? params : pickedLeaves(params, own);
  const full = (at: P): P => (isWhole ? at : withLeaves(params, own, at));
  const parted = (at: P): readonly [Tensor, Omit<LossParts<S>, 'loss'>] => {
    const { loss: value, ...rest } = lossParts(loss(full(at), batch, key, modelState), modelState);
    return [value, rest];
  };
  type Traced = [[Tensor, Omit<LossParts<S>, 'loss'>], P];
  const [[value, rest], grads] = valueAndGrad(parted, { hasAux: true })(moving) as Traced;
  const result: unknown = optimizer.update(grads, memory, moving);
  if (!Array.isArray(result) || result.length !== 2) {
    throw new ArgumentError(
      `train: update of the optimizer must return [updates, state], got ${String(result)}. Return both.`,
    );
  }
  const [updates, nextMemory] = result as [P, OptimizerState];
  return {
    params: full(applyUpdates(moving, updates)),
    memory: nextMemory,
    modelState: rest.modelState,
    outputs: { loss: value, metrics: rest.metrics, bad: firstBad(grads, own) },
  };
}

/** One update of the whole state. Key number `step` of the run gives a key for the batch and one for the loss. */
export function oneStep<P, B, S>(
  parts: StepParts<P, B, S>,
  state: TrainState<P, S>,
  part: HostPart,
): [TrainState<P, S>, StepOutputs] {
  const { turns, ema, batches, onMetrics } = parts;
  const { params, ema: average, key, step, model } = state;
  const [batchKey, lossKey] = random.split(random.foldIn(key, step));
  const batch = batches.batch(part, batchKey, step);
  const isSole = turns.length === 1;
  const memoryOf = (turn: number): OptimizerState =>
    isSole ? state.optimizer : (state.optimizer as Readonly<Record<string, OptimizerState>>)[turns[turn].name];
  const take = (turn: number) => updated(turns[turn], params, memoryOf(turn), model, batch, lossKey);

  let next: ReturnType<typeof take>;
  if (isSole) {
    next = take(0);
    onMetrics(turns[0].name, Object.keys(next.outputs.metrics));
  } else {
    // Every branch must have the same form, so the metrics of all turns are found first; what computes them here is dropped.
    const found = turns.map((_, i) => take(i).outputs.metrics);
    turns.forEach(({ name }, i) => {
      onMetrics(name, Object.keys(found[i]));
    });
    const all: Metrics = Object.assign({}, ...found);
    const empty = Object.fromEntries(
      Object.entries(all).map(([name, { dtype, device }]) => [name, zeros([], { dtype, device: device?.name })]),
    );
    const branches = turns.map(({ name }, i) => () => {
      const { memory, outputs, ...rest } = take(i);
      const memories = { ...(state.optimizer as object), [name]: memory } as OptimizerState;
      return { ...rest, memory: memories, outputs: { ...outputs, metrics: { ...empty, ...outputs.metrics } } };
    });
    next = switchCase(turnOf(turns, step), branches);
  }
  const nextState = {
    params: next.params,
    optimizer: next.memory,
    ema: ema && average ? ema.update(next.params, average) : null,
    model: next.modelState,
    key,
    step: step.add(1),
  };
  return [nextState, next.outputs];
}

/** The number of the turn that has the step (i32). */
function turnOf(turns: readonly { readonly steps: number }[], step: Tensor): Tensor {
  const at = step.mod(roundOf(turns));
  let from = 0;
  return turns.slice(0, -1).reduce((sum, { steps }) => {
    from += steps;
    return sum.add(at.greaterEqual(from).astype('i32'));
  }, at.mul(0));
}
