import type { Atom, Aval, Params } from '../program/aval.ts';
import type { Eqn, Primitive, PrimitiveKind } from '../program/program.ts';

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
  primitive: Primitive,
) => readonly Atom[] | null;

/** A rule and what it applies to: these primitives, or all of a kind. */
export interface RewriteRule {
  readonly of: readonly Primitive[] | PrimitiveKind;
  readonly rewrite: Rewrite;
}

/** A list of rules and the function that adds one. */
export function ruleList(): { rules: RewriteRule[]; addRewrite: (of: RewriteRule['of'], rewrite: Rewrite) => void } {
  const rules: RewriteRule[] = [];
  return { rules, addRewrite: (of, rewrite) => void rules.push({ of, rewrite }) };
}

const registered = new Map<Primitive | PrimitiveKind, Rewrite[]>();
let found = new WeakMap<Primitive, readonly Rewrite[]>();

/** Makes rules known to the simplifier. They stand in `rewrites/`, beside the primitives they speak of. */
export function registerRewrites(rules: readonly RewriteRule[]): void {
  found = new WeakMap();
  for (const { of, rewrite } of rules) {
    for (const key of typeof of === 'string' ? [of] : of) {
      registered.set(key, [...(registered.get(key) ?? []), rewrite]);
    }
  }
}

/** The rules for a primitive: those for all of its kind first. */
export function rewritesOf(primitive: Primitive): readonly Rewrite[] {
  let rules = found.get(primitive);
  if (!rules) {
    rules = [...(registered.get(primitive.kind) ?? []), ...(registered.get(primitive) ?? [])];
    found.set(primitive, rules);
  }
  return rules;
}
