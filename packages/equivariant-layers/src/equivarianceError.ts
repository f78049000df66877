import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  random,
  type Tensor,
  tree,
} from '@flowfield/tensor-webgpu';
import type { EuclideanGroupName } from './frames/euclideanGroup.ts';
import type { OutputKinds } from './frames/frameAverage.ts';
import { movedBy, randomIsometry } from './frames/isometry.ts';
import type { Kind } from './frames/transport.ts';
import { symmetricGroup } from './groups/families.ts';
import type { PermutationGroup } from './groups/group.ts';
import { inversePermutation, type Permutation } from './groups/permutation.ts';
import { checkedDType } from './inputs/params.ts';
import { checkedOrder, type Orders, setsOfAxes } from './permutations/orders.ts';

/**
 * A layer of this package: with orders, and a group unless it takes all relabellings; or with a Euclidean group and kinds. Numbers as `inputs` and
 * `outputs` are widths.
 */
export interface SymmetricLayer {
  readonly orderIn?: Orders;
  readonly orderOut?: Orders;
  readonly group?: PermutationGroup | EuclideanGroupName | undefined;
  readonly inputs?: readonly OutputKinds[] | number;
  readonly outputs?: OutputKinds | number;
  init(key: random.Key): unknown;
  /** Of layers with statistics, such as `lrgaBlock`: they are tested with those of the batch. */
  initState?(key: random.Key): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: parameters and input of any layer.
  apply(params: any, ...inputs: any[]): unknown;
}

/** Axes that run over the points of a permutation group: so many before the last axis, or a list. */
export type PointAxes = number | readonly number[];

export interface EquivarianceErrorOptions {
  /** The argument, or a list of several; each a tensor, or a record of them such as the input of `faGnn`. */
  readonly input: unknown;
  /** Draws elements of the group, and parameters where none are given (default `random.key(0)`). */
  readonly key?: random.Key;
  /** Default: that of the layer or averaged function, or all relabellings. */
  readonly group?: PermutationGroup | EuclideanGroupName;
  /** Parameters of the layer (default: drawn by its `init`). */
  readonly params?: unknown;
  /** How each argument of a function moves: kinds for a Euclidean group, axes for permutations. */
  readonly inputs?: readonly (OutputKinds | PointAxes)[];
  /** How results of a function move. */
  readonly outputs?: OutputKinds | PointAxes;
  /** For layers of `equivariantLinear` whose input has no axis of a node set: how many nodes it has, as in `apply`. */
  readonly nodes?: number | readonly number[];
  /** Elements of the group that are tried (default 20). */
  readonly samples?: number;
  /** The dtype of the test: floating inputs and parameters are cast (default f64). */
  readonly dtype?: 'f64' | 'f32';
}

export interface EquivarianceReport {
  readonly max: number;
  readonly median: number;
  /** One for each element tried, in order. */
  readonly errors: readonly number[];
}

const optionNames = [
  'input',
  'key',
  'group',
  'params',
  'inputs',
  'outputs',
  'nodes',
  'samples',
  'dtype',
] as const satisfies readonly (keyof EquivarianceErrorOptions)[];

/** A group element's action: on argument i, and on results. */
interface Motion {
  input(x: unknown, i: number): unknown;
  output(y: unknown): unknown;
}

/**
 * How far a layer is from f(g x) = g f(x): max |f(g x) - g f(x)| / max(|f(x)|, |f(g x)|), for elements g of the group drawn at random. Takes layers of this
 * package, functions made by `frameAverage`, and any other function with `inputs` and `outputs` declared. In f64, so that
 * what is found is not rounding.
 * @throws ArgumentError for unknown options, a function whose group, inputs or outputs are not known, or a group of another number of points.
 */
