import { bytesPerElement, type DType } from '../../dtype/dtype.ts';
import { DisposedError } from '../../errors/errors.ts';
import type { Device, Memory, Storage } from '../../runtime/device.ts';
import type { Slab } from './buffers.ts';
import type { Connection } from './connection.ts';

/** The device that tensors of a GPU belong to, whatever connection it has. */
export interface GpuOwner extends Device {
  readonly connection: Connection;
  /** Notes that tensors came or went. */
  count(tensors: number, bytes: number): void;
  /** A storage of this device. @throws DeviceError for that of another. */
  own(storage: Storage): GpuStorage;
}

/** The memory of one tensor: a buffer that goes back to its pool. */
export class Block implements Memory {
  readonly device: GpuOwner;
  readonly connection: Connection;
  readonly bytes: number;
  /** `null` once it was given back. */
  slab: Slab | null;

  constructor(device: GpuOwner, connection: Connection, slab: Slab, bytes: number) {
    this.device = device;
    this.connection = connection;
    this.slab = slab;
    this.bytes = bytes;
    device.count(1, bytes);
  }

  release(): void {
    const { slab } = this;
    if (!slab) return;
    this.slab = null;
    if (this.connection !== this.device.connection || this.connection.lost) return;
    this.device.count(-1, -this.bytes);
    // What was submitted before still finds the old content: the queue runs in order.
    this.connection.buffers.give(slab);
  }
}

/** A tensor on a GPU. */
export class GpuStorage implements Storage {
  readonly kind = 'stored';
  readonly device: GpuOwner;
  readonly dtype: DType;
  readonly size: number;
  readonly memory: Block;

  constructor(device: GpuOwner, connection: Connection, dtype: DType, size: number, slab: Slab) {
    this.device = device;
    this.dtype = dtype;
    this.size = size;
    this.memory = new Block(device, connection, slab, size * bytesPerElement(dtype));
  }

  /** The buffer. @throws DisposedError when it was given back; DeviceLostError when it was on a GPU that was lost. */
  slab(connection: Connection): Slab {
    const { memory } = this;
    if (memory.connection !== connection) memory.connection.check();
    if (memory.slab) return memory.slab;
    throw new DisposedError(
      'A storage of the GPU was used after its memory was given back. Keep it until its last use.',
    );
  }

  dispose(): void {
    this.memory.release();
  }
}
