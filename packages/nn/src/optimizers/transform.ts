import type { Tensor } from '@flowfield/tensor-webgpu';
import { ArgumentError, checkFunctions, ShapeError } from '@flowfield/tensor-webgpu/errors';
import { scalar } from '@flowfield/tensor-webgpu/scalar';
import * as tree from '@flowfield/tensor-webgpu/tree';

/** What an optimizer remembers: a tree of tensors, saved and donated like the parameters. */
export type OptimizerState = tree.Tree<Tensor>;

/**
 * A step of an optimizer as a function of gradients (the style of Optax): `update` turns gradients into updates, to be
 * added to the parameters by `applyUpdates`. Pure, so that it may be traced, scanned and donated to.
 */
export interface GradientTransform {
  init<P>(params: P): OptimizerState;
  /** Gradients (or updates of an earlier transform), state and parameters to `[updates, next state]`. */
  update<P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState];
}

/**
 * `f` on every leaf, in a tree of the same type.
 * @throws ArgumentError for a leaf that is no tensor; ShapeError where leaves of one path have different shapes, which broadcasting
 *   would hide; TreeError for other structures.
 */
export function mapTree<P>(f: (...leaves: Tensor[]) => Tensor, first: P, ...rest: readonly unknown[]): P {
  let at = -1;
  const checked = (...leaves: Tensor[]): Tensor => {
    at++;
    const [{ shape }] = leaves;
    if (!leaves.every((leaf) => Array.isArray(leaf?.shape)))
      throw new ArgumentError(
        `optimizer: expected tensors as parameters, gradients and state, got another value at '${tree.paths(first)[at]}'. Convert it with tensor(...).`,
      );
    const odd = leaves.find((leaf) => leaf.shape.length !== shape.length || leaf.shape.some((n, i) => n !== shape[i]));
    if (!odd) return f(...leaves);
    throw new ShapeError(
      `optimizer: expected parameters, gradients and state of one shape at '${tree.paths(first)[at]}', got [${shape.join(', ')}] and [${odd.shape.join(', ')}]. Use the gradient of these parameters, and the state that init(params) made.`,
    );
  };
  return tree.map(checked, first, ...rest);
}

/** Throws what `mapTree` throws for gradients that are not in the form of the parameters, or hold no tensors. */
export function checkAlike(grads: unknown, params: unknown): void {
  mapTree((grad) => grad, grads, params);
}

/** The state of a transform; throws `ArgumentError` where it lacks one of `names`. */
export function checkedState<S>(transform: string, state: OptimizerState, names: readonly (keyof S & string)[]): S {
  const given = state as Readonly<Record<string, unknown>> | null | undefined;
  const missing = names.find((name) => given?.[name] === undefined);
  if (missing === undefined) return state as S;
  throw new ArgumentError(
    `${transform}: expected its state { ${names.join(', ')} }, got one without ${missing}. Make it with init(params) of this optimizer.`,
  );
}

/** What `update` of a transform returned; throws `ArgumentError` unless it is a pair. */
export function checkedUpdate<P>(op: string, result: [P, OptimizerState]): [P, OptimizerState] {
  if (Array.isArray(result) && result.length === 2) return result;
  throw new ArgumentError(`${op}: expected [updates, state] from update of a transform, got ${described(result)}.`);
}

/** Zeros in the form of `params`. */
export const zerosOf = <P>(params: P): P =>
  mapTree((leaf) => scalar(0, { dtype: leaf.dtype, device: leaf.device?.name }).broadcastTo(leaf.shape), params);

/** A scalar 0 of the given dtype, on the device of the parameters. */
export const scalarZero = (params: unknown, dtype: 'i32' | 'f32'): Tensor =>
  scalar(0, { dtype, device: tree.leaves<Tensor>(params).at(0)?.device?.name });

/** A transform without memory: `change` maps updates and parameters to updates. */
export const stateless = (change: <P>(grads: P, params: P) => P): GradientTransform => ({
  init: () => null,
  update: (grads, state, params) => [change(grads, params), state],
});

/** Throws `ArgumentError` unless `given` is a gradient transform. */
export function checkTransform(op: string, given: GradientTransform): void {
  if (typeof given?.init === 'function' && typeof given.update === 'function') return;
  throw new ArgumentError(
    `${op}: expected an optimizer or another gradient transform with init and update, got ${described(given)}. Call its maker, as in adam({ learningRate: 1e-3 }).`,
  );
}

const described = (given: unknown): string =>
  typeof given === 'function' || (typeof given === 'object' && given !== null)
    ? `a value of type ${typeof given}`
    : String(given);

/**
 * The path of every leaf with what `choose` says about it.
 * @throws ArgumentError when `choose` is no function or `accepts` not what it returned.
 */
export function chosenPaths<T>(
  op: string,
  params: unknown,
  choose: (path: string) => T,
  expected: string,
  accepts: (value: unknown) => boolean,
): readonly { readonly path: string; readonly choice: T }[] {
  checkFunctions(op, choose);
  return tree.paths(params).map((path) => {
    const choice = choose(path);
    if (accepts(choice)) return { path, choice };
    throw new ArgumentError(
      `${op}: expected ${expected} for the path '${path}', got ${typeof choice === 'string' ? `'${choice}'` : String(choice)}. Return it for every path.`,
    );
  });
}

export const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
