import { cond, full, maximum, minimum, stopGradient, type Tensor, where } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import { errorSize, movedProbe, type SizeOptions } from './errorSize.ts';
import { codeOf } from './errors.ts';
import { cutAtEvent, type EventState, startEvents } from './eventCut.ts';
import { firstStep } from './firstStep.ts';
import { emptyLog, type Log, writeLog } from './log.ts';
import { hermite, type Polynomial } from './polynomial.ts';
import type { LeafProblem } from './problem.ts';
import type { LeafStep, StepSpan, StepTask } from './solver.ts';
import type { State } from './state.ts';
import { type Control, stepFactor } from './stepControl.ts';
import { besides, jumpsAtStart, smallestStep, stopAfter } from './stops.ts';

export interface EngineOptions extends SizeOptions {
  readonly clock: Clock;
  /** `null`: every step goes to the next stop. */
  readonly control: Control | null;
  /** Attempts allowed, accepted and rejected together. */
  readonly maxSteps: number;
  /** Positive sizes; `null` chooses. */
  readonly firstStep: number | null;
  readonly minStep: number | null;
  readonly maxStep: number | null;
  /** Keep the interpolant of the last accepted step. */
  readonly keepsLast: boolean;
  /** Rows of the log; 0: none. */
  readonly capacity: number;
}

export interface Last {
  readonly offset: Tensor;
  readonly h: Tensor;
  readonly polynomial: Polynomial;
}

/** Where an adaptive solve stands. */
export interface Carry {
  readonly t: Tensor;
  /** The distance from t0. */
  readonly offset: Tensor;
  readonly state: State;
  /** f at the state, where the solver begins its steps with it. */
  readonly slope: State | null;
  /** The size of the next attempt, positive. */
  readonly h: Tensor;
  readonly errors: readonly [Tensor, Tensor];
  /** The attempt before was rejected. */
  readonly again: Tensor;
  /** f jumps at t. */
  readonly jumped: Tensor | null;
  readonly done: Tensor;
  readonly code: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  readonly evaluations: Tensor;
  /** A tangent that shows how fast errors of derivatives grow. */
  readonly probe: State | null;
  readonly last: Last | null;
  readonly log: Log | null;
  readonly events: EventState | null;
}

/** Steps one at a time, with control of their size. No derivative flows through the choice of the step sizes. */
export interface Engine {
  start(): Carry;
  attempt(carry: Carry): Carry;
  /** Whether there is more to do. */
  goesOn(carry: Carry): Tensor;
  readonly forward: Tensor;
}

/** A step that would leave less than this share of itself before the end is stretched to reach it. */
const stretch = 1.01;

/**
 * The longest step after an event that replaced the state, in lengths of the step that led to it: passages may follow each
 * other ever faster, and in a step much longer than the time to the next one it would not be seen.
 */
const afterEvent = 4;

const integer = (value: number): Tensor => full([], value, { dtype: 'i32' });

