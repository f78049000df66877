import type { Aval, Literal } from './aval.ts';

/**
 * A value as rules see it: its shape and dtype are known, and of what stands behind it only whether it is a number written
 * into the program. The trace layer makes them.
 */
export interface Value extends Aval {
  readonly state:
    | { readonly kind: 'literal'; readonly literal: Literal }
    | { readonly kind: 'stored' | 'traced' | 'gone' };
}

/** What rules and wrappers accept as an operand: a value, or a number that takes the other operand's dtype. */
export type Operand = Value | number;

/** A tangent or cotangent; `null` is a symbolic zero, for which no code is ever made. */
export type Tangent = Value | null;
