import { ArgumentError, DTypeError, fullLike, ShapeError, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';

/** The right-hand side of `dy/dt = f(t, y, args)`: returns a tree like `y`. `t` is a scalar. */
export type OdeFunction<Y, Args = unknown> = (t: Tensor, y: Y, args: Args) => Y;

/** The leaves of a state, in the order of `tree.leaves`. */
export type State = readonly Tensor[];

/** A right-hand side on leaves. */
export type Field = (t: Tensor, state: State) => State;

export type FloatType = 'f32' | 'f64';

/** The leaves of a state as tensors of floats. Throws `DTypeError` for others, `ArgumentError` where there is none. */
export function stateOf(y: unknown, use = 'solveOde'): State {
  const paths = tree.paths(y);
  const leaves = tree.leaves(y) as (Tensor | number | null)[];
  if (leaves.length === 0)
    throw new ArgumentError(
      `${use}: expected a state with a tensor in it, got ${y === null || y === undefined ? String(y) : 'an empty tree'}. Give a tensor or a tree of tensors.`,
    );
  return leaves.map((leaf, i) => {
    const value = typeof leaf === 'number' ? tensor(leaf) : leaf;
    if (value?.dtype === 'f32' || value?.dtype === 'f64') return value;
    const where = paths[i] ? ` at ${paths[i]}` : '';
    if (Array.isArray(value?.shape))
      throw new DTypeError(
        `${use}: expected a floating state, got ${value.dtype}${where}. Cast it with .astype('f32').`,
      );
    throw new DTypeError(
      `${use}: expected a state of tensors, got ${(value as object | null)?.constructor?.name ?? typeof leaf}${where}. Make one with tensor(…).`,
    );
  });
}

/** What a callback put in the place of a state, as leaves of the dtypes of that state; throws unless it is a tree like it. */
export function alike(what: string, structure: tree.Structure, state: State, result: unknown, use = 'solveOde'): State {
  const flat = tree.flatten(result);
  tree.checkSameStructure(`${use}: the result of ${what} and the state`, structure, flat.structure);
  return stateOf(flat.leaves, `${use}: the result of ${what}`).map((leaf, n) => {
    if (leaf.shape.join() === state[n].shape.join()) return leaf.astype(state[n].dtype);
    throw new ShapeError(
      `${use}: ${what} must return a tree like the state; leaf ${n} of the state has shape [${state[n].shape.join(', ')}], that of the result [${leaf.shape.join(', ')}]. Make them equal.`,
    );
  });
}

/** `f` as a function of leaves, which checks that the result is a tree like the state; its dtypes follow the state. */
export function fieldOf<Y, Args>(
  f: OdeFunction<Y, Args>,
  structure: tree.Structure,
  args: Args,
  use = 'solveOde',
  what = 'f',
): Field {
  return (t, state) => {
    const flat = tree.flatten(f(t, tree.unflatten(structure, state) as Y, args));
    tree.checkSameStructure(`${use}: the result of ${what} and the state`, structure, flat.structure);
    return state.map((leaf, i) => {
      const slope = flat.leaves[i] as Tensor | number;
      if (typeof slope === 'number') return fullLike(leaf, slope);
      if (!Array.isArray((slope as { shape?: unknown } | null)?.shape)) {
        throw new ShapeError(
          `${use}: ${what} must return a tree of tensors, got ${slope instanceof Promise ? 'a promise: it cannot be asynchronous' : typeof slope}. Return what it computes from its arguments.`,
        );
      }
      if (slope.shape.join() === leaf.shape.join()) return slope.astype(leaf.dtype);
      throw new ShapeError(
        `${use}: ${what} must return a tree like its state; leaf ${i} of the state has shape [${leaf.shape.join(', ')}], ` +
          `that of the result [${slope.shape.join(', ')}]. Make them equal.`,
      );
    });
  };
}

/** The widest floating dtype among the leaves: the dtype of time. */
export const timeTypeOf = (state: State): FloatType => (state.some((leaf) => leaf.dtype === 'f64') ? 'f64' : 'f32');

/** Whether a leaf of a tree is a tensor of floats. */
export const isFloat = (leaf: unknown): boolean => {
  const dtype = (leaf as { dtype?: unknown } | null | undefined)?.dtype;
  return dtype === 'f32' || dtype === 'f64';
};

/** Throws `ShapeError` unless a mass matrix fits the state. */
export function checkMass(mass: Tensor | null, state: State): void {
  if (!mass) return;
  const size = state.reduce((sum, leaf) => sum + leaf.size, 0);
  if (mass.ndim === 2 && mass.shape[0] === mass.shape[1] && (mass.shape[0] === size || size % mass.shape[0] === 0))
    return;
  throw new ShapeError(
    `solveOde: the mass matrix of a state of ${size} elements must have shape [${size}, ${size}] (with independentRows, that of one row), got [${mass.shape.join(', ')}]. Make them equal.`,
  );
}

/** A scalar of an operation on a state: inside a trace even this is not known yet, and has no device. */
export const probeOf = (state: State): Tensor => state[0].reshape([-1]).slice([0, 0]).sum();
