import { isPlainObject } from '../errors/checks.ts';
import { BaseTensor } from '../trace/value.ts';
import type { Structure } from '../tree/tree.ts';

type Node = Structure['node'];
type ObjectNode = Extract<Node, { kind: 'object' }>;

/**
 * Writes the leaves of `tree` to `found`, in order, from `at` on, if the tree has the structure; the place after the last of
 * them, or -1 if it does not fit, with `found` in any state. Much faster than `flatten`, for trees whose structure is known but
 * for a check.
 */
export function matchLeaves(tree: unknown, node: Node, found: unknown[], at: number): number {
  if (node.kind === 'leaf') {
    if (!(tree instanceof BaseTensor) && !isOtherLeaf(tree)) return -1;
    found[at] = tree;
    return at + 1;
  }
  if (node.kind === 'array') {
    const { children } = node;
    if (!Array.isArray(tree) || tree.length !== children.length) return -1;
    for (let i = 0; i < children.length && at >= 0; i++) {
      const child = children[i];
      const branch = tree[i];
      if (child.kind === 'leaf' && branch instanceof BaseTensor) found[at++] = branch;
      else at = matchLeaves(branch, child, found, at);
    }
    return at;
  }
  if (node.kind === 'empty') return tree === node.value ? at : -1;
  return isPlainObject(tree) ? matchObject(tree, node, found, at) : -1;
}

/**
 * Keys that are met in the order of the structure cost a third of those that are looked up. A function of its own, since within
 * the other it is not compiled as well.
 */
function matchObject(tree: Record<string, unknown>, node: ObjectNode, found: unknown[], at: number): number {
  const { keys, children } = node;
  let next = 0;
  for (const key in tree) {
    // What is inherited is met too, after all that is its own.
    if (key !== keys[next])
      return Object.keys(tree).length === keys.length ? matchKeys(tree, node, next, found, at) : -1;
    const child = children[next++];
    const branch = tree[key];
    if (child.kind === 'leaf' && branch instanceof BaseTensor) found[at++] = branch;
    else {
      at = matchLeaves(branch, child, found, at);
      if (at < 0) return -1;
    }
  }
  return next === keys.length ? at : -1;
}

/** The same for the keys from `next` on, in whatever order the object has them, which has as many as the structure. */
function matchKeys(
  tree: Record<string, unknown>,
  { keys, children }: ObjectNode,
  next: number,
  found: unknown[],
  at: number,
): number {
  for (let i = next; i < keys.length && at >= 0; i++) {
    const branch = tree[keys[i]];
    // A key that is missing may read as something inherited, or as nothing.
    if ((branch === undefined || typeof branch === 'function') && !Object.hasOwn(tree, keys[i])) return -1;
    at = matchLeaves(branch, children[i], found, at);
  }
  return at;
}

/** Whether a value that is no tensor stands for itself in a tree. */
const isOtherLeaf = (tree: unknown): boolean =>
  typeof tree === 'object' ? tree !== null && !Array.isArray(tree) && !isPlainObject(tree) : tree !== undefined;
