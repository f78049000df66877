/** `bytes` rounded up to whole units of `alignment`, at least one. */
export const aligned = (bytes: number, alignment: number): number =>
  Math.max(alignment, Math.ceil(bytes / alignment) * alignment);

/** Memory wanted from the first to the last group of its use (both included). */
export interface Block {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
  offset: number;
}

/** Blocks of one lifetime, side by side. */
interface Shelf {
  readonly from: number;
  readonly to: number;
  readonly blocks: Block[];
  bytes: number;
  offset: number;
}

/**
 * Gives each block an offset such that blocks in use at the same time do not overlap. Blocks with the same lifetime lie
 * side by side; the largest such shelves come first, each at the lowest place that is free. Returns the bytes needed.
 */
export function packArena(blocks: readonly Block[], alignment: number): number {
  const shelves = new Map<string, Shelf>();
  for (const block of blocks) {
    const key = `${block.from}-${block.to}`;
    let shelf = shelves.get(key);
    if (!shelf) {
      shelf = { from: block.from, to: block.to, blocks: [], bytes: 0, offset: 0 };
      shelves.set(key, shelf);
    }
    shelf.blocks.push(block);
    shelf.bytes += aligned(block.bytes, alignment);
  }
  /** Shelves with an offset, by that. */
  const placed: Shelf[] = [];
  let total = 0;
  for (const shelf of [...shelves.values()].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    let at = 0;
    for (const other of placed) {
      if (other.from > shelf.to || shelf.from > other.to) continue;
      if (at + shelf.bytes <= other.offset) break;
      at = Math.max(at, other.offset + other.bytes);
    }
    shelf.offset = at;
    let low = 0;
    let high = placed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (placed[middle].offset <= at) low = middle + 1;
      else high = middle;
    }
    placed.splice(low, 0, shelf);
    total = Math.max(total, at + shelf.bytes);
  }
  for (const shelf of shelves.values()) {
    let at = shelf.offset;
    for (const block of shelf.blocks) {
      block.offset = at;
      at += aligned(block.bytes, alignment);
    }
  }
  return total;
}
