import { copyTree, type Ema, type EmaState, type OptimizerState } from '@flowfield/nn';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { pickedLeaves, type SettledTurn, SOLE } from './turns.ts';

/** All that a run is: saved in checkpoints, donated to every step. Paths of its leaves are names in checkpoints. */
export type TrainState<P, S = null> = {
  params: P;
  /** The memory of the optimizer; with turns, that of each by its name. */
  optimizer: OptimizerState;
  /** `null` without averaging. */
  ema: EmaState<P> | null;
  /** What layers with state carry; `null` for a run without. */
  model: S;
  /** The key of the run; each step folds its number into it. */
  key: random.Key;
  /** Updates made so far (i32 scalar). */
  step: Tensor;
};

interface StateParts<P, B, S> {
  readonly params: P;
  readonly turns: readonly SettledTurn<P, B, S>[];
  readonly ema: Ema | null;
  readonly modelState: S;
  readonly seed: number;
}

/** The state before the first step, in memory of its own: the given parameters stay the caller's. */
export function initialState<P, B, S>({ params, turns, ema, modelState, seed }: StateParts<P, B, S>): TrainState<P, S> {
  const own = copyTree(params);
  const device = tree.leaves<Tensor>(own).at(0)?.device?.name;
  const [first] = turns;
  return {
    params: own,
    optimizer:
      first.name === SOLE
        ? first.optimizer.init(own)
        : Object.fromEntries(turns.map((turn) => [turn.name, turn.optimizer.init(pickedLeaves(own, turn.own))])),
    ema: ema ? ema.init(own) : null,
    model: copyTree(modelState),
    key: random.key(seed, { device }),
    step: tensor(0, { dtype: 'i32', device }),
  };
}

/** Gives the memory of a tree back. */
export function disposeTree(state: unknown): void {
  for (const leaf of tree.leaves<Tensor>(state)) leaf.dispose();
}
