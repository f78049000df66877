import { full, type Tensor, tree } from '@flowfield/tensor-webgpu';
import type { Polynomial } from './polynomial.ts';
import { type Field, fieldOf, type OdeFunction, type State, stateOf, timeTypeOf } from './state.ts';
import type { Tolerances } from './stepControl.ts';
import type { Tableau } from './tableau.ts';

export interface StepOptions<Y> {
  /** f(t, y), when it is known: the `last` of the step before. */
  readonly first?: Y;
}

export interface Step<Y> {
  /** The state at t + h. */
  readonly y: Y;
  /** An estimate of the error of `y`, if the method has one. */
  readonly error?: Y;
  /** f at the end of the step, if the last stage is that ("first same as last"). */
  readonly last?: Y;
}

/** From where to where a step goes. Stages stand between the two times, so none lies outside the interval. */
export interface StepSpan {
  readonly start: Tensor;
  readonly end: Tensor;
  /** The signed length by which the state advances; late clocks round `end - start`. */
  readonly h: Tensor;
}

/** One step to take, on leaves. */
export interface StepTask {
  readonly field: Field;
  readonly span: StepSpan;
  readonly state: State;
  /** f at the start of the step, where it is known. */
  readonly first: State | null;
  /** The tolerances of an adaptive solve: implicit methods solve their equations to a part of them. */
  readonly tolerances: Tolerances | null;
  /** The matrix M of `M y' = f`. */
  readonly mass: Tensor | null;
}

/** What one step computed, on leaves. */
export interface LeafStep {
  readonly next: State;
  readonly error: State | null;
  /** f at the end, where the last stage is it. */
  readonly last: State | null;
  /** f at the start, where it was evaluated. */
  readonly first: State | null;
  /** The method's own dense output; `null` where there is none. */
  readonly polynomial: (() => Polynomial) | null;
  /** Evaluations of f, with those for `first` if it was not given. */
  readonly evaluations: Tensor | number;
  /** Whether the equations of the step were solved; `null` for explicit methods. */
  readonly solved: Tensor | null;
}

/** What a method is, apart from how it steps. */
export interface SolverTraits {
  readonly name: string;
  /** The global error is O(h^order). */
  readonly order: number;
  /** The error estimate of a step is O(h^errorOrder); `null` where the method has none and needs fixed steps. */
  readonly errorOrder: number | null;
  /** Stages of a step. */
  readonly stages: number;
  /** The last stage is the first of the next step, so that a step costs one evaluation less. */
  readonly firstSameAsLast: boolean;
  readonly implicit: boolean;
  /** How many coefficients its own dense output has; 0: the cubic through both ends and their slopes. */
  readonly denseLength: number;
  /** Whether a step begins with f at its start. */
  readonly beginsWithSlope: boolean;
  /** Whether `M y' = f` can be solved with a matrix M that is singular. */
  readonly allowsMass: boolean;
  /** How many earlier slopes a method with several steps takes; 0 for others. */
  readonly history: number;
}

/** A solver of `dy/dt = f(t, y)` by single steps. */
export interface OdeSolver extends SolverTraits {
  /** The coefficients, of Runge-Kutta methods. */
  readonly tableau?: Tableau;
  /** One step of size h (negative: backwards) by hand, without control of its size. */
  step<Y>(
    f: OdeFunction<Y, undefined>,
    t: Tensor | number,
    y: Y,
    h: Tensor | number,
    options?: StepOptions<Y>,
  ): Step<Y>;
  /** One step on the leaves of a state: what `solveOde` calls. */
  leafStep(task: StepTask): LeafStep;
  /** A step from earlier slopes (newest first) at earlier times, for methods with a history. */
  leafStepFrom?(task: StepTask, slopes: readonly State[], times: readonly Tensor[]): LeafStep;
}

/** The time at the fraction `c` of a step. */
export const timeAt = ({ start, end }: StepSpan, c: number): Tensor =>
  c === 0 ? start : c === 1 ? end : start.add(end.sub(start).mul(c));

/** A step by hand, from times as tensors or numbers, which take the dtype of time. */
export function stepSpanOf(t: Tensor | number, h: Tensor | number, state: State): StepSpan {
  const device = state.find((leaf) => leaf.device !== undefined)?.device?.name;
  const [start, length] = [t, h].map((time) =>
    typeof time === 'number' ? full([], time, { dtype: timeTypeOf(state), device }) : time,
  );
  return { start, end: start.add(length), h: length };
}

/** The step of a state without elements, for which no equations can be written down. */
function emptyStep(traits: SolverTraits, { state, first }: StepTask): LeafStep {
  return {
    next: state,
    error: traits.errorOrder === null ? null : state,
    first: traits.beginsWithSlope ? (first ?? state) : null,
    last: state,
    polynomial: traits.denseLength > 0 ? () => Array.from({ length: traits.denseLength }, () => state) : null,
    evaluations: 0,
    solved: null,
  };
}

/** A solver from its traits and its step on leaves. */
export function solverOf(
  traits: SolverTraits & Pick<OdeSolver, 'tableau' | 'leafStepFrom'>,
  stepOf: (task: StepTask) => LeafStep,
): OdeSolver {
  const leafStep = (task: StepTask): LeafStep =>
    traits.implicit && task.state.every((leaf) => leaf.size === 0) ? emptyStep(traits, task) : stepOf(task);
  return {
    ...traits,
    leafStep,
    step(f, t, y, h, options = {}) {
      const { structure } = tree.flatten(y);
      const state = stateOf(y);
      const first = options.first === undefined ? null : stateOf(options.first);
      const result = leafStep({
        field: fieldOf(f, structure, undefined),
        span: stepSpanOf(t, h, state),
        state,
        first,
        tolerances: null,
        mass: null,
      });
      const rebuild = (state: State) => tree.unflatten(structure, state) as typeof y;
      return {
        y: rebuild(result.next),
        ...(result.error ? { error: rebuild(result.error) } : {}),
        ...(result.last ? { last: rebuild(result.last) } : {}),
      };
    },
  };
}
