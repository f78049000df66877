import type { Residency } from './residency.ts';

/** Runs after which a scratch block gives back what none of them needed. */
const SCRATCH_WINDOW = 1024;
/** A scratch block shrinks when its runs needed less than this share of it. */
const SCRATCH_SHARE = 0.25;
/** A scratch block of this size is left alone. */
const SMALL_SCRATCH = 1 << 20;

/** A block of memory that grows to the largest size wanted, and shrinks when that is long ago. */
export class Scratch {
  private readonly residency: Residency;
  address = 0;
  bytes = 0;
  private uses = 0;
  private most = 0;

  constructor(residency: Residency) {
    this.residency = residency;
  }

  atLeast(bytes: number): number {
    if (bytes > this.most) this.most = bytes;
    if (++this.uses === SCRATCH_WINDOW) {
      if (this.bytes > SMALL_SCRATCH && this.most < SCRATCH_SHARE * this.bytes) this.release();
      this.uses = 0;
      this.most = bytes;
    }
    if (bytes > this.bytes || this.address === 0) {
      this.release();
      this.address = this.residency.allocate(bytes);
      this.bytes = bytes;
    }
    return this.address;
  }

  release(): void {
    if (this.address !== 0) this.residency.heap.release(this.address, this.bytes);
    this.address = 0;
    this.bytes = 0;
  }
}
