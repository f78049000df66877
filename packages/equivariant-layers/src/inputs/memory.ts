import { ArgumentError } from '@flowfield/tensor-webgpu';
import { MemoryLimitError } from '../errors.ts';

/** Bytes that one table, weight or output may take unless the caller says otherwise: 1 GiB. */
const DEFAULT_LIMIT = 2 ** 30;

/** `given` or the default limit in bytes. Throws `ArgumentError` unless it is a positive number. */
export function checkedMemoryLimit(op: string, given: number | undefined): number {
  const limit = given ?? DEFAULT_LIMIT;
  if (limit > 0) return limit;
  throw new ArgumentError(`${op}: memoryLimit must be a positive number of bytes, got ${String(given)}.`);
}

/** Throws `MemoryLimitError` when `entries` numbers of `bytes` bytes each exceed the limit. */
export function checkMemory(op: string, what: string, entries: number, bytes: number, limit: number, remedy: string) {
  const needed = entries * bytes;
  if (needed <= limit) return;
  throw new MemoryLimitError(
    `${op}: ${what} = ${group(entries)} entries of ${bytes} bytes need ${group(needed)} bytes; the limit is ${group(limit)}. ${remedy}`,
  );
}

const group = (n: number): string => (n < 1e15 ? n.toLocaleString('en-US') : n.toExponential(2));
