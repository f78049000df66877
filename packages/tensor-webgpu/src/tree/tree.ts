import { checkFunctions, isPlainObject } from '../errors/checks.ts';
import { FlowfieldError } from '../errors/errors.ts';

/** Trees that should have one structure but do not; the message names the path where they part. */
export class TreeError extends FlowfieldError {}

/** Nested plain objects and arrays whose leaves are `T`; `null` and `undefined` are empty subtrees. */
export type Tree<T> = T | null | undefined | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** How deep the types below look into a tree; what lies deeper is left to the caller. */
type Levels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
type Deeper<Left extends unknown[]> = Left extends [unknown, ...infer Rest] ? Rest : [];

/** The leaves of a tree type, for inference in functions on trees. Of the recursive type `Tree<T>` they are `T`. */
export type Leaf<T, Left extends unknown[] = Levels> = Left extends []
  ? never
  : T extends null | undefined
    ? never
    : T extends readonly (infer Item)[]
      ? Leaf<Item, Deeper<Left>>
      : T extends (...args: never[]) => unknown
        ? T
        : IsPlain<T> extends true
          ? { [K in keyof T]: Leaf<T[K], Deeper<Left>> }[keyof T]
          : T;

/** `T` with every leaf replaced by `R`. */
export type Mapped<T, R, Left extends unknown[] = Levels> = Left extends []
  ? Tree<R>
  : T extends null | undefined
    ? T
    : T extends readonly unknown[]
      ? { [K in keyof T]: Mapped<T[K], R, Deeper<Left>> }
      : T extends (...args: never[]) => unknown
        ? R
        : IsPlain<T> extends true
          ? { [K in keyof T]: Mapped<T[K], R, Deeper<Left>> }
          : R;

/** `never` for a tree whose leaves are known not to be `L`. */
type WithLeaves<T, L> = [Leaf<T>] extends [L] ? unknown : unknown extends Leaf<T> ? unknown : never;

/** Class instances show by a method; plain data has none at the top. */
type IsPlain<T> = T extends object
  ? T extends { dispose(): void } | ArrayBufferView | Date | Map<unknown, unknown> | Set<unknown>
    ? false
    : true
  : false;

/** The shape of a tree without its leaves. */
export interface Structure {
  /** Equal for trees of equal structure: usable as a cache key. */
  readonly key: string;
  readonly leafCount: number;
  /** @internal */
  readonly node: Node;
}

type Node =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'empty'; readonly value: null | undefined }
  | { readonly kind: 'array'; readonly children: readonly Node[] }
  | ObjectNode;

interface ObjectNode {
  readonly kind: 'object';
  readonly keys: readonly string[];
  readonly children: readonly Node[];
}

const LEAF: Node = { kind: 'leaf' };

/** Trees nested deeper than this hold themselves, or might as well. */
const DEEPEST = 500;

/** Sets a key of a plain object even if it is `__proto__`. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** Keys in order, and what stands there. Most objects have them so already, and to sort two takes longer than all else here. */
function sortedEntries(node: Readonly<Record<string, unknown>>): { keys: string[]; values: unknown[] } {
  const keys = Object.keys(node);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i - 1] < keys[i]) continue;
    keys.sort();
    return { keys, values: keys.map((key) => node[key]) };
  }
  return { keys, values: Object.values(node) };
}

/** Adds the leaves to `found` in order (object keys sorted), with their paths to `paths` if there is one; returns the structure. */
function walk(
  tree: unknown,
  found: unknown[],
  isLeaf?: (node: unknown) => boolean,
  paths?: string[],
  path = '',
  depth = 0,
): Node {
  if (depth > DEEPEST) {
    throw new TreeError(
      `A tree is more than ${DEEPEST} levels deep${path && `, at ${path.slice(0, 40)}…`}, or holds itself. Give nested arrays and objects without a circle.`,
    );
  }
  if (!isLeaf?.(tree)) {
    if (tree === null || tree === undefined) return { kind: 'empty', value: tree };
    if (Array.isArray(tree)) {
      const children: Node[] = [];
      for (let i = 0; i < tree.length; i++)
        children.push(walk(tree[i], found, isLeaf, paths, paths && join(path, String(i)), depth + 1));
      return { kind: 'array', children };
    }
    if (isPlainObject(tree)) {
      const { keys, values } = sortedEntries(tree);
      const children: Node[] = [];
      for (let i = 0; i < keys.length; i++)
        children.push(walk(values[i], found, isLeaf, paths, paths && join(path, keys[i]), depth + 1));
      return { kind: 'object', keys, children };
    }
  }
  found.push(tree);
  paths?.push(path);
  return LEAF;
}

