import { isPlainObject } from '../errors/checks.ts';
import { BaseTensor } from '../trace/value.ts';
import type { Structure } from '../tree/tree.ts';

type Node = Structure['node'];
type ObjectNode = Extract<Node, { kind: 'object' }>;

/**
 * Adds the leaves of `tree` to `found`, in order, if the tree has the structure; else returns false, with `found` in any
 * state. Much faster than `flatten`, for trees whose structure is known but for a check.
 */
export function matchLeaves(tree: unknown, node: Node, found: unknown[]): boolean {
  if (node.kind === 'leaf') {
    if (!(tree instanceof BaseTensor) && !isOtherLeaf(tree)) return false;
    found.push(tree);
    return true;
  }
  if (node.kind === 'array') {
    const { children } = node;
    if (!Array.isArray(tree) || tree.length !== children.length) return false;
    for (let i = 0; i < children.length; i++) {
      const child = children[i];
      const branch = tree[i];
      if (child.kind === 'leaf' && branch instanceof BaseTensor) found.push(branch);
      else if (!matchLeaves(branch, child, found)) return false;
    }
    return true;
  }
  if (node.kind === 'empty') return tree === node.value;
  if (!isPlainObject(tree)) return false;
  const met = matchInOrder(tree, node, found);
  if (met < 0) return false;
  const { keys, children } = node;
  for (let i = met; i < keys.length; i++) {
    const child = children[i];
    const branch = tree[keys[i]];
    if (child.kind === 'leaf' && branch instanceof BaseTensor) {
      found.push(branch);
      continue;
    }
    // A key that is missing may read as something inherited, or as nothing.
    if ((branch === undefined || typeof branch === 'function') && !Object.hasOwn(tree, keys[i])) return false;
    if (!matchLeaves(branch, child, found)) return false;
  }
  return true;
}

/**
 * Matches the keys of an object that are met in the order of the structure, which costs a third of looking each of them up; how many
 * these are, or -1 where the object does not fit. A function of its own, since within the other it is not compiled as well.
 */
function matchInOrder(tree: Record<string, unknown>, node: ObjectNode, found: unknown[]): number {
  const { keys, children } = node;
  let next = 0;
  for (const key in tree) {
    // What is inherited is met too, after all that is its own.
    if (key !== keys[next]) return Object.keys(tree).length === keys.length ? next : -1;
    const child = children[next++];
    const branch = tree[key];
    if (child.kind === 'leaf' && branch instanceof BaseTensor) found.push(branch);
    else if (!matchLeaves(branch, child, found)) return -1;
  }
  return next === keys.length ? next : -1;
}

/** Whether a value that is no tensor stands for itself in a tree. */
const isOtherLeaf = (tree: unknown): boolean =>
  typeof tree === 'object' ? tree !== null && !Array.isArray(tree) && !isPlainObject(tree) : tree !== undefined;
