import { isPlainObject } from '../errors/checks.ts';
import { BaseTensor } from '../trace/value.ts';
import type { Structure } from '../tree/tree.ts';

type Node = Structure['node'];

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
  const { keys, children } = node;
  if (!isPlainObject(tree) || Object.keys(tree).length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) {
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

/** Whether a value that is no tensor stands for itself in a tree. */
const isOtherLeaf = (tree: unknown): boolean =>
  typeof tree === 'object' ? tree !== null && !Array.isArray(tree) && !isPlainObject(tree) : tree !== undefined;
