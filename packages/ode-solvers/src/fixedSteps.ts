import { concat, full, scan, type Tensor, tree, where } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import { codeOf } from './errors.ts';
import { hermite, type Polynomial } from './polynomial.ts';
import type { LeafDense, LeafProblem, LeafSolution } from './problem.ts';
import { padRows } from './rows.ts';
import type { LeafStep, StepSpan } from './solver.ts';
import type { State } from './state.ts';

export interface FixedCarry {
  readonly state: State;
  /** f at the state, where the next step begins with it. */
  readonly slope: State | null;
  /** Earlier slopes, newest first, and the sizes of the steps between them. */
  readonly history: readonly State[];
  readonly sizes: readonly Tensor[];
  readonly code: Tensor;
  readonly t: Tensor;
  /** The distance from t0, where it is kept. */
  readonly offset: Tensor;
  readonly h: Tensor;
  readonly accepted: Tensor;
  readonly evaluations: Tensor;
}

interface Kept {
  readonly states: State | null;
  readonly polynomial: Polynomial | null;
  readonly offset: Tensor | null;
}

export type FixedGrid = NonNullable<Clock['grid']>;

/** What a run of fixed steps leaves: where it stands, and what it kept of every step. */
export interface FixedRun {
  readonly end: FixedCarry;
  readonly kept: Kept;
}

const integer = (value: number): Tensor => full([], value, { dtype: 'i32' });

/** How fixed steps are taken: from a start, along pieces of the grid. */
export function fixedStepper(problem: LeafProblem, checkpoint: boolean) {
  const { field, solver, project, keep, mass } = problem;
  const ownDense = solver.denseLength > 0 && !project;
  const reuses = solver.firstSameAsLast && !project && !mass;
  const hermiteEnds = keep === 'dense' && !ownDense;
  const needsSlope = (reuses && solver.beginsWithSlope) || hermiteEnds || solver.history > 0;

  const begin = (clock: Clock): FixedCarry => ({
    state: problem.state,
    slope: needsSlope ? field(clock.t0, problem.state) : null,
    history: [],
    sizes: [],
    code: clock.good ? where(clock.good, integer(0), codeOf('badTimes')) : integer(0),
    t: clock.t0,
    offset: clock.t0.mul(0),
    h: clock.t0.mul(0),
    accepted: integer(0),
    evaluations: integer(needsSlope ? 1 : 0),
  });

  const step = (carry: FixedCarry, span: StepSpan): LeafStep => {
    const task = { field, span, state: carry.state, first: carry.slope, tolerances: null, mass };
    if (!solver.leafStepFrom || carry.history.length < solver.history) return solver.leafStep(task);
    let distance = span.h.mul(0);
    const nodes = carry.sizes.map((size, i) => {
      distance = distance.sub(size);
      // In an interval of length 0 any nodes do.
      return where(span.h.equal(0), -i - 1, distance.div(where(span.h.equal(0), 1, span.h)));
    });
    return solver.leafStepFrom(task, carry.history, nodes);
  };

  /** Evaluations of a step, where their number does not depend on what it computes: they are counted outside the loop. */
  let perStep = 0;
  const counted = (sum: Tensor, more: Tensor | number, spent: number): Tensor => {
    perStep = typeof more === 'number' ? more + spent : 0;
    return typeof more === 'number' ? sum : sum.add(more).add(spent);
  };

  const body = (carry: FixedCarry, span: StepSpan): [FixedCarry, Kept] => {
    const { end, h } = span;
    const result = step(carry, span);
    const next = project ? project(result.next) : result.next;
    const known = reuses && result.last;
    const slope = needsSlope ? (known ? (result.last as State) : field(end, next)) : null;
    const going = carry.code.equal(0);
    const finite = next
      .filter((leaf) => leaf.size > 0)
      .map((leaf) => leaf.isFinite().all())
      .reduce((a, b) => a.logicalAnd(b), full([], true));
    const sound = result.solved ? finite.logicalAnd(result.solved) : finite;
    const good = sound.logicalAnd(going);
    const trouble = result.solved
      ? where(finite, integer(codeOf('notSolved')), codeOf('nonFinite'))
      : integer(codeOf('nonFinite'));
    const choose = (yes: State, no: State): State => yes.map((leaf, n) => where(good, leaf, no[n]));
    const spent = needsSlope && !known ? 1 : 0;
    const moved: FixedCarry = {
      state: choose(next, carry.state),
      slope: slope && choose(slope, carry.slope as State),
      history: solver.history > 0 ? [carry.slope as State, ...carry.history].slice(0, solver.history) : [],
      sizes: solver.history > 0 ? [h, ...carry.sizes].slice(0, solver.history) : [],
      code: where(going.logicalAnd(sound.logicalNot()), trouble, carry.code),
      t: where(good, end, carry.t),
      offset: keep === 'dense' ? where(good, carry.offset.add(h), carry.offset) : carry.offset,
      h: where(going, h, carry.h),
      accepted: carry.accepted.add(good.astype('i32')),
      evaluations: counted(carry.evaluations, result.evaluations, spent),
    };
    const polynomial =
      keep !== 'dense'
        ? null
        : ownDense && result.polynomial
          ? result.polynomial()
          : hermite(carry.state, carry.slope as State, next, slope as State, h);
    return [moved, { states: keep === 'steps' ? moved.state : null, polynomial, offset: polynomial && carry.offset }];
  };

  /** Runs along a piece of a grid. */
  const run = (carry: FixedCarry, grid: FixedGrid, from: Tensor | null = null): FixedRun => {
    const count = grid.sizes.shape[0];
    const rows: StepSpan = {
      start: grid.times.slice([0, count]),
      end: grid.times.slice([1, count + 1]),
      h: grid.sizes,
    };
    const first: Kept[] = [];
    let now = carry;
    let done = 0;
    // Until its history is full, a method with several steps takes other ones: they are written out, as is a step from a
    // time that must not move with the others.
    for (; done < count && (now.history.length < solver.history || (from && done === 0)); done++) {
      const span = tree.map((all: Tensor) => all.slice(done), rows) as StepSpan;
      const [next, kept] = body(now, from && done === 0 ? { ...span, start: from } : span);
      first.push(tree.map((leaf: Tensor) => leaf.expandDims(0), kept) as Kept);
      now = { ...next, evaluations: next.evaluations.add(perStep) };
    }
    if (done < count || first.length === 0) {
      const rest = tree.map((all: Tensor) => all.slice([done, count]), rows) as StepSpan;
      const [end, kept] = scan<FixedCarry, StepSpan, Kept>(body, now, rest, { checkpoint });
      now = { ...end, evaluations: end.evaluations.add(perStep * (count - done)) };
      first.push(kept);
    }
    return { end: now, kept: joinKept(first) };
  };
  return { begin, run };
}

