import { closureConvert, jit, type Tensor } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import type { SolveOptions } from './options.ts';
import type { LeafSolution } from './problem.ts';
import type { OdeSolver } from './solver.ts';
import type { Field, State } from './state.ts';

/** A solve as a function that can be traced. */
export type Run = (state: State, at: Clock, field: Field) => LeafSolution;

type Kept = (state: State, at: Clock, captured: readonly Tensor[]) => LeafSolution;

/** Options that reach a solve as tensors, or that matter before or after it only: the program does not depend on what they say. */
const beside = ['t0', 't1', 'grid', 'stepTimes', 'jumpTimes', 'args', 'onProgress', 'progressEvery', 'throw'];

/** Compiled solves, by what the right-hand side computes and by solver; both as they are, so that none outlives them. */
const kept = new WeakMap<object, WeakMap<OdeSolver, Map<string, Kept>>>();

/**
 * Runs a solve outside a trace. `f` is evaluated once, to see what it computes with what it closes over today: a solve that
 * differs from one before in values only (the state, times, tensors that f uses) runs what was compiled for that one.
 */
export function solveKept<Y, Args>(
  options: SolveOptions<Y, Args>,
  solver: OdeSolver,
  field: Field,
  run: Run,
  state: State,
  clock: Clock,
): LeafSolution {
  const key = keyOf(options);
  if (key === null) return jit((inner: State, at: Clock) => run(inner, at, field))(state, clock);
  const [converted, captured] = closureConvert(field, clock.t0, state);
  const bySolver = kept.get(converted) ?? new WeakMap<OdeSolver, Map<string, Kept>>();
  kept.set(converted, bySolver);
  const byKey = bySolver.get(solver) ?? new Map<string, Kept>();
  bySolver.set(solver, byKey);
  let solve = byKey.get(key);
  if (!solve) {
    solve = jit((inner: State, at: Clock, outside: readonly Tensor[]) =>
      run(inner, at, (t, y) => converted(t, y, ...outside)),
    );
    byKey.set(key, solve);
  }
  return solve(state, clock, captured);
}

/** The options as a text, or `null` when some (a function, a tensor) cannot be told by what they say. */
function keyOf(options: object): string | null {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined || name === 'solver') continue;
    if (beside.includes(name)) parts.push(name);
    else if (typeof value !== 'object' && typeof value !== 'function') parts.push(`${name}=${String(value)}`);
    else if (name === 'saveAt') parts.push(`${name}=${present(value)}`);
    else return null;
  }
  return parts.join(' ');
}

const present = (record: object): string =>
  Object.entries(record)
    .flatMap(([name, value]) => (value === undefined ? [] : [name]))
    .sort()
    .join();
