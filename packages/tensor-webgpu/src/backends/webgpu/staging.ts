import { DeviceError } from '../../errors/errors.ts';
import { MAP_READ, USAGE } from './api.ts';
import { sizeClass } from './buffers.ts';
import type { OpenDevice } from './target.ts';

/** Bytes of idle buffers that are kept for later reads at most. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Buffers that the host reads: each read takes one of its own, so that reads do not wait for each other. */
export class Staging {
  private readonly connection: OpenDevice;
  private readonly idle = new Map<number, GPUBuffer[]>();
  private idleBytes = 0;

  constructor(connection: OpenDevice) {
    this.connection = connection;
  }

  /** The first bytes of a buffer, as they are when all that was submitted before is done. */
  async read(source: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    const { device } = this.connection;
    const size = sizeClass(bytes);
    const buffer = this.take(size);
    const length = Math.max(4, bytes);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, buffer, 0, length);
    device.queue.submit([encoder.finish()]);
    try {
      await buffer.mapAsync(MAP_READ, 0, length);
    } catch (error) {
      buffer.destroy();
      // The news of a loss comes after what fails by it.
      await new Promise((next) => setTimeout(next, 0));
      this.connection.check();
      throw new DeviceError(
        `Reading ${bytes} bytes from the GPU failed: ${(error as Error).message}. Nothing was read; try again, or call \`await init({ device: 'webgpu' })\` if it happens again.`,
        { cause: error },
      );
    }
    const data = buffer.getMappedRange(0, length).slice(0, bytes);
    buffer.unmap();
    this.give(buffer, size);
    return data;
  }

  trim(): void {
    for (const buffers of this.idle.values()) for (const buffer of buffers) buffer.destroy();
    this.idle.clear();
    this.idleBytes = 0;
  }

  private take(size: number): GPUBuffer {
    const buffer = this.idle.get(size)?.pop();
    if (buffer) {
      this.idleBytes -= size;
      return buffer;
    }
    return this.connection.device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
  }

  private give(buffer: GPUBuffer, size: number): void {
    if (this.idleBytes + size > KEPT_BYTES) {
      buffer.destroy();
      return;
    }
    const same = this.idle.get(size);
    if (same) same.push(buffer);
    else this.idle.set(size, [buffer]);
    this.idleBytes += size;
  }
}
