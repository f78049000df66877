import { DeviceLostError, OutOfMemoryError, ValidationError } from '../../errors/errors.ts';
import { USAGE } from './api.ts';
import { Buffers, type Slab } from './buffers.ts';
import { COUNTED_TURNS } from './emit/region.ts';
import { Pipelines } from './pipelines.ts';
import { Staging } from './staging.ts';
import { type Limits, limitsOf, type OpenDevice } from './target.ts';

/** Bytes between two numbers that a dynamic offset can choose, in every implementation. */
const COUNTER_STEP = 256;

/** One GPU device, from when it is opened until it is lost, and what is made for all programs on it. */
export class Connection implements OpenDevice {
  readonly device: GPUDevice;
  readonly limits: Limits;
  readonly buffers: Buffers;
  readonly staging: Staging;
  readonly pipelines: Pipelines;
  /** Memory for what programs compute on the way; one for all, since they run one after the other. */
  arena: Slab | null = null;
  /** Why the device was lost; `null` while it is there. */
  lost: GPUDeviceLostInfo | null = null;
  private uncaught: string | null = null;
  private readonly turnGroups = new Map<number, GPUBindGroup>();
  private counters: GPUBuffer | null = null;

  constructor(device: GPUDevice, exchanging: number) {
    this.device = device;
    this.limits = limitsOf(device, exchanging);
    this.buffers = new Buffers(this);
    this.staging = new Staging(this);
    this.pipelines = new Pipelines(this);
    device.lost.then((info) => {
      this.lost = info;
    });
    device.addEventListener?.('uncapturederror', (event) => {
      this.uncaught ??= event.error.message;
      event.preventDefault();
    });
  }

  check(): void {
    if (this.lost) {
      const why = this.lost.message ? `: ${this.lost.message}` : '';
      throw new DeviceLostError(
        `The GPU was lost (${this.lost.reason ?? 'unknown'}${why}). What was on it is gone; call \`await init({ device: 'webgpu' })\` and load the last checkpoint.`,
      );
    }
    const message = this.uncaught;
    if (message === null) return;
    this.uncaught = null;
    throw new ValidationError(
      `The GPU did not take a command: ${message} This is a fault of the library or of the driver; use the device \`cpu\` and report it with the program.`,
    );
  }

  /** Throws when so many bytes are too many to be bound at once. */
  checkBinding(bytes: number): void {
    const most = Math.min(this.limits.maxStorageBufferBindingSize, this.limits.maxBufferSize);
    if (bytes <= most) return;
    throw new OutOfMemoryError(
      `Out of memory: a tensor of ${bytes} bytes is larger than what a kernel of this GPU can bind, ${most} bytes; ${this.buffers.reserved} are in use. Cut it along its first axis, or use the device \`cpu\`.`,
    );
  }

  /** A bind group with so many turns of loops, each chosen by the dynamic offset `turnOffset`. */
  turnGroup(count: number): GPUBindGroup {
    let group = this.turnGroups.get(count);
    if (!group) {
      this.counters ??= this.makeCounters();
      const resource = { buffer: this.counters, size: 4 };
      const entries = Array.from({ length: count }, (_, binding) => ({ binding, resource }));
      group = this.device.createBindGroup({ layout: this.pipelines.turnLayout(count), entries });
      this.turnGroups.set(count, group);
    }
    return group;
  }

  /** A buffer that holds every number of a turn where a dynamic offset finds it. */
  private makeCounters(): GPUBuffer {
    const numbers = new Uint32Array((COUNTED_TURNS * COUNTER_STEP) / 4);
    for (let turn = 0; turn < COUNTED_TURNS; turn++) numbers[(turn * COUNTER_STEP) / 4] = turn;
    const buffer = this.device.createBuffer({ size: numbers.byteLength, usage: USAGE.uniform | USAGE.copyTarget });
    this.device.queue.writeBuffer(buffer, 0, numbers);
    return buffer;
  }

  trim(): void {
    if (this.arena) this.buffers.destroy(this.arena);
    this.arena = null;
    this.buffers.trim();
    this.staging.trim();
    this.pipelines.drop();
  }
}

export const turnOffset = (turn: number): number => turn * COUNTER_STEP;
