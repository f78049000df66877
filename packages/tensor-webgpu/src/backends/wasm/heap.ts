import { OutOfMemoryError } from '../../errors/errors.ts';
import { aligned } from '../../plan/arena.ts';
import { cpuTarget } from './target.ts';

const { alignment } = cpuTarget;
const PAGE = 65536;
/** Memory is taken from the system in steps of at least this many bytes. */
const GROWTH = 16 * 1024 * 1024;
/** Loops may read this far past the last buffer. */
const SLACK = 256;

/**
 * Hands out blocks of one WebAssembly memory: 64-byte aligned, sizes rounded up to 64 bytes. A freed block is kept for the
 * next request of its size, since a program asks for the same sizes at every run. When none is kept, all freed blocks are
 * joined with their free neighbours, and the smallest that fits is used.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Most bytes the memory may have. */
  readonly limit: number;
  /** Freed blocks by size, not joined yet. */
  private readonly kept = new Map<number, number[]>();
  /** Joined free blocks by address. */
  private readonly free = new Map<number, number>();
  private readonly freeEnds = new Map<number, number>();
  private end: number;
  live = 0;

  /** Bytes before `start` are left alone. */
  constructor(memory: WebAssembly.Memory, limit: number, start = alignment) {
    this.memory = memory;
    this.limit = limit;
    this.end = aligned(start, alignment);
  }

  /** The address of a new block of at least `bytes` bytes. Throws `OutOfMemoryError`. */
  allocate(bytes: number): number {
    const size = aligned(bytes, alignment);
    const address = this.kept.get(size)?.pop() ?? this.find(size, bytes);
    this.live += size;
    return address;
  }

  /** Gives a block back that was allocated for this many bytes; its owner does so once. */
  release(address: number, bytes: number): void {
    const size = aligned(bytes, alignment);
    this.live -= size;
    const same = this.kept.get(size);
    if (same) same.push(address);
    else this.kept.set(size, [address]);
  }

  private find(size: number, asked: number): number {
    for (const [keptSize, addresses] of this.kept) for (const address of addresses) this.join(address, keptSize);
    this.kept.clear();
    let best = 0;
    let bestSize = Infinity;
    for (const [address, freeSize] of this.free) {
      if (freeSize >= size && freeSize < bestSize) {
        best = address;
        bestSize = freeSize;
        if (freeSize === size) break;
      }
    }
    if (best === 0) return this.extend(size, asked);
    this.removeFree(best, bestSize);
    if (bestSize > size) this.addFree(best + size, bestSize - size);
    return best;
  }

  private join(address: number, freed: number): void {
    let start = address;
    let size = freed;
    const before = this.freeEnds.get(start);
    if (before !== undefined) {
      const beforeSize = this.free.get(before) as number;
      this.removeFree(before, beforeSize);
      start = before;
      size += beforeSize;
    }
    const afterSize = this.free.get(start + size);
    if (afterSize !== undefined) {
      this.removeFree(start + size, afterSize);
      size += afterSize;
    }
    if (start + size === this.end) this.end = start;
    else this.addFree(start, size);
  }

  private addFree(address: number, size: number): void {
    this.free.set(address, size);
    this.freeEnds.set(address + size, address);
  }

  private removeFree(address: number, size: number): void {
    this.free.delete(address);
    this.freeEnds.delete(address + size);
  }

  private extend(size: number, asked: number): number {
    const address = this.end;
    const needed = address + size + SLACK;
    const have = this.memory.buffer.byteLength;
    if (needed > have) {
      if (needed > this.limit || !this.grow(needed - have)) throw this.outOfMemory(asked);
    }
    this.end = address + size;
    return address;
  }

  /** Throws `OutOfMemoryError` for a block that the heap could not hold were it empty. */
  checkSize(bytes: number): void {
    if (bytes > this.limit) throw this.outOfMemory(bytes);
  }

  private outOfMemory(asked: number): OutOfMemoryError {
    return new OutOfMemoryError(
      `Out of memory: ${asked} bytes were asked for, ${this.live} are in use, and the limit is ${this.limit}. ` +
        'Dispose tensors that are no longer needed, or use smaller batches.',
    );
  }

  private grow(bytes: number): boolean {
    const room = Math.floor((this.limit - this.memory.buffer.byteLength) / PAGE);
    const needed = Math.ceil(bytes / PAGE);
    for (const pages of [Math.min(room, Math.max(needed, GROWTH / PAGE)), needed]) {
      if (pages < needed) continue;
      try {
        this.memory.grow(pages);
        return true;
      } catch {
        // The system has no more: try the least, then give up.
      }
    }
    return false;
  }
}
