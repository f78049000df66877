import { isFloat } from '../dtype/dtype.ts';
import { checkedList, checkedOptions, checkFunctions, describe } from '../errors/checks.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { runTraced } from '../trace/bind.ts';
import { leaves, structure, unflatten } from '../tree/tree.ts';
import type { Argnums, GradientOf } from './derivativeTypes.ts';
import { flattenArguments, type TreeFunction, traceFunction } from './function.ts';
import { linearizeProgram, pullback } from './reverse.ts';

export interface GradOptions<N extends Argnums = Argnums> {
  /** The argument to differentiate (default 0), or several; their gradients come in the order asked for. Each may be a tree. */
  readonly argnums?: N;
  /** The function returns `[value, auxiliary]`; the auxiliary tree is handed on undifferentiated. */
  readonly hasAux?: boolean;
}

/** The options of a function that returns an auxiliary tree beside its value. */
type WithAux<N extends Argnums> = GradOptions<N> & { readonly hasAux: true };

/** The options of one that does not. */
type WithoutAux<N extends Argnums> = GradOptions<N> & { readonly hasAux?: false };

/** Which flat values belong to the chosen arguments; throws on integer leaves and bad positions. */
export function chosenLeaves(args: readonly unknown[], argnums: readonly number[], use: string): boolean[] {
  for (const n of checkedList(use, 'argnums, unless it is one number,', argnums)) {
    if (!Number.isInteger(n) || n < 0 || n >= args.length) {
      throw new ArgumentError(
        `${use}: argnums ${n} is not an argument; the function was called with ${args.length}. Use 0 to ${args.length - 1}.`,
      );
    }
  }
  return args.flatMap((arg, n) => leaves(arg).map(() => argnums.includes(n)));
}

/** For each of `argnums` in turn, the tree of that argument with a leaf of `values`, one for each leaf of all arguments. */
export function treesOf(args: readonly unknown[], argnums: readonly number[], values: readonly unknown[]): unknown[] {
  const counts = args.map((arg) => leaves(arg).length);
  return argnums.map((n) => {
    const start = counts.slice(0, n).reduce((sum, count) => sum + count, 0);
    return unflatten(structure(args[n]), values.slice(start, start + counts[n]));
  });
}

/** The result of a function with an auxiliary tree; throws `ArgumentError` unless it is a pair. */
function checkedPair(result: unknown): unknown {
  if (Array.isArray(result) && result.length === 2) return result;
  throw new ArgumentError(
    `grad: with hasAux the function must return [value, auxiliary], got ${describe(result)}. Return the scalar first, then the rest.`,
  );
}

export function checkFloat(values: readonly Value[], chosen: readonly boolean[], use: string): void {
  values.forEach((value, i) => {
    if (chosen[i] && !isFloat(value.dtype)) {
      throw new DTypeError(
        `${use}: cannot differentiate with respect to a tensor of ${value.dtype}. Cast it to f32, or leave it out with argnums.`,
      );
    }
  });
}

/**
 * `(f(x), df/dx)` by reverse mode: linearise, then transpose. `f` must return one scalar
 * (with `hasAux`, `[scalar, auxiliary]`).
 *
 * @throws ShapeError when the value is not a scalar; DTypeError for integer arguments.
 */
export function valueAndGrad<A extends unknown[] = Tensor[], const N extends Argnums = 0, Aux = unknown>(
  f: (...args: A) => readonly [unknown, Aux],
  options: WithAux<N>,
): (...args: A) => [value: [Tensor, Aux], gradient: GradientOf<A, N>];
export function valueAndGrad<A extends unknown[] = Tensor[], const N extends Argnums = 0>(
  f: (...args: A) => unknown,
  options?: WithoutAux<N>,
): (...args: A) => [value: Tensor, gradient: GradientOf<A, N>];
export function valueAndGrad(f: TreeFunction, options: GradOptions = {}): (...args: unknown[]) => unknown {
  return gradients(f, options);
}

function gradients(f: TreeFunction, options: GradOptions): (...args: unknown[]) => [unknown, unknown] {
  checkFunctions('grad', f);
  const { argnums = 0, hasAux = false } = checkedOptions('grad', options, ['argnums', 'hasAux']);
  const chosen = typeof argnums === 'number' ? [argnums] : argnums;
  const traceable: TreeFunction = hasAux ? (...args) => checkedPair(f(...args)) : f;
  return (...args) => {
    const flat = flattenArguments(args, 'grad');
    const wanted = chosenLeaves(args, chosen, 'grad');
    checkFloat(flat.values, wanted, 'grad');
    const { outputs, extra } = runTraced(flat.values, 'grad', (...values) => {
      const traced = traceFunction(traceable, { ...flat, values }, 'grad');
      const [value] = traced.program.outputs;
      const form = traced.outputStructure.key;
      if (value?.shape.length !== 0 || !isFloat(value.dtype) || !(hasAux ? form.startsWith('[*,') : form === '*')) {
        const got = traced.program.outputs.map((output) => `${output.dtype}${showShape(output.shape)}`).join(', ');
        throw new ShapeError(
          `grad: the function must return one floating scalar${hasAux ? ' and an auxiliary tree' : ''}, got ${got || 'nothing'}${form === '*' ? '' : ` as ${form}`}. Reduce it with .sum() or .mean(), or use jacrev.`,
        );
      }
      const moving = traced.inputs.map((_, i) => wanted[i] === true);
      const linearized = linearizeProgram(traced.program, traced.inputs, moving);
      const seeds = linearized.outputs.map((output, i) => (i === 0 ? lax.full([], 1, output.dtype) : null));
      const cotangents = pullback(linearized, seeds);
      let next = 0;
      const perLeaf = values.map((input, i) => (wanted[i] ? (cotangents[next++] ?? lax.zeros(input)) : input));
      const gradients = treesOf(args, chosen, perLeaf).flatMap((tree) => leaves<Value>(tree));
      return { outputs: [...linearized.outputs, ...gradients], extra: traced.outputStructure };
    });
    const { leafCount } = extra;
    const result = unflatten(extra, outputs.slice(0, leafCount));
    const form = structure(chosen.map((n) => args[n]));
    const gradients = unflatten(form, outputs.slice(leafCount)) as unknown[];
    return [result, typeof argnums === 'number' ? gradients[0] : gradients];
  };
}

/**
 * The gradient of a scalar function with respect to its first argument (or `argnums`), a tree like it.
 * With `hasAux` returns `[gradient, auxiliary]`.
 */
export function grad<A extends unknown[] = Tensor[], const N extends Argnums = 0, Aux = unknown>(
  f: (...args: A) => readonly [unknown, Aux],
  options: WithAux<N>,
): (...args: A) => [gradient: GradientOf<A, N>, auxiliary: Aux];
export function grad<A extends unknown[] = Tensor[], const N extends Argnums = 0>(
  f: (...args: A) => unknown,
  options?: WithoutAux<N>,
): (...args: A) => GradientOf<A, N>;
export function grad(f: TreeFunction, options: GradOptions = {}): (...args: unknown[]) => unknown {
  const both = gradients(f, options);
  return (...args) => {
    const [value, gradient] = both(...args);
    return options.hasAux ? [gradient, (value as [Tensor, unknown])[1]] : gradient;
  };
}
