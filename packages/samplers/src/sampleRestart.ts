import { midpoint } from '@flowfield/ode-solvers';
import { schedulerAt } from '@flowfield/paths';
import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  jit,
  knownData,
  random,
  type Tensor,
  tensor,
} from '@flowfield/tensor-webgpu';
import { ChainTimeError } from './errors.ts';
import { evaluationsOf, type Velocity } from './field.ts';
import { renoise } from './renoise.ts';
import { returnedLike } from './returned.ts';
import { perRow, scalarType } from './rows.ts';
import { allFinite, chainGrid, notFinite } from './transitions/chain.ts';
import type { RestartOptions } from './transitions/churn.ts';
import { checkSolver, integrate } from './transitions/integrate.ts';
import { checkBatch, checkField } from './velocity.ts';

/**
 * Samples by the ODE with restarts: at the time `to` of each restart the points are noised back to `from` by `renoise`
 * and carried to `to` again, `times` times. Errors of the ODE contract with each restart, at the order of the solver
 * in between. All of it is one program that can be jitted.
 *
 * Source: Xu et al. 2023, "Restart Sampling for Improving Generative Processes".
 * @throws ChainTimeError for times that do not ascend in [0, 1], or restarts that overlap; NonFiniteSampleError, where
 * results can be read; ArgumentError for other options.
 */
export function sampleRestart(
  velocity: Velocity,
  x0: Tensor,
  options: RestartOptions,
): { readonly x: Tensor; readonly evaluations: number } {
  const use = 'sampleRestart';
  checkField(use, velocity, undefined);
  const {
    scheduler,
    restarts,
    key,
    solver = midpoint(),
    ...times
  } = checkedOptions(use, options, ['scheduler', 'grid', 'steps', 'restarts', 'solver', 'key']);
  schedulerAt(scheduler, 0.5);
  checkSolver(use, solver);
  const plain = chainGrid(use, times);
  if (!Array.isArray(restarts)) throw new ArgumentError(`${use}: expected restarts as a list of { from, to }.`);
  let last = plain[0];
  for (const restart of restarts) {
    checkedOptions(`${use}: restarts`, restart, ['from', 'to', 'times', 'steps']);
    checkedWhole(`${use}: times`, restart.times ?? 1);
    checkedWhole(`${use}: steps`, restart.steps ?? 4);
    if (!(restart.from >= last && restart.from < restart.to && restart.to <= plain[plain.length - 1])) {
      throw new ChainTimeError(
        `${use}: expected disjoint restarts that ascend within the grid, got from ${restart.from} to ${restart.to} after ${last}.`,
      );
    }
    last = restart.to;
  }
  const dtype = scalarType(checkBatch(use, x0));
  const grid = [...new Set([...plain, ...restarts.map(({ to }) => to)])].sort((a, b) => a - b);
  let steps = 0;
  const run = (start: Tensor, from: random.Key) => {
    steps = 0;
    const carry = (x: Tensor, legs: readonly number[]): Tensor => {
      if (legs.length < 2) return x;
      steps += legs.length - 1;
      return integrate(
        (t, at) => returnedLike(use, 'a velocity', velocity(at, perRow(t, at)), at),
        x,
        tensor(legs as number[], { dtype }),
        solver,
      );
    };
    let x = start;
    let reached = grid[0];
    let draws = 0;
    for (const restart of restarts) {
      x = carry(
        x,
        grid.filter((time) => time >= reached && time <= restart.to),
      );
      reached = restart.to;
      const count = restart.steps ?? 4;
      const inner = Array.from({ length: count + 1 }, (_, i) => (restart.from * (count - i) + restart.to * i) / count);
      for (let k = 0; k < (restart.times ?? 1); k++) {
        x = renoise(x, { scheduler, from: restart.to, to: restart.from, key: random.foldIn(from, draws++) });
        x = carry(x, inner);
      }
    }
    x = carry(
      x,
      grid.filter((time) => time >= reached),
    );
    return { x, finite: allFinite(x) };
  };
  const { x, finite } = jit(run)(x0, key);
  const flag = knownData(finite);
  if (flag && flag[0] === 0) throw notFinite(use, [grid[0], grid[grid.length - 1]], 0, x);
  return { x, evaluations: steps * solver.stages * evaluationsOf(velocity) };
}
