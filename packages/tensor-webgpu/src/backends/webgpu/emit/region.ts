import type { Var } from '../../../program/aval.ts';
import type { Spot } from './spot.ts';

/** Turns that one uniform can count; a longer loop has one for the groups of so many turns as well. */
export const COUNTED_TURNS = 4096;

/** What the kernels of one schedule know about where they run. */
export interface Region {
  readonly spots: ReadonlyMap<Var, Spot>;
  /** Turns of the loops around, the outermost first. */
  readonly loops: readonly number[];
  /** Lanes beside each other that exchange registers: a power of two, 1 where none do. */
  readonly exchanging: number;
}

/** Uniforms that count the turns of a loop. */
export const countersOf = (turns: number): number => (turns > COUNTED_TURNS ? 2 : 1);
