import type { DType } from '../../../dtype/dtype.ts';
import { type Expression, visit } from '../../../kernels/expression.ts';
import { isDoubleName, isMathName, type MathName } from '../math/index.ts';
import { vectorOperation } from './vector-operations.ts';

/** The vector function of a primitive on operands of `dtype`; `null` where there is none. */
export function vectorMathName(name: string, dtype: DType): MathName | null {
  if (dtype === 'f32' || name === 'threefry2x32') return isMathName(name) ? name : null;
  if (dtype !== 'i32' && dtype !== 'u32') return null;
  const own = `${dtype}${name[0].toUpperCase()}${name.slice(1)}`;
  return isMathName(own) ? own : null;
}

/** Whether there is a function of vectors for a primitive on operands of `dtype`. */
export const hasVectorMath = (code: string, dtype: DType): boolean =>
  dtype === 'f64' ? isDoubleName(code) : vectorMathName(code, dtype) !== null;

/** Whether an operation without an instruction on numbers has code on vectors, which serves one number as well. */
export const hasScalarMath = (code: string, dtype: DType): boolean =>
  vectorOperation(code, dtype) !== undefined || hasVectorMath(code, dtype);

/** Nodes that one function computes together, in the order of its results. */
export interface Together {
  readonly name: MathName;
  readonly nodes: readonly (Expression | null)[];
}

/** Functions of one operand that share most of their work. */
const PAIRS: readonly { readonly name: MathName; readonly parts: readonly [string, string] }[] = [
  { name: 'softplusSigmoid', parts: ['softplus', 'sigmoid'] },
  { name: 'sinCos', parts: ['sin', 'cos'] },
];

/** The form of a function whose results are 0 where they would be below the normal numbers. */
export function flushing(name: MathName): MathName {
  const own = `normal${name[0].toUpperCase()}${name.slice(1)}`;
  return isMathName(own) ? own : name;
}

/**
 * Which nodes of these values are computed together: pairs of functions of one operand, and outputs of one equation. Of a
 * pair either both are `flushed` or none.
 */
export function findTogether(
  values: readonly Expression[],
  flushed: ReadonlySet<Expression> = new Set(),
): Map<Expression, Together> {
  const byOperand = new Map<Expression, Map<string, Expression>>();
  const together = new Map<Expression, Together>();
  const outputs = new Map<readonly Expression[], (Expression | null)[]>();
  visit(values, (node) => {
    if (node.kind !== 'apply') return;
    const { code } = node;
    if (node.eqn.outputs.length > 1) {
      const math = vectorMathName(code, node.args[0].dtype);
      if (!math) return;
      const nodes = outputs.get(node.args) ?? node.eqn.outputs.map(() => null);
      nodes[node.output] = node;
      outputs.set(node.args, nodes);
      together.set(node, { name: math, nodes });
    } else if (node.args.length === 1 && node.dtype === 'f32') {
      const named = byOperand.get(node.args[0]) ?? new Map<string, Expression>();
      named.set(code, node);
      byOperand.set(node.args[0], named);
    }
  });
  for (const named of byOperand.values()) {
    for (const { name, parts } of PAIRS) {
      const nodes = parts.map((part) => named.get(part));
      if (nodes.includes(undefined)) continue;
      const [first, second] = nodes as [Expression, Expression];
      if (flushed.has(first) !== flushed.has(second)) continue;
      const own = flushed.has(first) ? flushing(name) : name;
      for (const node of [first, second]) together.set(node, { name: own, nodes: [first, second] });
    }
  }
  return together;
}
