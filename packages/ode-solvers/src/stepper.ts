import { checkFunctions, type Tensor, tree, where } from '@flowfield/tensor-webgpu';
import { clockOf } from './clock.ts';
import { type Carry, type Engine, engineOf } from './engine.ts';
import { dopri5 } from './methods/dopri5.ts';
import { checkNames, checkOptions, type SolveOptions } from './options.ts';
import type { LeafProblem } from './problem.ts';
import { alike, fieldOf, type OdeFunction, type State, stateOf, timeTypeOf } from './state.ts';
import { controlOf } from './stepControl.ts';
import { fail } from './times.ts';

/** Where a solve by hand stands: a plain tree of tensors, so that it can pass `jit` and the loops. */
export interface OdeProgress<Y> {
  readonly t: Tensor;
  readonly y: Y;
  /** The signed size of the next attempt. */
  readonly h: Tensor;
  /** The number of the outcome in `outcomes`; 0 while all is well. */
  readonly code: Tensor;
  /** Whether t1 is reached. */
  readonly done: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  readonly nfe: Tensor;
  /** What the solver carries along. */
  readonly inner: Carry;
}

/** A solve with control of its steps, one attempt at a time. */
export interface OdeStepper<Y> {
  start(y0: Y): OdeProgress<Y>;
  /** One attempt, accepted or not; nothing once the solve is done or has failed. */
  step(now: OdeProgress<Y>): OdeProgress<Y>;
}

/** The options that make sense one step at a time. */
const excluded = [
  'steps',
  'step',
  'grid',
  'saveAt',
  'reverseMode',
  'adjoint',
  'checkpoint',
  'events',
  'onProgress',
] as const;

export type StepperOptions<Y, Args = undefined> = Omit<SolveOptions<Y, Args>, (typeof excluded)[number]>;

/**
 * The adaptive steps of `solveOde` as two pure functions, for loops of your own: to stop early, to watch, to change things
 * between steps. Compile `step` once with `jit`.
 *
 * @throws ArgumentError for an f that is no function and for options as in `solveOde`.
 */
export function odeStepper<Y = Tensor, Args = undefined>(
  f: OdeFunction<Y, Args>,
  options: StepperOptions<Y, Args>,
): OdeStepper<Y> {
  checkFunctions('odeStepper', f);
  checkNames(options);
  const given = excluded.filter((name) => (options as SolveOptions<Y, Args>)[name] !== undefined);
  if (given.length > 0) fail(`${given.join(', ')} needs a whole solve. Use solveOde, or leave it out.`, 'odeStepper');
  const solver = options.solver ?? dopri5();
  const { project, mass = null } = options;

  const engineFor = (y: Y): { engine: Engine; rebuild: (state: State) => Y } => {
    const { structure } = tree.flatten(y);
    const state = stateOf(y, 'odeStepper');
    const timeType = timeTypeOf(state);
    checkOptions(options, solver, timeType);
    const rebuild = (leaves: State): Y => tree.unflatten(structure, leaves) as Y;
    const problem: LeafProblem = {
      field: fieldOf(f, structure, options.args as Args, 'odeStepper'),
      solver,
      state,
      project: project ? (inner) => alike('project', structure, inner, project(rebuild(inner)), 'odeStepper') : null,
      keep: 'end',
      timeType,
      mass,
      events: [],
      maxEvents: 1,
    };
    const engine = engineOf(problem, {
      tolerances: { rtol: options.rtol ?? 1e-5, atol: options.atol ?? 1e-5, norm: options.norm ?? 'rms' },
      countsTangents: false,
      probes: false,
      clock: clockOf(options, timeType, state.find((leaf) => leaf.device !== undefined)?.device?.name),
      control: controlOf(options.controller ?? 'pi', solver.errorOrder as number),
      maxSteps: options.maxSteps ?? 2 ** 31 - 2,
      firstStep: options.firstStep ?? null,
      minStep: options.minStep ?? null,
      maxStep: options.maxStep ?? null,
      keepsLast: false,
      capacity: 0,
    });
    return { engine, rebuild };
  };

  const progress = (engine: Engine, rebuild: (state: State) => Y, inner: Carry): OdeProgress<Y> => ({
    t: inner.t,
    y: rebuild(inner.state),
    h: inner.h.mul(engine.forward),
    code: inner.code,
    done: inner.done,
    accepted: inner.accepted,
    rejected: inner.rejected,
    nfe: inner.evaluations,
    inner,
  });

  return {
    start(y0) {
      const { engine, rebuild } = engineFor(y0);
      return progress(engine, rebuild, engine.start());
    },
    step(now) {
      const { engine, rebuild } = engineFor(now.y);
      const open = engine.goesOn(now.inner);
      const next = engine.attempt(now.inner);
      const inner = tree.map((after: Tensor, before: Tensor) => where(open, after, before), next, now.inner) as Carry;
      return progress(engine, rebuild, inner);
    },
  };
}
