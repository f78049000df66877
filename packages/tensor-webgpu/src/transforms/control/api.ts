import { checkedList, checkedOptions, checkedWhole, checkFunctions, describe } from '../../errors/checks.ts';
import { ArgumentError, DTypeError, ShapeError } from '../../errors/errors.ts';
import { lax } from '../../primitives/lax.ts';
import { showAval } from '../../program/print.ts';
import type { Aval } from '../../program/program.ts';
import { sameShape } from '../../shape/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { bind, runTraced } from '../../trace/bind.ts';
import { type Traced, trace } from '../../trace/builder.ts';
import { liftLeaf, scalarValue } from '../../trace/constant.ts';
import { Value } from '../../trace/value.ts';
import { flatten, type Structure, unflatten } from '../../tree/tree.ts';
import { checkpoint } from '../checkpoint.ts';
import { condPrimitive, unifyBranches } from './cond.ts';
import { capturedFirst, scanPrimitive } from './scan.ts';
import { whilePrimitive } from './while.ts';

function flattenTree(tree: unknown, use: string): { values: Value[]; structure: Structure } {
  const { leaves, structure } = flatten(tree);
  return { values: leaves.map((leaf) => liftLeaf(leaf, use)), structure };
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
  const start = flattenTree(init, 'scan');
  const sequence = flattenTree(xs, 'scan');
  const lengths = new Set(sequence.values.map((value) => value.shape[0]));
  if (options.length !== undefined) lengths.add(options.length);
  if (lengths.size !== 1 || sequence.values.some((value) => value.shape.length === 0)) {
    throw new ShapeError(
      lengths.size === 0
        ? 'scan: the number of rounds is unknown. Give a sequence or the option length.'
        : `scan: sequences and length must agree in their first extent, got ${[...lengths].join(', ')}.`,
    );
  }
  const [length] = lengths as Set<number>;
  checkedWhole('scan: length', length, 0);
  const round = options.checkpoint ? checkpoint(body) : body;
  const { outputs, extra } = runTraced([...start.values, ...sequence.values], 'scan', (...all) => {
    const carry = all.slice(0, start.values.length).map(concrete);
    const slices = sequence.values.map((value) => ({ shape: value.shape.slice(1), dtype: value.dtype }));
    const traced = trace([...carry, ...slices], (...inner) => {
      const carryIn = unflatten(start.structure, inner.slice(0, carry.length)) as C;
      const x = unflatten(sequence.structure, inner.slice(carry.length)) as X;
      const [carryOut, y] = checkedPair(round(carryIn, x));
      const next = flattenTree(carryOut, 'scan');
      const result = flattenTree(y, 'scan');
      checkCarry('scan', carry, start.structure.key, next.values, next.structure.key);
      return { outputs: [...next.values, ...result.values], extra: result.structure };
    });
    const consts = traced.captured;
    const outputs = bind(scanPrimitive, [...consts, ...carry, ...all.slice(carry.length)], {
      length,
      reverse: options.reverse ?? false,
      body: capturedFirst(traced.program, consts.length),
      numConsts: consts.length,
      numCarry: carry.length,
    });
    return { outputs, extra: traced.extra };
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

/** A number given as the start of a carry becomes a value that can change. */
const concrete = (value: Value): Value =>
  value.state.kind === 'literal' ? lax.full([], value.state.literal.value, value.dtype) : value;

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
  const start = flattenTree(init, 'whileLoop');
  const { outputs } = runTraced(start.values, 'whileLoop', (...all) => {
    const carry = all.map(concrete);
    const condTraced = trace(carry, (...inner) => {
      const test = liftLeaf(condition(unflatten(start.structure, inner) as C), 'whileLoop');
      if (test.shape.length !== 0 || test.dtype !== 'bool') {
        throw new DTypeError(
          `whileLoop: the condition must return a bool scalar, got ${showAval(test)}. Compare, and reduce with .all() or .any().`,
        );
      }
      return { outputs: [test], extra: undefined };
    });
    const bodyTraced = trace(carry, (...inner) => {
      const next = flattenTree(body(unflatten(start.structure, inner) as C), 'whileLoop');
      checkCarry('whileLoop', carry, start.structure.key, next.values, next.structure.key);
      return { outputs: next.values, extra: undefined };
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
export function foriLoop<C>(
  lower: number | Tensor,
  upper: number | Tensor,
  body: (i: Tensor, carry: C) => C,
  init: C,
): C {
  checkFunctions('foriLoop', body);
  for (const bound of [lower, upper]) {
    if (!(bound instanceof Value) && !Number.isInteger(bound))
      throw new ArgumentError(`foriLoop: bounds must be integers, got ${describe(bound)}. Round them first.`);
  }
  if (typeof lower === 'number' && typeof upper === 'number') {
    const first = lower;
    const [[, carry]] = scan<[Tensor, C], null, null>(
      ([i, now]) => [[lax.add(i, 1) as Tensor, body(i, now)], null],
      [intScalar(first), init],
      null,
      { length: Math.max(0, upper - lower) },
    );
    return carry;
  }
  const end = typeof upper === 'number' ? intScalar(upper) : upper;
  const start = typeof lower === 'number' ? intScalar(lower) : lower;
  const [, carry] = whileLoop<[Tensor, C]>(
    ([i]) => lax.lt(i, end) as Tensor,
    ([i, now]) => [lax.add(i, 1) as Tensor, body(i, now)],
    [start, init],
  );
  return carry;
}

const intScalar = (value: number): Tensor => scalarValue(value, 'i32') as Tensor;

/** Runs one of `branches` on `operands`, chosen by an i32 scalar (clamped to the branches there are). */
export function switchCase<A extends unknown[], R>(
  index: Tensor | number,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): R {
  checkFunctions('switchCase', ...checkedList('switchCase', 'the branches', branches));
  const given = flattenTree(operands, 'switchCase');
  const chosen = liftLeaf(typeof index === 'number' ? intScalar(index) : index, 'switchCase');
  if (chosen.shape.length !== 0)
    throw new ShapeError(`switchCase: the index must be a scalar, got ${showAval(chosen)}.`);
  if (branches.length === 0) throw new ArgumentError('switchCase: expected at least one branch, got none.');
  const { outputs, extra } = runTraced([chosen, ...given.values], 'switchCase', (at, ...all) => {
    const values = all.map(concrete);
    const traced: Traced<Structure>[] = branches.map((branch) =>
      trace(values, (...inner) => {
        const result = flattenTree(branch(...(unflatten(given.structure, inner) as A)), 'switchCase');
        return { outputs: result.values, extra: result.structure };
      }),
    );
    traced.forEach(({ program, extra }, k) => {
      const first = traced[0];
      const same =
        extra.key === first.extra.key &&
        program.outputs.every(
          (aval, i) =>
            sameShape(aval.shape, first.program.outputs[i].shape) && aval.dtype === first.program.outputs[i].dtype,
        );
      if (!same) {
        throw new ShapeError(
          `cond: branch 0 returns ${first.program.outputs.map(showAval).join(', ')} but branch ${k} returns ${program.outputs.map(showAval).join(', ')}. All branches must return the same form.`,
        );
      }
    });
    const { branches: programs, captured } = unifyBranches(traced);
    const outputs = bind(condPrimitive, [lax.cast(at, 'i32'), ...values, ...captured], { branches: programs });
    return { outputs, extra: traced[0].extra };
  });
  return unflatten(extra, outputs) as R;
}

/** `predicate ? onTrue(...operands) : onFalse(...operands)` for a bool scalar known at run time only. */
export function cond<A extends unknown[], R>(
  predicate: Tensor | boolean,
  onTrue: (...operands: A) => R,
  onFalse: (...operands: A) => R,
  ...operands: A
): R {
  const test = liftLeaf(predicate, 'cond');
  return switchCase(lax.cast(test, 'i32') as Tensor, [onFalse, onTrue], ...operands);
}
