import { ArgumentError, checkFunctions, type Tensor, tree, zeros } from '@flowfield/tensor-webgpu';

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

/** `f` on every leaf, in a tree of the same type. */
export const mapTree = <P>(f: (...leaves: Tensor[]) => Tensor, first: P, ...rest: readonly unknown[]): P =>
  tree.map(f, first, ...rest);

/** Zeros in the form of `params`. */
export const zerosOf = <P>(params: P): P =>
  mapTree((leaf) => zeros(leaf.shape, { dtype: leaf.dtype, device: leaf.device?.name }), params);

/** A scalar 0 of the given dtype, on the device of the parameters. */
export const scalarZero = (params: unknown, dtype: 'i32' | 'f32'): Tensor =>
  zeros([], { dtype, device: tree.leaves<Tensor>(params).at(0)?.device?.name });

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
