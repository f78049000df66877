import { OutOfMemoryError } from '../../errors/errors.ts';
import type { Heap } from './heap.ts';

/** Tensors may take this much of the heap before those unused for longest are moved aside. */
const FIRST_TARGET = 512 * 1024 * 1024;
/** What is kept in the heap when tensors are moved aside. */
const KEPT_SHARE = 0.5;
/** Tensors that come back in this share of what was moved aside show that the target is too small. */
const RETURNED_SHARE = 0.25;
/** How many bytes of garbage in arrays an engine may leave for later. */
const UNCOLLECTED = 256 * 1024 * 1024;

const REMEDY =
  'Tensors that a running function has dropped are only given back between tasks: free them sooner with scope(() => …), ' +
  '`using` or dispose(), compile the loop with jit (donate what it replaces), or let the event loop turn ' +
  '(`await x.data()`, `await new Promise((next) => setTimeout(next))`). Else use smaller batches.';

/** The memory of a tensor as it is moved about. */
export interface PlacedBlock {
  readonly bytes: number;
  address: number;
  aside: boolean;
  storage: PlacedStorage | null;
  before: PlacedBlock | null;
  after: PlacedBlock | null;
}

/** A tensor as its memory is moved about. */
export interface PlacedStorage {
  readonly memory: PlacedBlock;
  readonly used: number;
  outside: Uint8Array | null;
  checkHeld(): void;
}

/**
 * Which tensors lie in the WebAssembly heap. The engine cannot tell during a task which of them are garbage: finalizers
 * run between tasks. But it frees JavaScript's own arrays at any time. So when the heap is under pressure, the tensors
 * unused for longest are moved to such arrays: those that are garbage vanish, the others come back at their next use.
 */
export class Residency {
  heap: Heap;
  /** Tensors that live, in the heap or aside. */
  tensors = 0;
  /** Bytes moved aside that nobody has given back yet; many may be garbage. */
  asideBytes = 0;
  /** Counts runs of programs. */
  now = 0;
  private newest: PlacedBlock | null = null;
  private target: number;
  private returned = 0;
  private moved = 0;
  /** Bytes of arrays at the last look, without those that were there before; and bytes moved aside since. */
  private seen = 0;
  private unseen = 0;
  private others = 0;

  constructor(heap: Heap) {
    this.heap = heap;
    this.target = Math.min(FIRST_TARGET, heap.limit);
  }

  /** Puts a new block in the heap. Throws `OutOfMemoryError`. */
  place(block: PlacedBlock): void {
    block.address = this.allocate(block.bytes);
    block.before = this.newest;
    if (this.newest) this.newest.after = block;
    this.newest = block;
  }

  /** Takes a block out, wherever it is. */
  remove(block: PlacedBlock): void {
    if (block.aside) {
      block.aside = false;
      this.asideBytes -= block.bytes;
      return;
    }
    this.heap.release(block.address, block.bytes);
    this.unlink(block);
  }

  /** A block of the heap for anything. Throws `OutOfMemoryError`. */
  allocate(bytes: number): number {
    const { heap } = this;
    if (heap.live + bytes > this.target) this.makeRoom(bytes);
    const free = heap.limit - heap.live;
    if (bytes + this.outside() > free) {
      this.look();
      if (bytes + this.outside() > free) throw this.outOfMemory(bytes);
    }
    try {
      return heap.allocate(bytes);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
    // The rest is there, but in pieces too small.
    this.moveAside(0);
    try {
      return heap.allocate(bytes);
    } catch (error) {
      if (error instanceof OutOfMemoryError) throw this.outOfMemory(bytes);
      throw error;
    }
  }

  /** The address of a storage, brought back if it was moved aside. */
  addressOf(storage: PlacedStorage): number {
    const { memory: block } = storage;
    if (block.address !== 0) return block.address;
    storage.checkHeld();
    const bytes = storage.outside as Uint8Array;
    this.place(block);
    block.aside = false;
    block.storage = storage;
    storage.outside = null;
    this.asideBytes -= block.bytes;
    new Uint8Array(this.heap.memory.buffer, block.address, block.bytes).set(bytes);
    this.returned += block.bytes;
    return block.address;
  }

  /** Moves everything to another heap. No program of the old one may run after it. */
  moveTo(heap: Heap): void {
    const from = this.heap;
    this.heap = heap;
    for (let block = this.newest; block; block = block.before) {
      const source = new Uint8Array(from.memory.buffer, block.address, block.bytes);
      const address = heap.allocate(block.bytes);
      new Uint8Array(heap.memory.buffer, address, block.bytes).set(source);
      block.address = address;
    }
  }

  /** Keeps to the target, and learns when it is too small for what is in use. */
  private makeRoom(bytes: number): void {
    if (this.returned > RETURNED_SHARE * this.moved) {
      this.raiseTarget();
      if (this.heap.live + bytes <= this.target) return;
    }
    this.moveAside(KEPT_SHARE * this.target - bytes);
    if (this.heap.live + bytes > this.target) this.raiseTarget();
  }

  private raiseTarget(): void {
    this.target = Math.min(2 * Math.max(this.target, this.heap.live), this.heap.limit);
    this.returned = 0;
    this.moved = 0;
  }

  /** Moves the tensors unused for longest aside until at most `kept` bytes are in use. Those of the running program stay. */
  private moveAside(kept: number): void {
    const blocks: PlacedBlock[] = [];
    for (let block = this.newest; block; block = block.before)
      if (block.storage && block.storage.used !== this.now) blocks.push(block);
    blocks.sort((a, b) => (a.storage as PlacedStorage).used - (b.storage as PlacedStorage).used);
    if (this.asideBytes === 0) this.others = bytesOfArrays();
    for (const block of blocks) {
      if (this.heap.live <= kept) break;
      const storage = block.storage as PlacedStorage;
      try {
        storage.outside = new Uint8Array(this.heap.memory.buffer, block.address, block.bytes).slice();
      } catch (error) {
        if (error instanceof RangeError) return;
        throw error;
      }
      this.heap.release(block.address, block.bytes);
      this.unlink(block);
      block.aside = true;
      block.storage = null;
      this.asideBytes += block.bytes;
      this.moved += block.bytes;
      this.unseen += block.bytes;
    }
  }

  private unlink(block: PlacedBlock): void {
    if (block.before) block.before.after = block.after;
    if (block.after) block.after.before = block.before;
    else this.newest = block.before;
    block.before = null;
    block.after = null;
    block.address = 0;
  }

  /** Bytes aside that may live, going by the last look at what the engine holds. */
  private outside(): number {
    return Math.min(this.asideBytes, this.seen + this.unseen);
  }

  private look(): void {
    this.seen = Math.max(0, bytesOfArrays() - this.others - UNCOLLECTED);
    this.unseen = 0;
  }

  private outOfMemory(asked: number): OutOfMemoryError {
    const { heap } = this;
    return new OutOfMemoryError(
      `Out of memory: ${asked} bytes were asked for, ${heap.live + Math.min(this.asideBytes, this.seen + this.unseen + UNCOLLECTED)} are in use, and the limit is ${heap.limit}. ${REMEDY}`,
    );
  }
}

/** Bytes in arrays of JavaScript that were not collected; 0 where the runtime does not say. */
function bytesOfArrays(): number {
  const { process } = globalThis as { process?: { memoryUsage?: () => { arrayBuffers?: number } } };
  return process?.memoryUsage?.().arrayBuffers ?? 0;
}
