import type { DType } from '../dtype/dtype.ts';
import type { Var } from '../program/aval.ts';
import type { Eqn } from '../program/program.ts';
import type { Affine } from '../shape/affine.ts';

/** One lookup by a computed position: `clamp(index, 0, limit)·stride` is added to the element's place. */
export interface IndexTerm {
  readonly index: Expression;
  readonly limit: number;
  readonly stride: number;
}

/**
 * What one element of a loop's result is made of. A directed graph: a node used twice is one object.
 * `place` gives positions in elements over the index space of the loop.
 */
export type Expression =
  /** An element of a variable that lies in memory. */
  | {
      readonly kind: 'load';
      readonly variable: Var;
      readonly dtype: DType;
      readonly place: Affine;
      readonly terms: readonly IndexTerm[];
    }
  | { readonly kind: 'literal'; readonly dtype: DType; readonly value: number }
  /** A position as a number (`iota`). */
  | { readonly kind: 'index'; readonly dtype: DType; readonly place: Affine }
  | {
      readonly kind: 'apply';
      readonly dtype: DType;
      /** The name of its scalar code. */
      readonly code: string;
      /** The equation it comes from, whose primitive evaluates where there is no code of that name. */
      readonly eqn: Eqn;
      readonly output: number;
      readonly args: readonly Expression[];
    };

export type Load = Extract<Expression, { kind: 'load' }>;

/** The nodes that a node is computed from. */
const operandsOf = (node: Expression): readonly Expression[] => {
  if (node.kind === 'apply') return node.args;
  return node.kind === 'load' && node.terms.length > 0 ? node.terms.map((term) => term.index) : [];
};

/** Visits every node below `roots` once, operands first; nodes in `known`, and what only they need, are left out. */
export function visit(
  roots: readonly Expression[],
  each: (node: Expression) => void,
  known?: { has(node: Expression): boolean },
): void {
  const seen = new Set<Expression>();
  // A stack of its own: expressions are as deep as the longest chain of a program.
  const open: { readonly node: Expression; readonly operands: readonly Expression[]; next: number }[] = [];
  const enter = (node: Expression): void => {
    if (seen.has(node) || known?.has(node)) return;
    seen.add(node);
    open.push({ node, operands: operandsOf(node), next: 0 });
  };
  for (const root of roots) {
    enter(root);
    while (open.length > 0) {
      const top = open[open.length - 1];
      if (top.next < top.operands.length) enter(top.operands[top.next++]);
      else {
        open.pop();
        each(top.node);
      }
    }
  }
}

export function loadsOf(roots: readonly Expression[], known?: { has(node: Expression): boolean }): Load[] {
  const loads: Load[] = [];
  visit(
    roots,
    (node) => {
      if (node.kind === 'load') loads.push(node);
    },
    known,
  );
  return loads;
}
