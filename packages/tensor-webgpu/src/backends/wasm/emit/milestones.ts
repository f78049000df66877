import { type Expression, visit } from '../../../kernels/expression.ts';

/** Every so many operations below one another, a node is computed ahead: code follows operands by calls of its own. */
const DEPTH = 64;

/** Nodes such that fewer than `DEPTH` operations lie between one of them and the next, operands first. */
export function milestones(values: readonly Expression[]): Expression[] {
  const depths = new Map<Expression, number>();
  const found: Expression[] = [];
  visit(values, (node) => {
    const below = node.kind === 'apply' ? node.args : node.kind === 'load' ? node.terms.map((term) => term.index) : [];
    let depth = 0;
    for (const operand of below) depth = Math.max(depth, (depths.get(operand) as number) + 1);
    if (depth === DEPTH) {
      found.push(node);
      depth = 0;
    }
    depths.set(node, depth);
  });
  return found;
}
