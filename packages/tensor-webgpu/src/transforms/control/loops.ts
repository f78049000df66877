import { checkedOptions, checkedWhole, checkFunctions, describe } from '../../errors/checks.ts';
import { ArgumentError, DTypeError, ShapeError } from '../../errors/errors.ts';
import { lax } from '../../primitives/lax.ts';
import { wholeNumber } from '../../primitives/wholeNumber.ts';
import type { Aval } from '../../program/aval.ts';
import { showAval } from '../../program/print.ts';
import type { Value } from '../../program/value.ts';
import { sameShape } from '../../shape/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { bind } from '../../trace/bind.ts';
import { type Traced, trace } from '../../trace/builder.ts';
import { liftLeaf } from '../../trace/constant.ts';
import { isValue } from '../../trace/value.ts';
import { unflatten } from '../../tree/tree.ts';
import { checkpoint } from '../checkpoint.ts';
import { concrete, type FlatTree, flattenLeaves, integerLiteral, numberLike, runOnLeaves } from './leaves.ts';
import { capturedFirst, scanPrimitive } from './scan.ts';
import { whilePrimitive } from './while.ts';

/**
 * Traces the round of a loop, whose carry must keep its form. Numbers at the start of a carry take the dtype that the
 * round gives them, for which it is traced once more.
 */
function traceRound<Extra extends { readonly next: FlatTree }>(
  use: string,
  start: FlatTree,
  first: readonly Value[],
  traceWith: (carry: readonly Aval[]) => Traced<Extra>,
): { carry: readonly Value[]; traced: Traced<Extra> } {
  const forms = first.map(({ shape, dtype }, i) => ({ shape, dtype, number: start.numbers[i] }));
  const traced = traceWith(forms);
  const { next } = traced.extra;
  const carry = first.map((value, i) => {
    const after = next.values[i];
    if (!start.numbers[i] || !after || after.shape.length > 0 || after.dtype === value.dtype) return value;
    return concrete(numberLike(start.values[i], after));
  });
  // From the second round on the carry is no plain number any more.
  const depends = forms.some(({ number }) => number?.asked);
  const settled = !depends && carry.every((value, i) => value === first[i]) ? traced : traceWith(carry);
  const after = settled.extra.next;
  checkCarry(use, carry, start.structure.key, after.values, after.structure.key);
  return { carry, traced: settled };
}

/** What a round returned, its numbers in the dtypes of the carry that it must fit. */
function carryOut(tree: unknown, carry: readonly Aval[], use: string): FlatTree {
  const next = flattenLeaves(tree, use);
  return {
    ...next,
    values: next.values.map((value, i) => (next.plain[i] && carry[i] ? numberLike(value, carry[i]) : value)),
  };
}

/** Throws unless a loop's carry keeps its structure, shapes and dtypes from one round to the next. */
function checkCarry(
  use: string,
  before: readonly Aval[],
  beforeKey: string,
  after: readonly Aval[],
  afterKey: string,
): void {
  const same =
    beforeKey === afterKey &&
    before.every((aval, i) => sameShape(aval.shape, after[i].shape) && aval.dtype === after[i].dtype);
  if (!same) {
    throw new ShapeError(
      `${use}: the carry must keep its form: it went in as ${beforeKey} with ${before.map(showAval).join(', ') || 'nothing'} ` +
        `and came out as ${afterKey} with ${after.map(showAval).join(', ') || 'nothing'}. Cast or reshape it in the body.`,
    );
  }
}

export interface ScanOptions {
  /** Rounds; needed only when there is no sequence. */
  readonly length?: number;
  /** Run from the last slice to the first; results keep the positions of their slices. */
  readonly reverse?: boolean;
  /** Keep only the carry of each round for the backward pass and compute the rest again. */
  readonly checkpoint?: boolean;
}

/**
 * A loop as one operation: `body(carry, x)` returns `[carry, y]`; `xs` is a tree of tensors whose slices along axis 0
 * are the `x` (or `null`), and the `y` come back stacked. Differentiable in both modes.
 *
 * @returns `[final carry, stacked ys]`
 * @throws ShapeError when sequences differ in length or the carry changes its form.
 */
export function scan<C, X, Y>(
  body: (carry: C, x: X) => [C, Y],
  init: C,
  xs: X | null,
  options: ScanOptions = {},
): [C, Y] {
  checkFunctions('scan', body);
  checkedOptions('scan', options, ['length', 'reverse', 'checkpoint']);
  const start = flattenLeaves(init, 'scan');
  const sequence = flattenLeaves(xs, 'scan');
  const lengths = new Set(sequence.values.map((value) => value.shape[0]));
  if (options.length !== undefined) lengths.add(options.length);
  if (sequence.values.some((value) => value.shape.length === 0)) {
    throw new ShapeError(
      'scan: a sequence must have an axis to run along, got a scalar. Give it as an operand of the body instead.',
    );
  }
  if (lengths.size !== 1) {
    throw new ShapeError(
      lengths.size === 0
        ? 'scan: the number of rounds is unknown. Give a sequence or the option length.'
        : `scan: sequences and length must agree in their first extent, got ${[...lengths].join(', ')}.`,
    );
  }
  const [length] = lengths as Set<number>;
  checkedWhole('scan: length', length, 0);
  const round = options.checkpoint ? checkpoint(body) : body;
  const { outputs, extra } = runOnLeaves([...start.values, ...sequence.values], 'scan', (...all) => {
    const slices = sequence.values.map((value) => ({ shape: value.shape.slice(1), dtype: value.dtype }));
    const first = all.slice(0, start.values.length).map(concrete);
    const { carry, traced } = traceRound('scan', start, first, (carry) =>
      trace([...carry, ...slices], (...inner) => {
        const carryIn = unflatten(start.structure, inner.slice(0, carry.length)) as C;
        const x = unflatten(sequence.structure, inner.slice(carry.length)) as X;
        const [returned, y] = checkedPair(round(carryIn, x));
        const next = carryOut(returned, carry, 'scan');
        const result = flattenLeaves(y, 'scan');
        return { outputs: [...next.values, ...result.values], extra: { next, y: result.structure } };
      }),
    );
    const consts = traced.captured;
    const outputs = bind(scanPrimitive, [...consts, ...carry, ...all.slice(carry.length).map(concrete)], {
      length,
      reverse: options.reverse ?? false,
      body: capturedFirst(traced.program, consts.length),
      numConsts: consts.length,
      numCarry: carry.length,
    });
    return { outputs, extra: traced.extra.y };
  });
  const count = start.values.length;
  return [unflatten(start.structure, outputs.slice(0, count)) as C, unflatten(extra, outputs.slice(count)) as Y];
}