export function equivarianceError(
  // biome-ignore lint/suspicious/noExplicitAny: arguments of any function.
  layer: SymmetricLayer | ((...args: any[]) => unknown),
  options: EquivarianceErrorOptions,
): EquivarianceReport {
  const op = 'equivarianceError';
  const { key = random.key(0), samples = 20, dtype = 'f64', ...given } = checkedOptions(op, options, optionNames);
  checkedWhole(`${op}: samples`, samples);
  checkedDType(op, dtype);
  const [paramsKey, elementsKey] = random.split(key);
  const cast = <T>(values: T): T =>
    tree.map((leaf: Tensor) => (leaf.dtype === 'f32' || leaf.dtype === 'f64' ? leaf.astype(dtype) : leaf), values) as T;
  const args: unknown[] = Array.isArray(given.input) ? given.input : [given.input];
  args.forEach((arg, i) => {
    const leaves = tree.leaves(arg);
    for (const leaf of leaves.length > 0 ? leaves : [arg]) checkTensor(op, `input ${i}`, leaf);
  });
  const inputs = cast(args);
  const f =
    typeof layer === 'function'
      ? layer
      : bound(op, layer, cast(given.params ?? layer?.init?.(paramsKey)), paramsKey, given.nodes);
  const motion = motions(op, layer, given, inputs);
  const here = f(...inputs);
  const errors = Array.from({ length: samples }, (_, i) => {
    const g = motion(random.foldIn(elementsKey, i));
    return distance(f(...inputs.map((x, at) => g.input(x, at))), g.output(here));
  });
  const sorted = [...errors].sort((a, b) => a - b);
  return { max: sorted[samples - 1], median: (sorted[(samples - 1) >> 1] + sorted[samples >> 1]) / 2, errors };
}

function bound(
  op: string,
  layer: SymmetricLayer,
  params: unknown,
  key: random.Key,
  nodes: EquivarianceErrorOptions['nodes'],
): (...args: unknown[]) => unknown {
  if (typeof layer?.apply !== 'function')
    throw new ArgumentError(
      `${op}: expected a layer or a function, got ${String(layer)}. Pass the layer itself, or a function of tensors.`,
    );
  const call = nodes === undefined ? [] : [{ nodes }];
  if (layer.initState === undefined) return (...args) => layer.apply(params, ...args, ...call);
  const state = layer.initState(key);
  return (...args) => (layer.apply(params, state, ...args, { training: true }) as readonly unknown[])[0];
}

/** What is declared for a function, or known of a layer. */
type Declared = Pick<EquivarianceErrorOptions, 'group' | 'inputs' | 'outputs' | 'nodes'>;

function motions(op: string, layer: object, given: Declared, args: readonly unknown[]): (key: random.Key) => Motion {
  const own = layer as Partial<SymmetricLayer>;
  const group = given.group ?? own.group;
  if (own.orderIn !== undefined && own.orderOut !== undefined)
    return relabellings(op, { in: own.orderIn, out: own.orderOut }, { ...given, group }, args[0] as Tensor);
  const kinds = <T>(declared: T | number | undefined): T | undefined =>
    typeof declared === 'number' ? undefined : declared;
  const [inputs, outputs] = [given.inputs ?? kinds(own.inputs), given.outputs ?? kinds(own.outputs)];
  if (group === undefined || inputs === undefined || outputs === undefined) {
    const missing = Object.entries({ group, inputs, outputs }).flatMap(([name, value]) =>
      value === undefined ? [name] : [],
    );
    throw new ArgumentError(
      `${op}: expected ${missing.join(', ')} to be declared for a function, got none. Say how its arguments and results move.`,
    );
  }
  if (inputs.length !== args.length) {
    throw new ArgumentError(
      `${op}: expected ${inputs.length} inputs as declared, got ${args.length}. Give the arguments as a list in input.`,
    );
  }
  if (typeof group === 'string') {
    return (key) => {
      const g = randomIsometry(group, key);
      const move = (y: unknown, kinds: OutputKinds): unknown => moved(y, kinds, (leaf, kind) => movedBy(g, leaf, kind));
      return { input: (x, i) => move(x, inputs[i] as OutputKinds), output: (y) => move(y, outputs as OutputKinds) };
    };
  }
  return (key) => {
    const back = inversePermutation(group.random(key));
    const move = (x: Tensor, axes: PointAxes): Tensor => {
      const list = axesOf(op, x, axes);
      for (const axis of list) checkPoints(op, group, x.shape.at(axis) as number);
      return taken(x, list, () => back);
    };
    return {
      input: (x, i) => tree.map((leaf: Tensor) => move(leaf, inputs[i] as PointAxes), x),
      output: (y) => tree.map((leaf: Tensor) => move(leaf, outputs as PointAxes), y),
    };
  };
}

