import { copyTree, type Ema, type EmaState, type GradientTransform, type OptimizerState } from '@flowfield/nn';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';

/** All that a run is: saved in checkpoints, donated to every step. Paths of its leaves are names in checkpoints. */
export type TrainState<P> = {
  params: P;
  optimizer: OptimizerState;
  /** `null` without averaging. */
  ema: EmaState<P> | null;
  /** The key of the run; each step folds its number into it. */
  key: random.Key;
  /** Updates made so far (i32 scalar). */
  step: Tensor;
};

/** The state before the first step, in memory of its own: the given parameters stay the caller's. */
export function initialState<P>(params: P, optimizer: GradientTransform, ema: Ema | null, seed: number): TrainState<P> {
  const own = copyTree(params);
  const device = tree.leaves<Tensor>(own).at(0)?.device?.name;
  return {
    params: own,
    optimizer: optimizer.init(own),
    ema: ema ? ema.init(own) : null,
    key: random.key(seed, { device }),
    step: tensor(0, { dtype: 'i32', device }),
  };
}

/** Gives the memory of a tree back. */
export function disposeTree(state: unknown): void {
  for (const leaf of tree.leaves<Tensor>(state)) leaf.dispose();
}
