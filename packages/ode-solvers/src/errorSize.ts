import { customJvp, jvp, maximum, stopGradient, type Tensor, where, zerosLike } from '@flowfield/tensor-webgpu';
import type { LeafProblem } from './problem.ts';
import type { StepTask } from './solver.ts';
import type { FloatType, State } from './state.ts';
import { scaledNorm, type Tolerances } from './stepControl.ts';

export interface SizeOptions {
  readonly tolerances: Tolerances;
  /** In forward mode the errors of the tangents count too. */
  readonly countsTangents: boolean;
  /** For reverse mode: a tangent of ones is carried along, whose errors count too. */
  readonly probes: boolean;
}

/** A tangent at the end of a step and its error. */
export interface Probe {
  readonly next: State;
  readonly error: State;
}

interface Measured {
  readonly error: State;
  readonly before: State;
  readonly after: State;
  readonly probe: Probe | null;
  readonly from: State | null;
}

/** The error of a step in tolerances, a constant to every derivative. */
export function errorSize({ tolerances, countsTangents }: SizeOptions, dtype: FloatType, given: Measured): Tensor {
  const { error, before, after, probe, from } = given;
  const norm = (values: State, around: readonly State[]): Tensor => scaledNorm(values, around, tolerances, dtype);
  const finiteOrZero = (size: Tensor): Tensor => where(size.isFinite(), size, 0);
  if (!countsTangents) {
    const size = norm(...stopGradient([error, [before, after]] as [State, State[]]));
    if (!probe) return size;
    return maximum(
      size,
      finiteOrZero(norm(...stopGradient([probe.error, [from as State, probe.next]] as [State, State[]]))),
    );
  }
  // Where a tangent moves along, the step has to be as accurate for it: otherwise a state at rest would hide a stiff derivative.
  const measure = customJvp(
    (values: State, start: State, end: State) => norm(values, [start, end]),
    ([values, start, end], [moved, movedStart, movedEnd]) => {
      const size = norm(values, [start, end]);
      return [maximum(size, finiteOrZero(norm(moved, [movedStart, movedEnd]))), zerosLike(size)];
    },
  );
  return stopGradient(measure(error, before, after));
}

/** The probe after a step: the derivative of the step along it. */
export function movedProbe({ solver }: LeafProblem, task: StepTask, probe: State): Probe {
  const [state, span] = stopGradient([task.state, task.span]);
  const step = (from: State): { next: State; error: State } => {
    const { next, error } = solver.leafStep({ ...task, span, state: from, first: null });
    return { next, error: error as State };
  };
  return stopGradient(jvp(step, [state], [probe])[1]);
}
