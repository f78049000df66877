import {
  checkedOptions,
  checkFunctions,
  DTypeError,
  full,
  ShapeError,
  stack,
  type Tensor,
  tensor,
  tree,
  vmap,
  where,
} from '@flowfield/tensor-webgpu';
import { evaluatePolynomial, type Polynomial } from './polynomial.ts';
import type { StepSpan } from './solver.ts';
import { alike, type FloatType, type State } from './state.ts';
import { checkFlags, fail } from './times.ts';

/** Something that happens when a function of the solution passes zero. */
export interface OdeEvent<Y, Args = unknown> {
  /** A scalar that changes its sign at the event. A zero at the very start is none. */
  readonly when: (t: Tensor, y: Y, args: Args) => Tensor;
  /** Which passages count, in the direction of the solve (default 'both'). */
  readonly direction?: 'rising' | 'falling' | 'both';
  /** End the solve there (default false). */
  readonly terminal?: boolean;
  /** The state from which the solve goes on. */
  readonly apply?: (t: Tensor, y: Y, args: Args) => Y;
}

/** An event on leaves. */
export interface LeafEvent {
  readonly when: (t: Tensor, state: State) => Tensor;
  /** 1, -1 or, for both, 0. */
  readonly direction: number;
  readonly terminal: boolean;
  readonly apply: ((t: Tensor, state: State) => State) | null;
}

/** The events of a solve, in order; unused rows are zero. */
export interface EventRecord {
  /** [maxEvents] */
  readonly times: Tensor;
  /** Which of the events happened: bool [maxEvents, events]. */
  readonly which: Tensor;
  /** The states just before `apply`. */
  readonly states: State;
  readonly count: Tensor;
  /** Whether a terminal event ended the solve. */
  readonly terminated: Tensor;
}

const directions = { both: 0, rising: 1, falling: -1 } as const;

/** Checks events and puts them on leaves. */
export function leafEvents<Y, Args>(
  events: readonly OdeEvent<Y, Args>[],
  structure: tree.Structure,
  args: Args,
  dtype: FloatType,
): LeafEvent[] {
  if (!Array.isArray(events))
    fail('events must be a list of { when, direction, terminal, apply }. Put it in brackets.');
  return events.map((event, i) => {
    const {
      when,
      direction = 'both',
      terminal = false,
      apply,
    } = checkedOptions(`solveOde: events[${i}]`, event, ['when', 'direction', 'terminal', 'apply']);
    checkFunctions(`solveOde: events[${i}].when`, when);
    if (apply !== undefined) checkFunctions(`solveOde: events[${i}].apply`, apply);
    checkFlags(`solveOde: events[${i}]`, event, ['terminal']);
    if (!(direction in directions))
      fail(`events[${i}].direction must be 'rising', 'falling' or 'both', got '${direction}'.`);
    const rebuild = (state: State): Y => tree.unflatten(structure, state) as Y;
    return {
      direction: directions[direction as keyof typeof directions],
      terminal,
      when(t, state) {
        const value: Tensor | number = when(t, rebuild(state), args);
        if (typeof value === 'number') return full([], value, { dtype });
        if (value?.size === 1 && value.dtype !== 'bool') return value.reshape([]).astype(dtype);
        if (value?.dtype === 'bool')
          throw new DTypeError(
            `solveOde: events[${i}].when must return a number that passes zero, got a bool. Return a difference, as with y.sub(limit) in place of y.greater(limit).`,
          );
        throw new ShapeError(
          `solveOde: events[${i}].when must return a scalar, got ${value?.shape ? `shape [${value.shape.join(', ')}]` : typeof value}. Reduce it, as with .min() over the rows.`,
        );
      },
      apply: apply ? (t, state) => alike(`events[${i}].apply`, structure, state, apply(t, rebuild(state), args)) : null,
    };
  });
}

/** The signs of all events at a state: [events]. */
export const signsOf = (events: readonly LeafEvent[], t: Tensor, state: State): Tensor =>
  stack(
    events.map((event) => event.when(t, state).sign()),
    0,
  );

/** Where inside a step the signs are looked at, so that two passages in one step are seen; round times rarely fall there. */
const looks = [1 / 32, ...Array.from({ length: 10 }, (_, i) => (i + 1) / 11)];

/** What passed in a step: for each event whether it did, between which fractions, and its sign before. */
export interface Passages {
  readonly found: Tensor;
  readonly low: Tensor;
  readonly high: Tensor;
  readonly before: Tensor;
  /** The signs at the end of the step, where the sign before stands for a zero. */
  readonly after: Tensor;
}

/** The first passage of each event in a step, from the signs before it (0: not yet known). */
export function passagesOf(
  events: readonly LeafEvent[],
  signs: Tensor,
  step: { span: StepSpan; polynomial: Polynomial; next: State },
): Passages {
  const { start, end } = step.span;
  const dtype = signs.dtype as FloatType;
  const inner = vmap((theta: Tensor) =>
    signsOf(events, start.add(end.sub(start).mul(theta)), evaluatePolynomial(step.polynomial, theta)),
  )(tensor(looks, { dtype }));
  const last = signsOf(events, end, step.next);
  const fractions = [0, ...looks, 1];
  const wanted = tensor(
    events.map(({ direction }) => direction),
    { dtype },
  );
  const allowed = (sign: Tensor): Tensor => wanted.mul(sign).greaterEqual(0);
  // NaN is no sign: what the event is like there is not known.
  const known = where(signs.isNaN(), 0, signs);
  let before = known;
  let found = known.notEqual(known);
  let low = known.mul(0);
  let high = low.add(1);
  let at = known;
  for (let j = 1; j < fractions.length; j++) {
    const sign = j < fractions.length - 1 ? inner.slice(j - 1) : last;
    let passed = at.mul(sign).less(0);
    if (j === fractions.length - 1) passed = passed.logicalOr(sign.equal(0).logicalAnd(at.notEqual(0)));
    const toward = where(sign.equal(0), at.neg(), sign);
    const fresh = passed.logicalAnd(allowed(toward)).logicalAnd(found.logicalNot());
    low = where(fresh, fractions[j - 1], low);
    high = where(fresh, fractions[j], high);
    before = where(fresh, at, before);
    found = found.logicalOr(fresh);
    at = where(sign.equal(sign).logicalAnd(sign.notEqual(0)), sign, at);
  }
  return { found, low, high, before, after: at };
}
