import { checkedMemoryLimit, checkMemory } from '../inputs/memory.ts';

/** From which share of the limit on a warning is given. */
const WARN_SHARE = 1 / 4;

/** Throws or, once for each guard, warns before tensors over tuples of elements are made. */
export type EdgeMemoryGuard = (extents: readonly number[], bytes: number) => void;

/** A guard for tensors [lead…, n, …, n, width]: `MemoryLimitError` beyond the limit, a warning from a quarter of it. */
export function edgeMemoryGuard(op: string, order: number, memoryLimit: number | undefined): EdgeMemoryGuard {
  const limit = checkedMemoryLimit(op, memoryLimit);
  let warned = false;
  return (extents, bytes) => {
    const entries = extents.reduce((product, extent) => product * extent, 1);
    const what = `features [${extents.join(', ')}] of all ${order === 2 ? 'pairs' : `${order}-tuples`}`;
    checkMemory(
      op,
      what,
      entries,
      bytes,
      limit,
      'Use smaller sets or batches, fewer features, a lower order, or raise memoryLimit.',
    );
    if (warned || order < 3 || entries * bytes < limit * WARN_SHARE) return;
    warned = true;
    console.warn(
      `${op}: ${what} need ${(entries * bytes).toLocaleString('en-US')} bytes for each layer; they grow as n to the power ${order}, and the limit is ${limit.toLocaleString('en-US')}.`,
    );
  };
}
