import { concat, cond, full, minimum, stopGradient, type Tensor, where } from '@flowfield/tensor-webgpu';
import { codeOf } from './errors.ts';
import { eventRoot } from './eventRoot.ts';
import { type EventRecord, type Passages, passagesOf, signsOf } from './events.ts';
import type { Polynomial } from './polynomial.ts';
import type { LeafProblem } from './problem.ts';
import { emptyRows, writeRow } from './rows.ts';
import type { StepSpan } from './solver.ts';
import type { State } from './state.ts';

/** What a solve remembers of its events. */
export interface EventState {
  /** The sign of each event: [events]; 0 while it is not known. */
  readonly signs: Tensor;
  readonly record: EventRecord;
}

interface Ends {
  readonly next: State;
  readonly slope: State | null;
}

/** A step that was taken, and how to take a shorter one from the same start. */
export interface Taken {
  readonly span: StepSpan;
  readonly offsets: readonly [Tensor, Tensor];
  readonly end: Tensor;
  readonly next: State;
  readonly slope: State | null;
  readonly polynomial: Polynomial;
  readonly accept: Tensor;
  step(span: StepSpan): { next: State; evaluations: Tensor | number; polynomialTo: (ends: Ends) => Polynomial };
}

/** The step as it counts: up to its first event. */
export interface Cut {
  readonly state: State;
  readonly slope: State | null;
  readonly polynomial: Polynomial | null;
  readonly end: Tensor;
  readonly offset: Tensor;
  /** No event cut the step short of its end. */
  readonly whole: Tensor | null;
  /** A terminal event ends the solve. */
  readonly ends: Tensor | null;
  /** An event has put another state in place; `null` where none can. */
  readonly replaced: Tensor | null;
  readonly events: EventState | null;
  readonly code: Tensor | null;
  readonly evaluations: Tensor | number;
}

export function startEvents({ events, state, maxEvents, timeType }: LeafProblem, t0: Tensor): EventState {
  return {
    signs: signsOf(events, t0, state),
    record: {
      times: emptyRows(full([], 0, { dtype: timeType }), maxEvents),
      which: full([maxEvents, events.length], false),
      states: state.map((leaf) => emptyRows(leaf, maxEvents)),
      count: full([], 0, { dtype: 'i32' }),
      terminated: full([], false),
    },
  };
}

/** Events this close together, in fractions of a step, happen at once. */
const together = { f32: 2 ** -20, f64: 2 ** -46 };

/** What an accepted step with an event in it leads to. */
interface Landing {
  readonly before: State;
  readonly state: State;
  readonly slope: State | null;
  readonly polynomial: Polynomial;
  readonly theta: Tensor;
  readonly end: Tensor;
  readonly fired: Tensor;
  readonly signs: Tensor;
  readonly evaluations: Tensor;
}

export function cutAtEvent(problem: LeafProblem, remembered: EventState, taken: Taken): Cut {
  const { events, maxEvents, timeType } = problem;
  const { accept, span, offsets } = taken;
  const passages = passagesOf(events, remembered.signs, taken);
  const happens = accept.logicalAnd(passages.found.any());
  const none = full([], 0, { dtype: 'i32' });
  const plain = (): Landing => ({
    before: taken.next,
    state: taken.next,
    slope: taken.slope,
    polynomial: taken.polynomial,
    theta: full([], 1, { dtype: timeType }),
    end: taken.end,
    fired: passages.found.logicalAnd(false),
    signs: passages.after,
    evaluations: none,
  });
  const landing = cond(happens, () => landingOf(problem, passages, taken, none), plain);
  const { record } = remembered;
  const room = record.count.less(maxEvents);
  const overflows = happens.logicalAnd(room.logicalNot());
  const writes = happens.logicalAnd(room);
  const at = minimum(record.count, maxEvents - 1);
  const write = (rows: Tensor, row: Tensor): Tensor => where(writes, writeRow(rows, row, at), rows);
  const stops = events.map(({ terminal }, i) => (terminal ? landing.fired.slice(i) : null)).filter((is) => is !== null);
  const ends = stops.reduce((a, b) => a.logicalOr(b), full([], false)).logicalAnd(accept);
  const replacing = events.map(({ apply }, i) => (apply ? landing.fired.slice(i) : null)).filter((is) => is !== null);
  return {
    state: landing.state,
    slope: landing.slope,
    polynomial: landing.polynomial,
    end: landing.end,
    offset: exactlyAt(landing.theta, offsets[0].add(landing.theta.mul(span.h)), offsets[1]),
    whole: landing.theta.equal(1),
    ends,
    replaced: replacing.length > 0 ? replacing.reduce((a, b) => a.logicalOr(b)).logicalAnd(accept) : null,
    evaluations: landing.evaluations,
    code: where(overflows, full([], codeOf('maxEvents'), { dtype: 'i32' }), none),
    events: {
      signs: where(accept, landing.signs, remembered.signs),
      record: {
        times: write(record.times, landing.end),
        which: write(record.which, landing.fired),
        states: record.states.map((rows, n) => write(rows, landing.before[n])),
        count: record.count.add(writes.astype('i32')),
        terminated: record.terminated.logicalOr(ends),
      },
    },
  };
}

/** `value`, which moves with theta, but exactly `end` where theta is 1. */
const exactlyAt = (theta: Tensor, value: Tensor, end: Tensor): Tensor =>
  value.add(stopGradient(where(theta.equal(1), end.sub(value), 0)));

/** The first event in a step, found on shorter steps from the same start, and the state after it. */
function landingOf({ events, field, timeType }: LeafProblem, passages: Passages, taken: Taken, none: Tensor): Landing {
  const { span, accept } = taken;
  const shorter = (theta: Tensor): StepSpan => ({
    start: span.start,
    end: exactlyAt(theta, span.start.add(taken.end.sub(span.start).mul(theta)), taken.end),
    h: span.h.mul(theta),
  });
  const roots = events.map((event, i) => {
    const g = (theta: Tensor): Tensor => {
      const to = shorter(theta);
      return event.when(to.end, taken.step(to).next);
    };
    const [found, low, high, before] = [passages.found, passages.low, passages.high, passages.before].map((all) =>
      all.slice(i),
    );
    return where(found, eventRoot(g, { found: found.logicalAnd(accept), low, high, before }, timeType), 2);
  });
  const theta = roots.reduce((a, b) => minimum(a, b));
  const to = shorter(theta);
  const short = taken.step(to);
  const before = short.next;
  const slopeBefore = taken.slope && field(to.end, before);
  let state = before;
  const fired = roots.map((root) => root.lessEqual(theta.add(together[timeType])));
  for (const [i, { apply }] of events.entries()) {
    if (!apply) continue;
    const now = state;
    state = cond(
      fired[i],
      () => apply(to.end, now) as Tensor[],
      () => now as Tensor[],
    );
  }
  const signs = signsOf(events, to.end, state);
  const flags = fired.map((is) => is.expandDims(0)).reduce((a, b) => concat([a, b], 0));
  return {
    before,
    state,
    slope: taken.slope && field(to.end, state),
    polynomial: short.polynomialTo({ next: before, slope: slopeBefore }),
    theta,
    end: to.end,
    fired: flags,
    signs: where(flags, 0, where(signs.equal(0), passages.before, signs)),
    evaluations: none.add(short.evaluations).add(taken.slope ? 2 : 0),
  };
}
