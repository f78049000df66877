import type { Tensor } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import type { LeafEvent } from './events.ts';
import { type From, Opened } from './opened.ts';
import type { LeafFunctions } from './problem.ts';
import type { OdeSolver } from './solver.ts';
import type { State } from './state.ts';

/** A solve, and what its program depends on. */
export interface Task {
  readonly options: object;
  readonly solver: OdeSolver;
  readonly functions: LeafFunctions;
  readonly state: State;
  readonly clock: Clock;
}

/**
 * Options that reach a solve as tensors or as functions of the problem, or that matter before or after it only: what its
 * program is does not depend on what they say.
 */
const beside = [
  ...['t0', 't1', 'grid', 'stepTimes', 'jumpTimes', 'args', 'onProgress', 'progressEvery', 'throw'],
  ...['solver', 'noise', 'events', 'project', 'mass'],
];

/** Compiled programs by a text and by objects: what each function of the solve computes, and its solver. None outlives those. */
class Shelf {
  readonly deeper = new WeakMap<object, Shelf>();
  readonly programs = new Map<string, unknown>();

  at(path: readonly object[]): Shelf {
    return path.reduce<Shelf>((shelf, step) => {
      const next = shelf.deeper.get(step) ?? new Shelf();
      shelf.deeper.set(step, next);
      return next;
    }, this);
  }
}

const all = new Shelf();

/** What was made before for the same objects, options and kind; the kind says what it depends on besides. */
export function keptAt<Made>(path: readonly object[], kind: string, options: object, make: () => Made): Made {
  const { programs } = all.at(path);
  const key = `${kind} ${keyOf(options)}`;
  if (!programs.has(key)) programs.set(key, make());
  return programs.get(key) as Made;
}

/**
 * The programs of a solve outside a trace, and the tensors that its functions take from outside. The right-hand side, a
 * projection and events are evaluated once, to see what they compute with what they close over today: a solve that differs
 * from one before in values only (the state, times, a mass matrix, tensors that the functions use) has the programs that were
 * made for that one.
 */
export function kept<Programs>(
  kind: string,
  { options, solver, functions, state, clock }: Task,
  make: (functionsWith: From<LeafFunctions>) => Programs,
): [Programs, readonly Tensor[]] {
  const { field, project, mass, events } = functions;
  const opened = new Opened();
  const fieldWith = opened.open(field, clock.t0, state);
  const projectWith = opened.openSome(project, state);
  const massWith = opened.tensor(mass);
  const eventsWith = events.map(({ when, apply, ...form }): From<LeafEvent> => {
    const whenWith = opened.open(when, clock.t0, state);
    const applyWith = opened.openSome(apply, clock.t0, state);
    return (from) => ({ ...form, when: whenWith(from), apply: applyWith(from) });
  });
  const form = JSON.stringify([mass !== null, project !== null, events]);
  const programs = keptAt([solver, ...opened.shared], `${kind} ${form}`, options, () =>
    make((from) => ({
      field: fieldWith(from),
      project: projectWith(from),
      mass: massWith(from),
      events: eventsWith.map((event) => event(from)),
    })),
  );
  return [programs, opened.outside];
}

/** The options as a text. */
function keyOf(options: object): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined) continue;
    if (beside.includes(name)) parts.push(name);
    else if (name === 'saveAt') parts.push(`${name}=${present(value)}`);
    else parts.push(`${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
  return parts.join(' ');
}

const present = (record: object): string =>
  Object.entries(record)
    .flatMap(([name, value]) => (value === undefined ? [] : [name]))
    .sort()
    .join();
