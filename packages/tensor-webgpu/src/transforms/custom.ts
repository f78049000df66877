import { isFloat } from '../dtype/dtype.ts';
import { checkedOptions, checkFunctions, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Aval } from '../program/aval.ts';
import type { Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import { sameShape, showShape } from '../shape/shape.ts';
import { bind, runTraced } from '../trace/bind.ts';
import { liftLeaf } from '../trace/constant.ts';
import { flatten, type Structure, structure, unflatten } from '../tree/tree.ts';
import { type CustomParams, custom } from './customPrimitive.ts';
import { type FlatArguments, flattenArguments, liftLeaves, type TreeFunction, traceFunction } from './function.ts';
import { checkedPositions } from './staticArguments.ts';

const isNothing = (node: unknown): boolean => node === null || node === undefined;

/**
 * A tree that a rule returned, as values like `expected`: `null` for a leaf, or for all of it, is zero (the only cotangent
 * of integers), and numbers take the dtype that is expected.
 */
function valuesLike(tree: unknown, expected: readonly Aval[], use: string): Value[] {
  if (isNothing(tree)) return expected.map((aval) => lax.zeros(aval));
  const plain = flatten(tree).leaves as readonly unknown[];
  const found: readonly unknown[] = plain.length === expected.length ? plain : flatten(tree, isNothing).leaves;
  const values = found.map((leaf, i) => {
    if (isNothing(leaf) && i < expected.length) return lax.zeros(expected[i]);
    const value = liftLeaf(leaf, use, { dtype: isFloat(expected[i]?.dtype ?? 'f32') ? expected[i]?.dtype : 'f32' });
    return i < expected.length && isFloat(expected[i].dtype) && isFloat(value.dtype)
      ? lax.cast(value, expected[i].dtype)
      : value;
  });
  if (values.length !== expected.length || values.some((value, i) => !sameShape(value.shape, expected[i].shape))) {
    throw new ShapeError(
      `${use}: the rule returned shapes ${values.map((value) => showShape(value.shape)).join(', ')}; expected ${expected.map((aval) => showShape(aval.shape)).join(', ')}.`,
    );
  }
  return values;
}

/** A pair that a rule returned; throws `ArgumentError` for anything else. */
function checkedPair(use: string, what: string, result: unknown): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return result as unknown as readonly [unknown, unknown];
  throw new ArgumentError(`${use}: ${what} must return a pair, got ${describe(result)}. Return both in one array.`);
}

export interface CustomOptions {
  /** Arguments that are plain JavaScript values and have no derivative: names, flags, functions. */
  readonly staticArgnums?: readonly number[];
}

/** The arguments of one call, the tensors among them apart from the static ones. */
class Call {
  readonly flat: FlatArguments;
  private readonly args: readonly unknown[];
  private readonly fixed: readonly number[];

  constructor(args: readonly unknown[], fixed: readonly number[], use: string) {
    this.args = args;
    this.fixed = fixed;
    this.flat = flattenArguments(this.moving(args), use);
  }

  /** A list with an entry for each argument, without those of static ones. */
  moving<T>(list: readonly T[]): T[] {
    return list.filter((_, n) => !this.fixed.includes(n));
  }

  get statics(): unknown[] {
    return this.args.filter((_, n) => this.fixed.includes(n));
  }

  /** Flat values as arguments, with `fill` (default: themselves) for the static ones. */
  arguments(values: readonly Value[], fill?: null): unknown[] {
    return this.complete(unflatten(this.flat.structure, values) as unknown[], fill);
  }

  complete(given: readonly unknown[], fill?: null): unknown[] {
    let next = 0;
    return this.args.map((arg, n) => (!this.fixed.includes(n) ? given[next++] : fill === null ? null : arg));
  }
}

function bindCustom(
  f: TreeFunction,
  args: readonly unknown[],
  { staticArgnums = [] }: CustomOptions,
  use: string,
  rules: (call: Call, program: Program) => Partial<CustomParams>,
): unknown {
  const call = new Call(args, staticArgnums, use);
  const g: TreeFunction = (...given) => f(...call.complete(given));
  const { outputs, extra } = runTraced(call.flat.values, use, (...values) => {
    const traced = traceFunction(g, { ...call.flat, values }, use);
    const params = { body: traced.program, argumentCount: traced.argumentCount, ...rules(call, traced.program) };
    return { outputs: bind(custom, traced.inputs, params), extra: traced.outputStructure };
  });
  return unflatten(extra, outputs);
}

