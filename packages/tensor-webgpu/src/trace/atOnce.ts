import type { TypedArray } from '../dtype/dtype.ts';
import type { Value } from '../program/value.ts';
import { downloadNow, isReadable } from '../runtime/transfer.ts';
import { stateOf } from './value.ts';

/** The elements of a value in memory that the host can read at once. */
export function elementsAtOnce(value: Value): TypedArray | undefined {
  const state = stateOf(value);
  return state.kind === 'stored' && isReadable(state) ? downloadNow(state, 'read') : undefined;
}