/** The motions of a layer: by its group, or by relabellings of each node set. */
function relabellings(
  op: string,
  orders: { readonly in: Orders; readonly out: Orders },
  { group, nodes }: Declared,
  x: Tensor,
): (key: random.Key) => Motion {
  if (typeof group === 'string')
    throw new ArgumentError(
      `${op}: expected a group of permutations for this layer, got ${group}. Leave group out for all relabellings.`,
    );
  const [setsIn, setsOut] = [
    setsOfAxes(checkedOrder(op, 'orderIn', orders.in)),
    setsOfAxes(checkedOrder(op, 'orderOut', orders.out)),
  ];
  const first = x.shape.length - 1 - setsIn.length;
  const own = new Map(setsIn.map((set, i) => [set, x.shape[first + i]]));
  const sizeOf = (set: number): number | undefined =>
    own.get(set) ?? (typeof nodes === 'number' ? nodes : nodes?.[set]);
  const sizes = [...new Set([...setsIn, ...setsOut])].flatMap((set) => {
    const size = sizeOf(set);
    if (group && size !== undefined) checkPoints(op, group, size);
    return size === undefined ? [] : [[set, size] as const];
  });
  return (key) => {
    const elements = new Map(
      sizes.map(([set, n]) => [set, inversePermutation((group ?? symmetricGroup(n)).random(random.foldIn(key, set)))]),
    );
    const move = (y: Tensor, sets: readonly number[]): Tensor => {
      const start = y.shape.length - 1 - sets.length;
      return taken(
        y,
        sets.map((_, i) => start + i),
        (at) => elements.get(sets[at]),
      );
    };
    return { input: (y) => move(y as Tensor, setsIn), output: (y) => move(y as Tensor, setsOut) };
  };
}

/** Throws `ArgumentError` unless an axis runs over the points of a group. */
function checkPoints(op: string, { name, degree }: PermutationGroup, extent: number): void {
  if (extent === degree) return;
  throw new ArgumentError(
    `${op}: expected ${degree} points for the group ${name}, got an axis of ${extent}. Take a group on as many points as the input has.`,
  );
}

/** Entries along axes in the order of permutations; an axis without one stays. */
const taken = (x: Tensor, axes: readonly number[], order: (i: number) => Permutation | undefined): Tensor =>
  axes.reduce((y, axis, i) => {
    const own = order(i);
    return own ? y.take(Int32Array.from(own), { axis }) : y;
  }, x);

function axesOf(op: string, x: Tensor, axes: PointAxes): readonly number[] {
  const list = typeof axes === 'number' ? Array.from({ length: axes }, (_, i) => x.shape.length - 1 - axes + i) : axes;
  if (
    Array.isArray(list) &&
    list.every((axis) => Number.isInteger(axis) && axis >= -x.shape.length && axis < x.shape.length)
  )
    return list;
  throw new ArgumentError(
    `${op}: expected axes of a tensor of shape [${x.shape.join(', ')}], got ${JSON.stringify(axes)}. Give a count of axes before the last, or a list.`,
  );
}

/** A tree moved by its kinds: one for all of it, or a list or record like it; parts that are not there are left out. */
function moved(y: unknown, kinds: OutputKinds, move: (leaf: Tensor, kind: Kind) => Tensor): unknown {
  if (typeof kinds === 'string') return tree.map((leaf: Tensor) => move(leaf, kinds), y);
  const given = y as Readonly<Record<string, unknown>>;
  const parts = Object.entries(kinds)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, kind]) => [name, moved(given[name], kind, move)] as const);
  return Array.isArray(kinds) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/** The largest difference of two trees, relative to their largest entry; 0 where both are 0, infinite where NaN is met. */
function distance(a: unknown, b: unknown): number {
  const [left, right] = [tree.leaves(a), tree.leaves(b)] as [Tensor[], Tensor[]];
  const most = (x: Tensor): number => (x.size === 0 ? 0 : x.abs().max().item());
  const size = Math.max(0, ...[...left, ...right].map(most));
  const worst = Math.max(0, ...left.map((x, i) => most(x.sub(right[i]))));
  if (Number.isNaN(size) || Number.isNaN(worst)) return Number.POSITIVE_INFINITY;
  return size === 0 ? 0 : worst / size;
}
