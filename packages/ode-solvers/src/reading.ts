import type { Tensor, TypedArray } from '@flowfield/tensor-webgpu';
import { canRead } from './times.ts';

/** Work that asks for the elements of tensors on its way, whoever reads them: tensors go out, their elements come in. */
export type Reading<T> = Generator<readonly Tensor[], T, readonly TypedArray[]>;

/** When elements are read: at once, or when they have arrived. */
export type ReadTime = 'now' | 'later';

/** Whether the elements of x can be had then: not inside a trace, and at once only in memory. */
export const readable = (x: Tensor, time: ReadTime): boolean => (time === 'now' ? canRead(x) : x.device !== undefined);

/** One number of each of some scalars. */
export function* numbersOf(scalars: readonly Tensor[]): Reading<number[]> {
  const read = yield scalars;
  return read.map(([value]) => value);
}

/** Does the work at once, on tensors in memory. */
export function readNow<T>(work: Reading<T>): T {
  let turn = work.next();
  while (!turn.done) turn = work.next(turn.value.map((x) => x.dataSync()));
  return turn.value;
}

/** Does the work as elements arrive. */
export async function readLater<T>(work: Reading<T>): Promise<T> {
  let turn = work.next();
  while (!turn.done) turn = work.next(await Promise.all(turn.value.map((x) => x.data())));
  return turn.value;
}
