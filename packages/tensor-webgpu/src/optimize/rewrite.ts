import type { Primitive } from '../program/primitive.ts';
import type { Atom, Aval, Eqn, Params } from '../program/program.ts';

/** What a rewrite rule may ask and do. */
export interface Rewriter {
  /** The equation that defines an atom in the program so far; `undefined` for inputs and literals. */
  definition(atom: Atom): Eqn | undefined;
  /** How often an atom is used in the program before this pass. */
  uses(atom: Atom): number;
  /** Adds an equation (simplified itself, and merged with an equal one) and returns its single result. */
  emit(primitive: Primitive, inputs: readonly Atom[], params: Params): Atom;
}

/** Returns cheaper atoms for an equation's outputs, or `null` to leave it. Exact for every input, NaN and infinities included. */
export type Rewrite = (
  rewriter: Rewriter,
  inputs: readonly Atom[],
  params: Params,
  outputs: readonly Aval[],
) => readonly Atom[] | null;

const rules = new Map<string, Rewrite[]>();

/** Adds a rule for the primitives named. The rules stand in `rewrites/`, beside the primitives they speak of. */
export function addRewrite(primitives: readonly string[], rule: Rewrite): void {
  for (const name of primitives) {
    const list = rules.get(name);
    if (list) list.push(rule);
    else rules.set(name, [rule]);
  }
}

export const rewritesOf = (primitive: string): readonly Rewrite[] => rules.get(primitive) ?? [];
