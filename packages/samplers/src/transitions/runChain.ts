import { checkedOptions, jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { scalarType } from '../rows.ts';
import { checkBatch } from '../velocity.ts';
import { allFinite, type ChainOptions, type ChainSample, chainGrid, notFinite } from './chain.ts';
import { checkTransition, moved, type Transition } from './transition.ts';

export interface ChainProgress {
  /** Steps done and steps in all. */
  readonly done: number;
  readonly total: number;
  /** The time reached. */
  readonly t: number;
}

export interface RunChainOptions extends ChainOptions {
  readonly onProgress?: (progress: ChainProgress) => void;
  /** Stops between two steps; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with the points after each step: `true` ends the chain there, and the result holds the times so far. */
  readonly stopWhen?: (x: Tensor, t: number) => boolean | Promise<boolean>;
}

/**
 * Runs a transition through a grid step by step, with the results of `sampleChain`, and gives the event loop its turn
 * between two steps. The step is compiled once for all times.
 *
 * @throws (rejects) as `sampleChain`; the signal's reason when it is aborted.
 */
export async function runChain(transition: Transition, x0: Tensor, options: RunChainOptions): Promise<ChainSample> {
  const use = 'runChain';
  checkTransition(use, transition);
  const { key, onProgress, signal, stopWhen, ...times } = checkedOptions(use, options, [
    'grid',
    'steps',
    'key',
    'onProgress',
    'signal',
    'stopWhen',
  ]);
  const grid = chainGrid(use, times);
  const dtype = scalarType(checkBatch(use, x0));
  const step = jit((x: Tensor, t: Tensor, next: Tensor, stepKey: random.Key) => {
    const y = moved(use, transition, x, t, next, stepKey);
    return { y, finite: allFinite(y) };
  });
  let x = x0;
  let done = 0;
  while (done < grid.length - 1) {
    signal?.throwIfAborted();
    const [t, next] = [grid[done], grid[done + 1]].map((time) => tensor(time, { dtype, device: x0.device?.name }));
    const { y, finite } = step(x, t, next, random.foldIn(key, done));
    if ((await finite.data())[0] === 0) throw notFinite(use, grid, done, y);
    x = y;
    done++;
    onProgress?.({ done, total: grid.length - 1, t: grid[done] });
    if (await stopWhen?.(x, grid[done])) break;
    await new Promise<void>((resume) => setTimeout(resume, 0));
  }
  signal?.throwIfAborted();
  return { x, grid: grid.slice(0, done + 1), evaluations: done * (transition.evaluations ?? 1), trajectory: null };
}
