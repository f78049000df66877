import { checkedOptions, checkFunctions } from '../errors/checks.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { runTraced } from '../trace/bind.ts';
import { traceProgram } from '../trace/builder.ts';
import { leaves, structure, unflatten } from '../tree/tree.ts';
import { batchProgramFully } from './batch.ts';
import type { Argnums, GradientOf, TreeOf } from './derivativeTypes.ts';
import { flattenArguments, type TreeFunction, traceFunction } from './function.ts';
import { checkFloat, chosenLeaves, grad, treesOf } from './grad.ts';
import { linearizeProgram, pullback } from './reverse.ts';

export interface JacobianOptions<N extends Argnums = Argnums> {
  /** The argument to differentiate (default 0), or several; their blocks come in the order asked for. Each may be a tree. */
  readonly argnums?: N;
}

/** A tree like the result, of trees like the argument. */
type JacobianOf<A extends readonly unknown[], R, N extends Argnums> = TreeOf<R, GradientOf<A, N>>;

/** The `size` unit vectors of `aval`, stacked along a new first axis. */
function basis(aval: { shape: readonly number[]; dtype: Value['dtype'] }): Value {
  const size = sizeOf(aval.shape);
  const rows = lax.iota([size, size], 0, 'i32');
  const columns = lax.iota([size, size], 1, 'i32');
  return lax.reshape(lax.cast(lax.eq(rows, columns), aval.dtype), [size, ...aval.shape]);
}

function jacobian<A extends unknown[], R, N extends Argnums>(
  f: (...args: A) => R,
  options: JacobianOptions<N>,
  use: 'jacfwd' | 'jacrev',
): (...args: A) => JacobianOf<A, R, N> {
  checkFunctions(use, f);
  const { argnums = 0 }: JacobianOptions = checkedOptions(use, options, ['argnums']);
  const chosen = typeof argnums === 'number' ? [argnums] : argnums;
  return (...args) => {
    const flat = flattenArguments(args, use);
    const wanted = chosenLeaves(args, chosen, use);
    checkFloat(flat.values, wanted, use);
    const moved = flat.values.filter((_, i) => wanted[i]);
    const { outputs, extra } = runTraced(flat.values, use, (...values) => {
      const traced = traceFunction(f as TreeFunction, { ...flat, values }, use);
      const moving = traced.inputs.map((_, i) => wanted[i] === true);
      const linearized = linearizeProgram(traced.program, traced.inputs, moving);
      const blocks = use === 'jacfwd' ? columns(linearized, moved) : rows(linearized, moved);
      // One block for each moved leaf; those of the chosen arguments are picked from them, in the order asked for.
      const rowsOfBlocks = traced.program.outputs.map((_, k) => {
        let next = k * moved.length;
        const perLeaf = flat.values.map((value, i) => (wanted[i] ? blocks[next++] : value));
        return treesOf(args, chosen, perLeaf).flatMap((tree) => leaves<Value>(tree));
      });
      return { outputs: rowsOfBlocks.flat(), extra: traced.outputStructure };
    });
    const form = structure(chosen.map((n) => args[n]));
    const trees = Array.from({ length: extra.leafCount }, (_, k) => {
      const all = unflatten(form, outputs.slice(k * form.leafCount, (k + 1) * form.leafCount)) as unknown[];
      return typeof argnums === 'number' ? all[0] : all;
    });
    return unflatten(extra, trees) as JacobianOf<A, R, N>;
  };
}

type Point = ReturnType<typeof linearizeProgram>;

/** Blocks d output / d input by pushing the unit vectors of each input forward, in order of outputs, then inputs. */
function columns({ linear, residuals, outputs, outputMoves }: Point, inputs: readonly Value[]): Value[] {
  const pushed = inputs.map((input, at) => {
    const size = sizeOf(input.shape);
    const directions = inputs.map((other, k) => (k === at ? basis(other) : lax.zeros(other)));
    const flags = linear.inputs.map((_, i) => i === residuals.length + at);
    return batchProgramFully(linear, size, [...residuals, ...directions], flags);
  });
  let next = 0;
  return outputs.flatMap((output, k) => {
    const at = outputMoves[k] ? next++ : -1;
    return inputs.map((input, i) => {
      const shape = [...output.shape, ...input.shape];
      if (at < 0) return lax.full(shape, 0, output.dtype);
      const flat = lax.reshape(pushed[i][at], [sizeOf(input.shape), sizeOf(output.shape)]);
      return lax.reshape(lax.transpose(flat, [1, 0]), shape);
    });
  });
}

/** The same blocks by pulling the unit vectors of each output back. */
function rows(point: Point, inputs: readonly Value[]): Value[] {
  const { residuals, outputs, outputMoves } = point;
  return outputs.flatMap((output, k) => {
    if (!outputMoves[k]) return inputs.map((input) => lax.full([...output.shape, ...input.shape], 0, output.dtype));
    const size = sizeOf(output.shape);
    const back = traceProgram([...residuals, output], (...values) => {
      const cotangents = outputs.map((_, i) => (i === k ? values[residuals.length] : null));
      const pulled = pullback({ ...point, residuals: values.slice(0, residuals.length) }, cotangents);
      return inputs.map((input, i) => pulled[i] ?? lax.zeros(input));
    });
    const values = [...residuals, basis(output), ...back.captured];
    const pulled = batchProgramFully(
      back.program,
      size,
      values,
      values.map((_, i) => i === residuals.length),
    );
    return pulled.map((block, i) => lax.reshape(block, [...output.shape, ...inputs[i].shape]));
  });
}

/** Jacobian `J[out…, in…] = d f_out / d x_in` by forward mode: one push per input element; best for few inputs. */
export const jacfwd = <A extends unknown[] = Tensor[], R = unknown, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options: JacobianOptions<N> = {},
): ((...args: A) => JacobianOf<A, R, N>) => jacobian(f, options, 'jacfwd');

/** Jacobian by reverse mode: one pull per output element; best for few outputs. */
export const jacrev = <A extends unknown[] = Tensor[], R = unknown, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options: JacobianOptions<N> = {},
): ((...args: A) => JacobianOf<A, R, N>) => jacobian(f, options, 'jacrev');

/**
 * Second derivatives `H[in…, in…]` of a scalar function: forward over reverse mode. With several `argnums` a block `H[i][j]`
 * for each pair of them.
 */
export const hessian = <A extends unknown[] = Tensor[], const N extends Argnums = 0>(
  f: (...args: A) => unknown,
  options: JacobianOptions<N> = {},
): ((...args: A) => JacobianOf<A, GradientOf<A, N>, N>) => jacfwd(grad(f, options), options);