export function engineOf(problem: LeafProblem, options: EngineOptions): Engine {
  const { field, solver, project, keep, timeType, mass, events } = problem;
  const { clock, control, maxSteps, maxStep } = options;
  const { t0, t1, span } = clock;
  const forward = stopGradient(where(span.greaterEqual(0), full([], 1, { dtype: timeType }), -1));
  const ownDense = solver.denseLength > 0 && !project;
  const interpolates = options.keepsLast || keep === 'dense' || events.length > 0;
  const needsSlope = solver.beginsWithSlope || (interpolates && !ownDense);
  const reuses = solver.firstSameAsLast && !project && !mass;
  const powers = ownDense ? solver.denseLength : 4;
  const tolerances = control ? options.tolerances : null;

  const takeStep = (carry: Carry, stepSpan: StepSpan): LeafStep & { task: StepTask } => {
    const task = { field, span: stepSpan, state: carry.state, first: carry.slope, tolerances, mass };
    return { ...solver.leafStep(task), task };
  };
  const projected = (state: State): State => (project ? project(state) : state);
  const polynomialOf = (
    carry: Carry,
    step: LeafStep,
    ends: { next: State; slope: State | null; h: Tensor },
  ): Polynomial =>
    ownDense && step.polynomial
      ? step.polynomial()
      : hermite(carry.state, (carry.slope ?? step.first) as State, ends.next, ends.slope as State, ends.h);

  function attempt(carry: Carry): Carry {
    const stop = stopAfter(clock, carry.offset, forward);
    const distance = stopGradient(stop.offset.sub(carry.offset).mul(forward));
    const wanted = options.minStep === null ? carry.h : maximum(carry.h, options.minStep);
    const size = maxStep === null ? wanted : minimum(wanted, maxStep);
    const near = size.mul(stretch).greaterEqual(distance);
    const final = !control
      ? near.equal(near)
      : maxStep === null
        ? near
        : near.logicalAnd(size.greaterEqual(distance).logicalOr(distance.lessEqual(maxStep)));
    // Two equal steps to the stop, instead of a whole one and what is left.
    const half = distance.div(2);
    const least =
      options.minStep === null ? smallestStep(carry.offset, timeType) : full([], options.minStep, { dtype: timeType });
    const shared = size.greater(half).logicalAnd(half.greaterEqual(least));
    const length = where(shared, half, size);
    const offset = where(final, stop.offset, carry.offset.add(stopGradient(length).mul(forward)));
    // The length that really passes: adding a small step to a distance rounds it.
    const h = offset.sub(carry.offset);
    const end = where(final, stop.time, t0.add(offset));
    const lands = stop.jumps ? final.logicalAnd(stop.jumps) : null;
    const stepSpan = {
      start: carry.jumped ? where(carry.jumped, besides(carry.t, forward, timeType), carry.t) : carry.t,
      end: lands ? where(lands, besides(end, forward.neg(), timeType), end) : end,
      h,
    };
    const step = takeStep(carry, stepSpan);
    const next = projected(step.next);
    const slope = needsSlope ? (reuses && step.last ? step.last : field(stepSpan.end, next)) : null;

    const probe = carry.probe && movedProbe(problem, step.task, carry.probe);
    const error = control
      ? errorSize(options, timeType, {
          error: step.error as State,
          before: carry.state,
          after: next,
          probe,
          from: carry.probe,
        })
      : where(allFinite(next), full([], 0, { dtype: timeType }), Number.POSITIVE_INFINITY);
    const finite = error.isFinite();
    const accept = step.solved ? error.lessEqual(1).logicalAnd(step.solved) : error.lessEqual(1);
    const usable = step.solved ? finite.logicalAnd(step.solved) : finite;
    const factor = control
      ? stepFactor(
          control,
          { error, previous: carry.errors, accept, finite: usable, again: carry.again },
          solver.errorOrder as number,
        )
      : full([], 1, { dtype: timeType });
    const proposed = stopGradient(h).abs().mul(factor);
    // A step cut short by a stop says little about the next.
    const cutShort = clock.stops ? final.logicalOr(shared) : shared;
    const nextSize = where(accept.logicalAnd(cutShort), maximum(proposed, carry.h), proposed);

    const polynomial = interpolates ? polynomialOf(carry, step, { next, slope, h }) : null;
    const cut = carry.events
      ? cutAtEvent(problem, carry.events, {
          span: stepSpan,
          offsets: [carry.offset, offset],
          end,
          next,
          slope,
          polynomial: polynomial as Polynomial,
          accept,
          step: (to) => {
            const short = takeStep(carry, to);
            return {
              next: projected(short.next),
              evaluations: short.evaluations,
              polynomialTo: (ends) => polynomialOf(carry, short, { ...ends, h: to.h }),
            };
          },
        })
      : {
          state: next,
          slope,
          polynomial,
          end,
          offset,
          whole: null,
          ends: null,
          replaced: null,
          events: null,
          code: null,
          evaluations: 0,
        };

    const passed = stopGradient(cut.offset.sub(carry.offset)).abs();
    const following =
      cut.replaced && control
        ? where(cut.replaced, minimum(nextSize, maximum(passed.mul(afterEvent), least)), nextSize)
        : nextSize;

    const whole = cut.whole ?? full([], true);
    const reached = accept.logicalAnd(final).logicalAnd(whole);
    const arrived = stop.isEnd ? reached.logicalAnd(stop.isEnd) : reached;
    const done = cut.ends ? arrived.logicalOr(cut.ends) : arrived;
    const exhausted = carry.accepted
      .add(carry.rejected)
      .greaterEqual(maxSteps - 1)
      .logicalAnd(done.logicalNot());
    const stuck = control ? accept.logicalNot().logicalAnd(nextSize.less(least)) : accept.logicalNot();
    const why = where(
      finite,
      integer(codeOf(step.solved && !control ? 'notSolved' : 'stepUnderflow')),
      codeOf('nonFinite'),
    );
    const reason = step.solved ? where(finite.logicalAnd(step.solved.logicalNot()), codeOf('notSolved'), why) : why;
    const choose = (yes: State, no: State): State => yes.map((leaf, n) => where(accept, leaf, no[n]));
    const jumped = carry.jumped && where(accept, lands ? reached.logicalAnd(lands) : full([], false), carry.jumped);
    const begin = cut.slope && jumped ? afterJump(jumped, cut.end, cut.state, cut.slope) : cut.slope;
    const size1 = where(accept, maximum(error, 1e-4), carry.errors[0]);
    const spent = [step.evaluations, cut.evaluations, needsSlope && !(reuses && step.last) ? 1 : 0];
    return {
      t: where(accept, cut.end, carry.t),
      offset: where(accept, cut.offset, carry.offset),
      state: choose(cut.state, carry.state),
      slope: carry.slope && choose(begin as State, carry.slope),
      h: following,
      errors: [size1, where(accept, carry.errors[0], carry.errors[1])],
      again: accept.logicalNot(),
      jumped,
      done,
      code: where(stuck, reason, where(exhausted, codeOf('maxSteps'), cut.code ?? carry.code)),
      accepted: carry.accepted.add(accept.astype('i32')),
      rejected: carry.rejected.add(accept.logicalNot().astype('i32')),
      evaluations: spent.reduce<Tensor>((sum, more) => (more === 0 ? sum : sum.add(more)), carry.evaluations),
      probe: carry.probe && choose((probe as { next: State }).next, carry.probe),
      last: carry.last && {
        offset: where(accept, carry.offset, carry.last.offset),
        h: where(accept, cut.offset.sub(carry.offset), carry.last.h),
        polynomial: (cut.polynomial as Polynomial).map((power, j) => choose(power, (carry.last as Last).polynomial[j])),
      },
      log:
        carry.log &&
        writeLog(
          carry.log,
          {
            start: carry.t,
            end: cut.end,
            offset: carry.offset,
            size: cut.offset.sub(carry.offset),
            state: cut.state,
            polynomial: cut.polynomial,
          },
          accept,
        ),
      events: cut.events,
    };
  }

  const afterJump = (jumped: Tensor, t: Tensor, state: State, slope: State): State =>
    cond(
      jumped,
      () => field(besides(t, forward, timeType), state) as Tensor[],
      () => slope as Tensor[],
    );

  function start(): Carry {
    const { state } = problem;
    const jumped = jumpsAtStart(clock);
    const time = jumped ? where(jumped, besides(t0, forward, timeType), t0) : t0;
    const chooses = control !== null && options.firstStep === null;
    const slope = needsSlope || chooses ? field(time, state) : null;
    const good = slope ? allFinite(slope) : full([], true);
    const length = span.abs();
    const guess = !control
      ? stopGradient(length)
      : chooses
        ? firstStep(
            field,
            {
              t: time,
              t1,
              state,
              slope: slope as State,
              forward,
              span: stopGradient(length),
              errorOrder: solver.errorOrder as number,
            },
            options.tolerances,
            timeType,
          )
        : t0.mul(0).add(options.firstStep as number);
    const unknown = full([], 1, { dtype: timeType });
    const timesGood = clock.good ?? full([], true);
    const constant = (): Polynomial =>
      Array.from({ length: powers }, (_, j) => (j === 0 ? state : state.map((leaf) => leaf.mul(0))));
    const zero = t0.mul(0);
    return {
      t: t0,
      offset: span.mul(0),
      state,
      slope: needsSlope ? slope : null,
      h: stopGradient(guess),
      errors: [unknown, unknown],
      again: full([], false),
      jumped,
      done: full([], false),
      code: where(timesGood, where(good, integer(0), codeOf('nonFinite')), codeOf('badTimes')),
      accepted: integer(0),
      rejected: integer(0),
      evaluations: integer((slope ? 1 : 0) + (chooses ? 1 : 0)),
      probe: options.probes ? state.map((leaf) => full(leaf.shape, 1, { dtype: leaf.dtype })) : null,
      last: options.keepsLast ? { offset: span.mul(0), h: zero.add(1), polynomial: constant() } : null,
      log:
        keep === 'end' || options.capacity === 0
          ? null
          : emptyLog(keep, options.capacity, { start: t0, end: t0, offset: span, size: span, state }, powers),
      events: events.length > 0 ? startEvents(problem, t0) : null,
    };
  }

  const goesOn = ({ done, code, log }: Carry): Tensor => {
    const open = done.logicalNot().logicalAnd(code.equal(0));
    return log ? open.logicalAnd(log.used.less(options.capacity)) : open;
  };
  return { start, attempt, goesOn, forward };
}

const allFinite = (state: State): Tensor =>
  state
    .filter((leaf) => leaf.size > 0)
    .map((leaf) => leaf.isFinite().all())
    .reduce((a, b) => a.logicalAnd(b), full([], true));
