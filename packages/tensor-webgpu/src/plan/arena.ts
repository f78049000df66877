/** Bytes that every buffer starts at and is rounded up to, so that whole vectors may run past its end. */
export const ALIGNMENT = 64;

export const aligned = (bytes: number): number => Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);

/** Memory wanted from the first to the last group of its use (both included). */
export interface Block {
  readonly bytes: number;
  from: number;
  to: number;
  offset: number;
}

/**
 * Gives each block an offset such that blocks in use at the same time do not overlap: the largest first, each at the
 * lowest place that is free. Returns the bytes needed.
 */
export function packArena(blocks: readonly Block[]): number {
  const placed: Block[] = [];
  let total = 0;
  for (const block of [...blocks].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    const size = aligned(block.bytes);
    const others = placed
      .filter((other) => other.from <= block.to && block.from <= other.to)
      .sort((a, b) => a.offset - b.offset);
    let at = 0;
    for (const other of others) {
      if (at + size <= other.offset) break;
      at = Math.max(at, other.offset + aligned(other.bytes));
    }
    block.offset = at;
    placed.push(block);
    total = Math.max(total, at + size);
  }
  return total;
}
