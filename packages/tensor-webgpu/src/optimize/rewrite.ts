import type { Atom, Aval, Params } from '../program/aval.ts';
import type { Eqn, Primitive } from '../program/program.ts';

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

const registered = new Map<string, Rewrite[]>();

/** A rule and the primitives it applies to. */
export interface RewriteRule {
  readonly primitives: readonly string[];
  readonly rewrite: Rewrite;
}

/** A list of rules and the function that adds one. */
export function ruleList(): {
  rules: RewriteRule[];
  addRewrite: (primitives: readonly string[], rewrite: Rewrite) => void;
} {
  const rules: RewriteRule[] = [];
  return { rules, addRewrite: (primitives, rewrite) => void rules.push({ primitives, rewrite }) };
}

/** Makes rules known to the simplifier. They stand in `rewrites/`, beside the primitives they speak of. */
export function registerRewrites(rules: readonly RewriteRule[]): void {
  for (const { primitives, rewrite } of rules) {
    for (const name of primitives) registered.set(name, [...(registered.get(name) ?? []), rewrite]);
  }
}

export const rewritesOf = (primitive: string): readonly Rewrite[] => registered.get(primitive) ?? [];
