import { ArgumentError, checkedOptions, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { checkTransform, chosenPaths, type GradientTransform, isBoolean, type OptimizerState } from './transform.ts';

type Leaves = Record<string, Tensor>;

/** The leaves at `paths`, by path. */
function picked(params: unknown, paths: readonly string[]): Leaves {
  const all = tree.paths(params);
  const leaves = tree.leaves<Tensor>(params);
  return Object.fromEntries(all.flatMap((path, i) => (paths.includes(path) ? [[path, leaves[i]]] : [])));
}

/** Throws `ArgumentError` when two leaves have one path, as `{'a.b': x}` and `{a: {b: x}}`. */
function checkDistinct(op: string, params: unknown): void {
  const paths = tree.paths(params);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice === undefined) return;
  throw new ArgumentError(`${op}: two parameters have the path '${twice}'. Rename one, without a dot in its name.`);
}

/**
 * Another optimizer for each group of parameters: `groupOf(path)` names the group, `optimizers` has one for each. What is in
 * the group `frozen`, when there is no optimizer of this name, is not changed. State: by group, by path. The memory of an
 * optimizer is only for its own group.
 * @throws ArgumentError for a group without an optimizer, or two parameters of one path.
 */
export function partition(
  optimizers: Readonly<Record<string, GradientTransform>>,
  groupOf: (path: string) => string,
): GradientTransform {
  const names = Object.keys(checkedOptions('partition', optimizers, Object.keys(optimizers ?? {})));
  for (const name of names) checkTransform(`partition: ${name}`, optimizers[name]);
  const known = new Set([...names, 'frozen']);
  const pathsOf = (params: unknown): ReadonlyMap<string, readonly string[]> => {
    checkDistinct('partition', params);
    const expected = `one of ${[...known].join(', ')} from groupOf`;
    const chosen = chosenPaths('partition', params, groupOf, expected, (name) => known.has(name as string));
    return new Map(names.map((name) => [name, chosen.filter(({ choice }) => choice === name).map(({ path }) => path)]));
  };
  return {
    init: (params) => {
      const paths = pathsOf(params);
      return Object.fromEntries(
        names.map((name) => [name, optimizers[name].init(picked(params, paths.get(name) as readonly string[]))]),
      );
    },
    update: <P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState] => {
      const paths = pathsOf(params);
      const states = state as Readonly<Record<string, OptimizerState>>;
      const updates: Leaves = {};
      const next: Record<string, OptimizerState> = {};
      for (const name of names) {
        const own = paths.get(name) as readonly string[];
        const [changed, memory] = optimizers[name].update(picked(grads, own), states[name], picked(params, own));
        Object.assign(updates, changed);
        next[name] = memory;
      }
      const all = tree.paths(params);
      const changes = tree
        .leaves<Tensor>(grads)
        .map((leaf, i) => (Object.hasOwn(updates, all[i]) ? updates[all[i]] : leaf.mul(0)));
      return [tree.unflatten(tree.structure(params), changes) as P, next];
    },
  };
}

/**
 * `transform` for the parameters whose path `isIn` accepts; the gradients of the others pass as they are, to the next
 * transform of a chain. `partition` with the group `frozen` keeps parameters as they are instead. State: by path.
 * @throws ArgumentError when `isIn` does not return true or false, or two parameters have one path.
 */
export function masked(transform: GradientTransform, isIn: (path: string) => boolean): GradientTransform {
  checkTransform('masked', transform);
  const pathsOf = (params: unknown): string[] => {
    checkDistinct('masked', params);
    const chosen = chosenPaths('masked', params, isIn, 'true or false', isBoolean);
    return chosen.filter(({ choice }) => choice).map(({ path }) => path);
  };
  return {
    init: (params) => transform.init(picked(params, pathsOf(params))),
    update: <P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState] => {
      const own = pathsOf(params);
      const [changed, next] = transform.update(picked(grads, own), state, picked(params, own));
      const all = tree.paths(params);
      const updates = tree
        .leaves<Tensor>(grads)
        .map((leaf, i) => (Object.hasOwn(changed, all[i]) ? changed[all[i]] : leaf));
      return [tree.unflatten(tree.structure(params), updates) as P, next];
    },
  };
}
