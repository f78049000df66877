import { bytesPerElement, type DType } from '../../dtype/dtype.ts';
import { DisposedError } from '../../errors/errors.ts';
import type { Device, Memory, Storage } from '../../runtime/device.ts';
import type { PlacedBlock, PlacedStorage, Residency } from './residency.ts';

/**
 * The memory of one tensor: a block of the device's heap, or, moved aside, an array that only its storage knows, so that
 * it goes with the storage as garbage.
 */
export class Block implements Memory, PlacedBlock {
  readonly device: Device;
  readonly bytes: number;
  private readonly residency: Residency;
  /** Address in the heap; 0 when moved aside or given back. */
  address = 0;
  aside = false;
  /** The storage, while the block lies in the heap. */
  storage: PlacedStorage | null = null;
  /** The neighbours in the list of blocks in the heap. */
  before: PlacedBlock | null = null;
  after: PlacedBlock | null = null;

  constructor(device: Device, residency: Residency, bytes: number) {
    this.device = device;
    this.residency = residency;
    this.bytes = bytes;
    residency.place(this);
    residency.tensors++;
  }

  release(): void {
    if (this.address === 0 && !this.aside) return;
    this.residency.remove(this);
    this.residency.tensors--;
  }
}

/** A tensor on the CPU device. */
export class CpuStorage implements Storage, PlacedStorage {
  readonly kind = 'stored';
  readonly device: Device;
  readonly dtype: DType;
  readonly size: number;
  readonly memory: Block;
  /** When it was last used, in runs of programs. */
  used = 0;
  /** The bytes, while they are not in the heap. */
  outside: Uint8Array | null = null;

  constructor(device: Device, residency: Residency, dtype: DType, size: number) {
    this.device = device;
    this.dtype = dtype;
    this.size = size;
    this.used = residency.now;
    this.memory = new Block(device, residency, size * bytesPerElement(dtype));
    this.memory.storage = this;
  }

  /** Throws `DisposedError` when the memory was given back. */
  checkHeld(): void {
    if (this.memory.address !== 0 || this.memory.aside) return;
    throw new DisposedError(
      'A storage of the CPU device was used after its memory was given back. Keep it until its last use.',
    );
  }

  dispose(): void {
    this.outside = null;
    this.memory.release();
  }
}