/** What was kept of pieces of a grid, one after the other. */
export const joinKept = (parts: readonly Kept[]): Kept =>
  parts.length === 1 ? parts[0] : (tree.map((...leaves: Tensor[]) => concat(leaves, 0), ...(parts as [Kept])) as Kept);

/**
 * Steps along a grid of times [n + 1] by `scan`: differentiable in both modes. A step whose result is not finite is
 * not taken: the state stays the last good one and the code tells.
 */
export function solveFixed(problem: LeafProblem, clock: Clock, checkpoint: boolean): LeafSolution {
  const { begin, run } = fixedStepper(problem, checkpoint);
  return fixedSolution(problem, clock, run(begin(clock), clock.grid as FixedGrid, clock.moves ? clock.t0 : null));
}

/** The solution that a run of fixed steps amounts to. */
export function fixedSolution(problem: LeafProblem, clock: Clock, { end, kept }: FixedRun): LeafSolution {
  const { times, sizes } = clock.grid as FixedGrid;
  const count = kept.states?.[0]?.shape[0] ?? sizes.shape[0];
  const used = end.accepted;
  const dense: LeafDense | null = kept.polynomial && {
    origin: clock.t0,
    starts: times.slice([0, sizes.shape[0]]),
    offsets: kept.offset as Tensor,
    sizes: padRows(sizes, end.h.mul(0), used),
    count: used,
    polynomial: kept.polynomial.map((power, j) =>
      power.map((rows, n) => padRows(rows, j === 0 ? end.state[n] : end.state[n].mul(0), used)),
    ),
  };
  return {
    state: end.state,
    t: end.t,
    h: end.h,
    code: end.code,
    accepted: used,
    rejected: integer(0),
    nfe: end.evaluations,
    trajectory: kept.states && {
      times: times.slice([0, count + 1]),
      states: kept.states.map((leaf, n) => concat([problem.state[n].expandDims(0), leaf], 0)),
    },
    dense,
    saved: null,
    events: null,
  };
}
