import { midpoint, type OdeSolver } from '@flowfield/ode-solvers';
import { type Scheduler, schedulerAt } from '@flowfield/paths';
import { checkedOptions, checkFunctions, type random, stack, type Tensor, where } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { evaluationsOf, type Velocity } from '../field.ts';
import { renoise } from '../renoise.ts';
import { returnedLike } from '../returned.ts';
import { perRow, scalarType } from '../rows.ts';
import { checkSolver, integrate } from './integrate.ts';
import { type Transition, transitionOf } from './transition.ts';

/** A step of an ODE solver as a transition without randomness. */
export function odeStep(velocity: Velocity, solver: OdeSolver = midpoint()): Transition {
  checkFunctions('odeStep', velocity);
  checkSolver('odeStep', solver);
  return transitionOf(solver.stages * evaluationsOf(velocity), (x, t, tNext) => along(velocity, x, t, tNext, solver));
}

const along = (velocity: Velocity, x: Tensor, t: Tensor, tNext: Tensor, solver: OdeSolver): Tensor =>
  integrate(
    (time, at) => returnedLike('odeStep', 'a velocity', velocity(at, perRow(time, at)), at),
    x,
    stack([t, tNext]),
    solver,
  );

export interface ChurnOptions {
  readonly scheduler: Scheduler;
  /** By how much the noise-to-signal ratio σ/α grows before a step, relative to itself (default 0.2). */
  readonly amount?: number;
  /** Noise is added only in steps that begin in this range of times (default [0, 1]). */
  readonly from?: number;
  readonly to?: number;
  /** One-step solver of the ODE (default `midpoint()`). */
  readonly solver?: OdeSolver;
}

/**
 * A step of the ODE with fresh noise: first back in time, to where σ/α is (1 + amount) times as large, by `renoise`; from
 * there by the ODE to the end of the step. The noise corrects errors of earlier steps.
 *
 * Source: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", algorithm 2, on the time
 * of any affine path.
 */
export function churn(velocity: Velocity, options: ChurnOptions): Transition {
  const use = 'churn';
  checkFunctions(use, velocity);
  const {
    scheduler,
    amount = 0.2,
    from = 0,
    to = 1,
    solver = midpoint(),
  } = checkedOptions(use, options, ['scheduler', 'amount', 'from', 'to', 'solver']);
  schedulerAt(scheduler, 0.5);
  checkedNumber(`${use}: amount`, amount, 0);
  checkedNumber(`${use}: from`, from, 0, 1);
  checkedNumber(`${use}: to`, to, from, 1);
  checkSolver(use, solver);
  return transitionOf(solver.stages * evaluationsOf(velocity), (x, t, tNext, key) => {
    const dtype = scalarType(x);
    const now = t.astype(dtype);
    const { alphaT, sigmaT } = schedulerAt(scheduler, now);
    const active = now.greaterEqual(from).logicalAnd(now.lessEqual(to)).logicalAnd(alphaT.greater(0));
    const growth = where(active, 1 + amount, 1);
    const earlier = where(active, scheduler.snrInverse(alphaT.div(sigmaT.mul(growth))).minimum(now), now);
    const back = renoise(x, { scheduler, from: now, to: earlier, key });
    return along(velocity, back, earlier, tNext.astype(dtype), solver);
  });
}

export interface Restart {
  /** Points at time `to` are noised back to `from`, and carried to `to` again. */
  readonly from: number;
  readonly to: number;
  /** How often (default 1). */
  readonly times?: number;
  /** ODE steps from `from` to `to` (default 4). */
  readonly steps?: number;
}

export interface RestartOptions {
  readonly scheduler: Scheduler;
  /** Ascending times of the ODE in [0, 1]; the ends of restarts are added. Or equal steps. */
  readonly grid?: readonly number[];
  readonly steps?: number;
  /** Disjoint intervals, ascending. */
  readonly restarts: readonly Restart[];
  readonly solver?: OdeSolver;
  readonly key: random.Key;
}