/** A step further down. Keys that could be taken for several steps, or for none, stand in quotes. */
const join = (path: string, key: string): string => {
  const step = key === '' || /[."]/.test(key) ? JSON.stringify(key) : key;
  return path === '' ? step : `${path}.${step}`;
};

function nodeKey(node: Node): string {
  switch (node.kind) {
    case 'leaf':
      return '*';
    case 'empty':
      return node.value === null ? 'null' : 'undefined';
    case 'array':
      return `[${node.children.map(nodeKey).join(',')}]`;
    case 'object':
      return `{${node.children.map((child, i) => `${JSON.stringify(node.keys[i])}:${nodeKey(child)}`).join(',')}}`;
  }
}

const structureOf = (node: Node, leafCount: number): Structure => ({ key: nodeKey(node), leafCount, node });

/**
 * The leaves of a tree in order, and its structure. `isLeaf` makes more nodes leaves: `null`, say, or an array
 * that stands for one thing.
 */
export function flatten<T>(tree: T, isLeaf?: (node: unknown) => boolean): { leaves: Leaf<T>[]; structure: Structure } {
  if (isLeaf !== undefined) checkFunctions('tree.flatten', isLeaf);
  const found: unknown[] = [];
  const node = walk(tree, found, isLeaf);
  return { leaves: found as Leaf<T>[], structure: structureOf(node, found.length) };
}

/**
 * The leaves of a tree in order: arrays by index, objects by sorted key. Where the type of the tree does not tell their
 * type, as in a function of any parameters, say it: `leaves<Tensor>(params)`.
 */
export function leaves<T>(tree: T): Leaf<T>[];
export function leaves<L>(tree: unknown): L[];
export function leaves(tree: unknown): unknown[] {
  const found: unknown[] = [];
  walk(tree, found);
  return found;
}

/** The structure of a tree, without its leaves. */
export const structure = (tree: unknown): Structure => flatten(tree).structure;

/** The paths of the leaves in order, like `layers.0.weight`; a key with a dot in it stands in quotes, as in `a."b.c"`. */
export function paths(tree: unknown): string[] {
  const found: string[] = [];
  walk(tree, [], undefined, found);
  return found;
}

/** From so many keys on it is faster to copy an object that has them, and to fill it, than to add them one by one. */
const MANY_KEYS = 12;
/** Objects with the keys of a structure and nothing in them, from the second time on that it is built. */
const blanks = new WeakMap<ObjectNode, Readonly<Record<string, unknown>> | null>();

/** An object to be filled with the keys of `node`, which it may have already. */
function blankOf(node: ObjectNode): Record<string, unknown> {
  const { keys } = node;
  let blank = blanks.get(node);
  if (blank === undefined) {
    blanks.set(node, null);
    return {};
  }
  if (blank === null) {
    // Spread, since what fromEntries makes of many keys is a table, which is copied key by key.
    blank = { ...Object.fromEntries(keys.map((key) => [key, null])) };
    blanks.set(node, blank);
  }
  return { ...blank };
}

/** An empty object for a structure that is met once. */
const emptyOf = (): Record<string, unknown> => ({});

/** The tree of a structure; `start` makes the objects that are filled. */
function build(
  node: Node,
  values: readonly unknown[],
  at: { next: number },
  start: (node: ObjectNode) => Record<string, unknown>,
): unknown {
  switch (node.kind) {
    case 'leaf':
      return values[at.next++];
    case 'empty':
      return node.value;
    case 'array': {
      const { children } = node;
      const result: unknown[] = [];
      for (let i = 0; i < children.length; i++) {
        const child = children[i];
        result.push(child.kind === 'leaf' ? values[at.next++] : build(child, values, at, start));
      }
      return result;
    }
    case 'object': {
      const { keys, children } = node;
      const result = keys.length < MANY_KEYS ? {} : start(node);
      for (let i = 0; i < keys.length; i++) {
        const child = children[i];
        setOwn(result, keys[i], child.kind === 'leaf' ? values[at.next++] : build(child, values, at, start));
      }
      return result;
    }
  }
}

/** A tree of the given structure with the given leaves. Throws `TreeError` for a wrong number of leaves. */
export function unflatten(shape: Structure, values: readonly unknown[]): unknown {
  if (typeof shape?.leafCount !== 'number' || !Array.isArray(values))
    throw new TreeError(
      'tree.unflatten: expected the structure of a tree and a list of leaves. Give both, as tree.flatten returns them.',
    );
  if (values.length !== shape.leafCount) {
    throw new TreeError(
      `tree.unflatten: expected ${shape.leafCount} leaves for ${shape.key}, got ${values.length}. Give one value for each *.`,
    );
  }
  return build(shape.node, values, { next: 0 }, blankOf);
}

const describe = (node: Node): string => {
  if (node.kind === 'array') return `an array of ${node.children.length}`;
  if (node.kind === 'object') return `an object with keys ${node.keys.join(', ')}`;
  return node.kind === 'leaf' ? 'a leaf' : String(node.value);
};

/** The first place where two structures part, or `null`. */
function difference(a: Node, b: Node, path: string): string | null {
  const at = path === '' ? 'at the root' : `at ${path}`;
  const differ = `${at}: ${describe(a)} against ${describe(b)}`;
  if (a.kind !== b.kind) return differ;
  if (a.kind === 'leaf' || b.kind === 'leaf') return null;
  if (a.kind === 'empty' || b.kind === 'empty')
    return a.kind === 'empty' && b.kind === 'empty' && a.value === b.value ? null : differ;
  if (a.children.length !== b.children.length) return differ;
  const keys = a.kind === 'object' && b.kind === 'object' ? [a.keys, b.keys] : null;
  for (let i = 0; i < a.children.length; i++) {
    if (keys && keys[0][i] !== keys[1][i]) return differ;
    const found = difference(a.children[i], b.children[i], join(path, keys ? keys[0][i] : String(i)));
    if (found) return found;
  }
  return null;
}

function checkAlike(op: string, a: Node, b: Node): void {
  const found = difference(a, b, '');
  if (found) throw new TreeError(`${op}: trees differ ${found}. Give trees of one structure.`);
}

/** Throws `TreeError`, naming the path, unless two structures are equal. */
export function checkSameStructure(op: string, a: Structure, b: Structure): void {
  if (typeof a?.key !== 'string' || typeof b?.key !== 'string')
    throw new TreeError(`${op}: expected the structures of two trees. Give them as tree.structure returns them.`);
  if (a.key !== b.key) checkAlike(op, a.node, b.node);
}

/**
 * `f` applied to every leaf (and to the leaves at the same places of further trees), in a tree of the same structure.
 * Where the type of the tree does not tell the type of its leaves, as in a function of any parameters `P`, say it in f:
 * `map((leaf: Tensor) => leaf.mul(2), params)` is a `P` again.
 * @throws TreeError, naming the path, for trees of different structure.
 */
export function map<T, R>(
  // biome-ignore lint/suspicious/noExplicitAny: the leaves of the further trees have types of their own.
  f: (leaf: Leaf<T>, ...others: any[]) => R,
  tree: T,
  ...rest: readonly unknown[]
): Mapped<T, R>;
export function map<T, L>(
  f: (leaf: L, ...others: L[]) => L,
  tree: T,
  ...rest: readonly unknown[]
): T & WithLeaves<T, L>;
export function map(
  f: (leaf: unknown, ...others: unknown[]) => unknown,
  tree: unknown,
  ...rest: readonly unknown[]
): unknown {
  checkFunctions('tree.map', f);
  const found: unknown[] = [];
  const node = walk(tree, found);
  const others = rest.map((other) => {
    const alike: unknown[] = [];
    checkAlike('tree.map', node, walk(other, alike));
    return alike;
  });
  const mapped = found.map((leaf, i) => f(leaf, ...others.map((leaves) => leaves[i])));
  return build(node, mapped, { next: 0 }, emptyOf);
}