/** What a round of `scan` returned; throws `ShapeError` unless it is a pair. */
function checkedPair<C, Y>(result: [C, Y]): [C, Y] {
  if (Array.isArray(result) && result.length === 2) return result;
  throw new ShapeError(
    `scan: the body must return a pair [carry, y], got ${describe(result)}. Return [carry, null] without y.`,
  );
}

export interface WhileOptions {
  /** What the error says to a person who asks for reverse mode: how to call the function that holds the loop instead. */
  readonly reverseMode?: string;
}

/**
 * `while (condition(carry)) carry = body(carry)` as one operation; the condition returns a bool scalar.
 * Forward mode only: reverse mode needs a fixed length (`scan`, `foriLoop`).
 */
export function whileLoop<C>(
  condition: (carry: C) => Tensor | boolean,
  body: (carry: C) => C,
  init: C,
  options: WhileOptions = {},
): C {
  checkFunctions('whileLoop', condition, body);
  checkedOptions('whileLoop', options, ['reverseMode']);
  const start = flattenLeaves(init, 'whileLoop');
  const { outputs } = runOnLeaves(start.values, 'whileLoop', (...all) => {
    const { carry, traced: bodyTraced } = traceRound('whileLoop', start, all.map(concrete), (carry) =>
      trace(carry, (...inner) => {
        const next = carryOut(body(unflatten(start.structure, inner) as C), carry, 'whileLoop');
        return { outputs: next.values, extra: { next } };
      }),
    );
    const condTraced = trace(carry, (...inner) => {
      const test = liftLeaf(condition(unflatten(start.structure, inner) as C), 'whileLoop');
      if (test.shape.length !== 0 || test.dtype !== 'bool') {
        throw new DTypeError(
          `whileLoop: the condition must return a bool scalar, got ${showAval(test)}. Compare, and reduce with .all() or .any().`,
        );
      }
      return { outputs: [test], extra: undefined };
    });
    const outputs = bind(whilePrimitive, [...condTraced.captured, ...bodyTraced.captured, ...carry], {
      cond: capturedFirst(condTraced.program, condTraced.captured.length),
      body: capturedFirst(bodyTraced.program, bodyTraced.captured.length),
      numCondConsts: condTraced.captured.length,
      numBodyConsts: bodyTraced.captured.length,
      ...(options.reverseMode !== undefined && { advice: options.reverseMode }),
    });
    return { outputs, extra: undefined };
  });
  return unflatten(start.structure, outputs) as C;
}

/**
 * `for (i = lower; i < upper; i++) carry = body(i, carry)`. With numbers as bounds it is a `scan`, differentiable in
 * both modes; with tensors as bounds a `whileLoop`.
 */
export function foriLoop<C>(from: number | Tensor, to: number | Tensor, body: (i: Tensor, carry: C) => C, init: C): C {
  checkFunctions('foriLoop', body);
  const [lower, upper] = [from, to].map((bound) => (isValue(bound) ? (wholeNumber(bound) as Tensor) : bound));
  for (const bound of [lower, upper]) {
    if (!isValue(bound) && !Number.isInteger(bound))
      throw new ArgumentError(`foriLoop: bounds must be integers, got ${describe(bound)}. Round them first.`);
    if (typeof bound === 'number' && bound !== (bound | 0))
      throw new ArgumentError(`foriLoop: bounds must fit 32 bits, got ${bound}. Count from 0 and add in the body.`);
    if (isValue(bound) && (bound.dtype !== 'i32' || bound.shape.length !== 0))
      throw new DTypeError(
        `foriLoop: a bound must be a number or an i32 scalar, got ${showAval(bound)}. Cast it to i32.`,
      );
  }
  if (typeof lower === 'number' && typeof upper === 'number') {
    const first = lower;
    const [[, carry]] = scan<[Tensor, C], null, null>(
      ([i, now]) => [[lax.add(i, 1) as Tensor, body(i, now)], null],
      [integerLiteral(first) as Tensor, init],
      null,
      { length: Math.max(0, upper - lower) },
    );
    return carry;
  }
  const end = typeof upper === 'number' ? integerLiteral(upper) : upper;
  const start = typeof lower === 'number' ? (integerLiteral(lower) as Tensor) : lower;
  const [, carry] = whileLoop<[Tensor, C]>(
    ([i]) => lax.lt(i, end) as Tensor,
    ([i, now]) => [lax.add(i, 1) as Tensor, body(i, now)],
    [start, init],
  );
  return carry;
}
