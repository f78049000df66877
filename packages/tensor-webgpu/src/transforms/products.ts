import { isFloat } from '../dtype/dtype.ts';
import { checkedList, checkFunctions } from '../errors/checks.ts';
import { ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import { sameShape, showShape } from '../shape/shape.ts';
import { runTraced } from '../trace/bind.ts';
import { liftLeaf } from '../trace/constant.ts';
import { inlineProgram } from '../trace/inline.ts';
import { placeOf } from '../trace/value.ts';
import { flatten, type Structure, unflatten } from '../tree/tree.ts';
import { jvpProgram } from './forward.ts';
import { type FlatArguments, flattenArguments, type TreeFunction, traceFunction } from './function.ts';
import { type Linearized, linearizeProgram, pullback } from './reverse.ts';

// biome-ignore lint/suspicious/noExplicitAny: trees have the caller's types.
type Tree = any;

const isNothing = (node: unknown): boolean => node === null || node === undefined;

/**
 * A tree of directions for `values`, leaf by leaf: `null` is zero (the only direction of integers), and numbers take the
 * dtype and the device of their value. Throws `ShapeError` unless they match.
 */
function directionsOf(values: readonly Value[], given: unknown, use: string): Tangent[] {
  const plain = flatten(given).leaves as readonly unknown[];
  const found: readonly unknown[] = plain.length === values.length ? plain : flatten(given, isNothing).leaves;
  if (values.length !== found.length) {
    throw new ShapeError(
      `${use}: expected ${values.length} tensors in the tree of directions, got ${found.length}. Give it the structure of the values, with null for zero.`,
    );
  }
  return values.map((value, i) => {
    const { shape, dtype } = value;
    if (isNothing(found[i])) return null;
    const direction = liftLeaf(found[i], use, { device: placeOf(value), dtype: isFloat(dtype) ? dtype : 'f32' });
    if (sameShape(shape, direction.shape)) return direction;
    throw new ShapeError(
      `${use}: leaf ${i} has shape ${showShape(shape)} but its direction has ${showShape(direction.shape)}. Make them equal.`,
    );
  });
}

const isGiven = (tangent: Tangent): tangent is Value => tangent !== null;

/** The directions that were given, in the places where they were given. */
function placed(directions: readonly Tangent[], given: readonly Value[]): Tangent[] {
  let next = 0;
  return directions.map((direction) => (direction ? given[next++] : null));
}

/**
 * Forward mode: `[f(x), J v]` at `primals` along `tangents` (lists with one tree per argument of `f`).
 * Costs about two evaluations of `f`, whatever the dimensions.
 */
export function jvp<A extends unknown[], R>(f: (...args: A) => R, primals: A, tangents: unknown[]): [R, R] {
  checkFunctions('jvp', f);
  const at = flattenArguments(checkedList('jvp', 'the primals, one for each argument,', primals), 'jvp');
  const given = directionsOf(at.values, checkedList('jvp', 'the tangents, one for each argument,', tangents), 'jvp');
  const count = at.values.length;
  const { outputs, extra } = runTraced([...at.values, ...given.filter(isGiven)], 'jvp', (...all) => {
    const traced = traceFunction(f as TreeFunction, { ...at, values: all.slice(0, count) }, 'jvp');
    const along = placed(given, all.slice(count));
    const moving = traced.inputs.map((value, i) => (i < count && isFloat(value.dtype) ? along[i] : null));
    const result = jvpProgram(traced.program, traced.inputs, moving);
    const moved = result.tangents.map((tangent, i) => tangent ?? lax.zeros(result.outputs[i]));
    return { outputs: [...result.outputs, ...moved], extra: traced.outputStructure };
  });
  const half = outputs.length / 2;
  return [unflatten(extra, outputs.slice(0, half)) as R, unflatten(extra, outputs.slice(half)) as R];
}

/** `f` linearised at `args`, with the structure of its result. */
interface LinearizedFunction {
  readonly linear: Program;
  readonly outputMoves: readonly boolean[];
  readonly structure: Structure;
}

function linearizeAt(f: TreeFunction, at: FlatArguments, use: string) {
  const result = runTraced(at.values, use, (...values) => {
    const traced = traceFunction(f, { ...at, values }, use);
    const moving = traced.inputs.map((value, i) => i < values.length && isFloat(value.dtype));
    const { outputs, residuals, linear, outputMoves } = linearizeProgram(traced.program, traced.inputs, moving);
    const extra: LinearizedFunction = { linear, outputMoves, structure: traced.outputStructure };
    return { outputs: [...outputs, ...residuals], extra };
  });
  const count = result.extra.outputMoves.length;
  return { ...result.extra, outputs: result.outputs.slice(0, count), residuals: result.outputs.slice(count) };
}

/** `[f(x), v => J v]`: the value, and the derivative as a function that does not evaluate `f` again. */
export function linearize<A extends unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): [R, (...tangents: unknown[]) => R] {
  const at = flattenArguments(primals, 'linearize');
  const made = linearizeAt(f as TreeFunction, at, 'linearize');
  const push = (...tangents: unknown[]): R => {
    const given = directionsOf(at.values, tangents, 'linearize');
    const { outputs } = runTraced([...made.residuals, ...given.filter(isGiven)], 'linearize', (...values) => {
      const along = placed(given, values.slice(made.residuals.length));
      const moving = at.values.flatMap((value, i) => (isFloat(value.dtype) ? [along[i] ?? lax.zeros(value)] : []));
      const moved = inlineProgram(made.linear, [...values.slice(0, made.residuals.length), ...moving]);
      let next = 0;
      return {
        outputs: made.outputs.map((output, i) => (made.outputMoves[i] ? moved[next++] : lax.zeros(output))),
        extra: undefined,
      };
    });
    return unflatten(made.structure, outputs) as R;
  };
  return [unflatten(made.structure, made.outputs) as R, push];
}

/** `[f(x), w => wᵀ J]`: the value, and the pull-back of cotangents (a tree like `f(x)`) to one tree per argument. */
export function vjp<A extends unknown[], R>(f: (...args: A) => R, ...primals: A): [R, (cotangent: Tree) => Tree[]] {
  const at = flattenArguments(primals, 'vjp');
  const made = linearizeAt(f as TreeFunction, at, 'vjp');
  const pull = (cotangent: Tree): Tree[] => {
    const given = directionsOf(made.outputs, [cotangent], 'vjp');
    const { outputs } = runTraced([...made.residuals, ...given.filter(isGiven)], 'vjp', (...values) => {
      const residuals = values.slice(0, made.residuals.length);
      const linearized: Linearized = { ...made, residuals };
      const back = pullback(linearized, placed(given, values.slice(residuals.length)));
      let next = 0;
      const all = at.values.map((value) => (isFloat(value.dtype) ? back[next++] : null) ?? lax.zeros(value));
      return { outputs: all, extra: undefined };
    });
    return unflatten(at.structure, outputs) as Tree[];
  };
  return [unflatten(made.structure, made.outputs) as R, pull];
}
