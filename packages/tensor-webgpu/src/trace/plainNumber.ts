import type { Aval } from '../program/aval.ts';

/** What a trace may know of a plain number that it was given: which programs it leads to, not which number it is. */
export type NumberKind = 'natural' | 'negative' | 'fraction' | 'large';

/** A plain number among the arguments of a traced function. */
export interface PlainNumber {
  readonly kind: NumberKind;
  /** Whether the trace depends on the kind, and holds for numbers of this kind only. */
  asked: boolean;
}

/** The form of an argument that is a plain number. */
export interface NumberForm extends Aval {
  readonly number: PlainNumber;
}

/** Integers up to here are floats of 32 bits without rounding. */
const EXACT = 2 ** 24;

/** A whole number that fits is natural or negative; `large` ones do not survive the way as a float of 32 bits. */
export function kindOf(number: number): NumberKind {
  if (!Number.isInteger(number)) return 'fraction';
  if (Math.abs(number) > EXACT) return 'large';
  return number < 0 ? 'negative' : 'natural';
}

export const plainNumber = (number: number): PlainNumber => ({ kind: kindOf(number), asked: false });
