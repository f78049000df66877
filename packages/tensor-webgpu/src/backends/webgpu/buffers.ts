import { OutOfMemoryError } from '../../errors/errors.ts';
import { USAGE } from './api.ts';
import type { OpenDevice } from './target.ts';

/** Sizes of small buffers are multiples of this; a bind group may begin at no less. */
const SMALLEST = 256;
/** Larger sizes are rounded up so that at most this share of them is unused. */
const WASTE_SHIFT = 3;
/** Bytes of free buffers that are kept for later use at most, beside as many as are in use. */
const KEPT_BYTES = 256 * 1024 * 1024;

let nextId = 1;

/** A GPU buffer, by a number that is its own. */
export class Slab {
  readonly id = nextId++;
  readonly buffer: GPUBuffer;
  readonly bytes: number;

  constructor(buffer: GPUBuffer, bytes: number) {
    this.buffer = buffer;
    this.bytes = bytes;
  }
}

/** The size of the buffer for so many bytes. */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = Math.max(SMALLEST, 2 ** (Math.floor(Math.log2(bytes)) - WASTE_SHIFT));
  return Math.ceil(bytes / step) * step;
}

/** Storage buffers of a connection; those given back wait for the next of their size. */
export class Buffers {
  private readonly connection: OpenDevice;
  private readonly free = new Map<number, Slab[]>();
  private freeBytes = 0;
  /** Bytes of all buffers that are not destroyed. */
  reserved = 0;

  constructor(connection: OpenDevice) {
    this.connection = connection;
  }

  /**
   * Buffers of these sizes: at once where all of them wait to be used again, else when the GPU has made them.
   * @throws OutOfMemoryError, also later, when one is larger than the device allows or there is no memory left.
   */
  take(sizes: readonly number[]): Slab[] | Promise<Slab[]> {
    const found: (Slab | undefined)[] = [];
    let missing = 0;
    for (const bytes of sizes) {
      const slab = this.free.get(this.classOf(bytes))?.pop();
      if (slab) this.freeBytes -= slab.bytes;
      else missing++;
      found.push(slab);
    }
    if (missing === 0) return found as Slab[];
    return this.make(sizes, found);
  }

  give(slab: Slab): void {
    const used = this.reserved - this.freeBytes;
    if (this.freeBytes + slab.bytes > Math.max(KEPT_BYTES, used)) {
      this.destroy(slab);
      return;
    }
    const same = this.free.get(slab.bytes);
    if (same) same.push(slab);
    else this.free.set(slab.bytes, [slab]);
    this.freeBytes += slab.bytes;
  }

  destroy(slab: Slab): void {
    this.reserved -= slab.bytes;
    slab.buffer.destroy();
  }

  /** Destroys what waits to be used again. */
  trim(): void {
    for (const slabs of this.free.values()) for (const slab of slabs) this.destroy(slab);
    this.free.clear();
    this.freeBytes = 0;
  }

  private classOf(bytes: number): number {
    return Math.min(sizeClass(bytes), Math.max(bytes, this.connection.limits.maxBufferSize));
  }

  private async make(sizes: readonly number[], found: (Slab | undefined)[]): Promise<Slab[]> {
    const made: Slab[] = [];
    try {
      for (let i = 0; i < sizes.length; i++) {
        if (found[i]) continue;
        const slab = (await this.create(sizes[i])) ?? (await this.createAfterTrim(sizes[i]));
        made.push(slab);
        found[i] = slab;
      }
    } catch (error) {
      for (const slab of found) if (slab) this.give(slab);
      throw error;
    }
    return found as Slab[];
  }

  private async createAfterTrim(bytes: number): Promise<Slab> {
    this.trim();
    const slab = await this.create(bytes);
    if (slab) return slab;
    throw new OutOfMemoryError(
      `Out of memory: the GPU has no room for ${bytes} bytes more; ${this.reserved} are in use. Dispose tensors, or use smaller shapes or batches.`,
    );
  }

  /** A new buffer; `null` when the GPU has no memory for it. */
  private async create(bytes: number): Promise<Slab | null> {
    const { device, limits } = this.connection;
    const size = this.classOf(bytes);
    if (size > limits.maxBufferSize)
      throw new OutOfMemoryError(
        `Out of memory: ${bytes} bytes were asked for in one piece, but a buffer of this GPU holds at most ${limits.maxBufferSize}; ${this.reserved} are in use. Use smaller shapes or batches.`,
      );
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('internal');
    const buffer = device.createBuffer({
      size,
      usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget,
    });
    const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    this.connection.check();
    if (errors.some((error) => error !== null)) {
      buffer.destroy();
      return null;
    }
    this.reserved += size;
    return new Slab(buffer, size);
  }
}