function checkedCustom(use: string, options: CustomOptions, ...functions: readonly unknown[]): CustomOptions {
  checkFunctions(use, ...functions);
  const { staticArgnums } = checkedOptions(use, options, ['staticArgnums']);
  return { staticArgnums: checkedPositions(`${use}: staticArgnums`, staticArgnums) };
}

/**
 * `f` with its own forward derivative: `rule(primals, tangents)` gets lists with one tree per argument and returns
 * `[f(primals), tangent of the result]`. The rule must be linear in the tangents; reverse mode is made from it. The tangent
 * of a static argument is `null`; a tangent returned as `null` is zero.
 * @throws ArgumentError for a rule that returns no pair; ShapeError for one whose shapes differ from those of `f`.
 */
export function customJvp<A extends unknown[], R>(
  f: (...args: A) => R,
  rule: (primals: A, tangents: A) => readonly [R, R | null],
  options: CustomOptions = {},
): (...args: A) => R {
  const checked = checkedCustom('customJvp', options, f, rule);
  return (...args) =>
    bindCustom(f as TreeFunction, args, checked, 'customJvp', (call, program) => ({
      push: (...values) => {
        const count = values.length / 2;
        const primals = call.arguments(values.slice(0, count)) as A;
        const tangents = call.arguments(values.slice(count), null) as A;
        const pair = checkedPair('customJvp', 'the rule', rule(primals, tangents));
        return pair.flatMap((tree) => valuesLike(tree, program.outputs, 'customJvp'));
      },
    })) as R;
}

/**
 * `f` with its own reverse derivative: `forward(...args)` returns `[result, residuals]` and
 * `backward(residuals, cotangent, ...static arguments)` returns one cotangent tree per argument, `null` for zero and for
 * arguments that have none (integers, static ones). Forward mode through it is an error.
 * @throws ArgumentError for rules that return no pair or list; ShapeError for cotangents whose shapes differ from the
 *   arguments'.
 */
export function customVjp<A extends unknown[], R, S>(
  f: (...args: A) => R,
  forward: (...args: A) => readonly [R, S],
  // biome-ignore lint/suspicious/noExplicitAny: static arguments are of any type.
  backward: (residuals: S, cotangent: R, ...statics: any[]) => { readonly [K in keyof A]: unknown },
  options: CustomOptions = {},
): (...args: A) => R {
  const checked = checkedCustom('customVjp', options, f, forward, backward);
  return (...args) =>
    bindCustom(f as TreeFunction, args, checked, 'customVjp', (call, program) => {
      let residualStructure: Structure;
      let resultStructure: Structure;
      return {
        forward: (...values) => {
          const result = forward(...(call.arguments(values) as A));
          const [value, residuals] = checkedPair('customVjp', 'the forward rule', result);
          const outputs = valuesLike(value, program.outputs, 'customVjp');
          resultStructure = structure(value);
          const kept = flatten(residuals);
          residualStructure = kept.structure;
          return [...outputs, ...liftLeaves(kept.leaves, 'customVjp')];
        },
        backward: (...values) => {
          const count = values.length - program.outputs.length;
          const residuals = unflatten(residualStructure, values.slice(0, count)) as S;
          const cotangent = unflatten(resultStructure, values.slice(count)) as R;
          const back: unknown = backward(residuals, cotangent, ...call.statics);
          if (!Array.isArray(back) || back.length !== args.length) {
            throw new ArgumentError(
              `customVjp: the backward rule must return a list with a cotangent for each of the ${args.length} arguments, got ${describe(back)}. Give null where there is none.`,
            );
          }
          let next = 0;
          return call.moving(args).flatMap((arg, k) => {
            const { leafCount } = structure(arg);
            next += leafCount;
            return valuesLike(call.moving(back)[k], call.flat.values.slice(next - leafCount, next), 'customVjp');
          });
        },
      };
    }) as R;
}
