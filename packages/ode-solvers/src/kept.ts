import { closureConvert, type Tensor } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import type { OdeSolver } from './solver.ts';
import type { Field, State } from './state.ts';

/** The right-hand side, given the tensors that it takes from outside. */
export type FieldWith = (outside: readonly Tensor[]) => Field;

/** A solve, and what its program depends on. */
export interface Task {
  readonly options: object;
  readonly solver: OdeSolver;
  readonly field: Field;
  readonly state: State;
  readonly clock: Clock;
}

/** Options that reach a solve as tensors, or that matter before or after it only: the program does not depend on what they say. */
const beside = ['t0', 't1', 'grid', 'stepTimes', 'jumpTimes', 'args', 'onProgress', 'progressEvery', 'throw'];

/** Compiled programs, by what the right-hand side computes and by solver; both as they are, so that none outlives them. */
const all = new WeakMap<object, WeakMap<OdeSolver, Map<string, unknown>>>();

/**
 * The programs of a solve outside a trace, and the tensors that its right-hand side takes from outside. `f` is evaluated
 * once, to see what it computes with what it closes over today: a solve that differs from one before in values only (the
 * state, times, tensors that f uses) has the programs that were made for that one.
 *
 * @param kind tells programs of one task apart, and says what they depend on besides.
 */
export function kept<Programs>(
  kind: string,
  { options, solver, field, state, clock }: Task,
  make: (fieldWith: FieldWith) => Programs,
): [Programs, readonly Tensor[]] {
  const said = keyOf(options);
  if (said === null) return [make(() => field), []];
  const key = `${kind} ${said}`;
  const [converted, captured] = closureConvert(field, clock.t0, state);
  const bySolver = all.get(converted) ?? new WeakMap<OdeSolver, Map<string, unknown>>();
  all.set(converted, bySolver);
  const byKey = bySolver.get(solver) ?? new Map<string, unknown>();
  bySolver.set(solver, byKey);
  if (!byKey.has(key))
    byKey.set(
      key,
      make((outside) => (t, y) => converted(t, y, ...outside)),
    );
  return [byKey.get(key) as Programs, captured];
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
