import type { Value } from '../program/value.ts';
import { numberBehind } from '../trace/value.ts';
import { cast } from './cast.ts';

/** A whole number that a traced function was called with, as an i32; any other value as it is. */
export function wholeNumber(x: Value): Value {
  const number = numberBehind(x);
  if (!number) return x;
  number.asked = true;
  return number.kind === 'natural' || number.kind === 'negative' ? cast(x, 'i32') : x;
}
