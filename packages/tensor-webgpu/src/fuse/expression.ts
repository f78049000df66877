import type { DType } from '../dtype/dtype.ts';
import type { Eqn, Var } from '../program/program.ts';
import type { Affine } from './affine.ts';

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
      readonly eqn: Eqn;
      readonly output: number;
      readonly args: readonly Expression[];
    };

export type Load = Extract<Expression, { kind: 'load' }>;

/** Visits every node below `roots` once, operands first. */
export function visit(roots: readonly Expression[], each: (node: Expression) => void): void {
  const seen = new Set<Expression>();
  const walk = (node: Expression): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'apply') node.args.forEach(walk);
    else if (node.kind === 'load') for (const term of node.terms) walk(term.index);
    each(node);
  };
  roots.forEach(walk);
}

export function loadsOf(roots: readonly Expression[]): Load[] {
  const loads: Load[] = [];
  visit(roots, (node) => {
    if (node.kind === 'load') loads.push(node);
  });
  return loads;
}
