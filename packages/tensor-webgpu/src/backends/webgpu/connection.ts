import { DeviceLostError, OutOfMemoryError, ValidationError } from '../../errors/errors.ts';
import { COMPUTE, USAGE } from './api.ts';
import { Buffers, type Slab } from './buffers.ts';
import { COUNTED_TURNS } from './emit/region.ts';
import { Staging } from './staging.ts';
import type { Limits, OpenDevice } from './target.ts';

/** Bytes between two numbers that a dynamic offset can choose, in every implementation. */
const COUNTER_STEP = 256;

/** One GPU device, from when it is opened until it is lost, and what is made for all programs on it. */
export class Connection implements OpenDevice {
  readonly device: GPUDevice;
  readonly limits: Limits;
  readonly buffers: Buffers;
  readonly staging: Staging;
  /** Memory for what programs compute on the way; one for all, since they run one after the other. */
  arena: Slab | null = null;
  /** Why the device was lost; `null` while it is there. */
  lost: GPUDeviceLostInfo | null = null;
  private uncaught: string | null = null;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  private readonly storageLayouts = new Map<number, GPUBindGroupLayout>();
  private readonly turnLayouts = new Map<number, GPUBindGroupLayout>();
  private readonly turnGroups = new Map<number, GPUBindGroup>();
  private readonly layouts = new Map<string, GPUPipelineLayout>();
  private counters: GPUBuffer | null = null;

  constructor(device: GPUDevice) {
    this.device = device;
    this.limits = device.limits;
    this.buffers = new Buffers(this);
    this.staging = new Staging(this);
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

  /** The pipeline of a module; the same for the same text. */
  pipeline(source: string, storages: number, turns: number, label: string): Promise<GPUComputePipeline> {
    let pipeline = this.pipelines.get(source);
    if (!pipeline) {
      pipeline = this.compile(source, storages, turns, label);
      this.pipelines.set(source, pipeline);
      pipeline.catch(() => this.pipelines.delete(source));
    }
    return pipeline;
  }

  private async compile(source: string, storages: number, turns: number, label: string): Promise<GPUComputePipeline> {
    const { device } = this;
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code: source, label });
    const layout = this.layout(storages, turns);
    const scope = device.popErrorScope();
    try {
      const [pipeline, error] = await Promise.all([
        device.createComputePipelineAsync({ layout, label, compute: { module, entryPoint: 'main' } }),
        scope,
      ]);
      if (error) throw error;
      return pipeline;
    } catch (error) {
      this.check();
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join('\n');
      throw new ValidationError(
        `The GPU did not take a kernel (${label}): ${(error as Error).message}\n${lines}\nThis is a fault of the library or of the driver; use the device \`cpu\` and report it with the program.`,
        { cause: error },
      );
    }
  }

  storageLayout(count: number): GPUBindGroupLayout {
    let layout = this.storageLayouts.get(count);
    if (!layout) {
      const entries = Array.from({ length: count }, (_, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: { type: 'storage' as const },
      }));
      layout = this.device.createBindGroupLayout({ entries });
      this.storageLayouts.set(count, layout);
    }
    return layout;
  }

  private turnLayout(count: number): GPUBindGroupLayout {
    let layout = this.turnLayouts.get(count);
    if (!layout) {
      const entries = Array.from({ length: count }, (_, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: { type: 'uniform' as const, hasDynamicOffset: true, minBindingSize: 4 },
      }));
      layout = this.device.createBindGroupLayout({ entries });
      this.turnLayouts.set(count, layout);
    }
    return layout;
  }

  private layout(storages: number, turns: number): GPUPipelineLayout {
    const key = `${storages},${turns}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const bindGroupLayouts = [this.storageLayout(storages), ...(turns > 0 ? [this.turnLayout(turns)] : [])];
      layout = this.device.createPipelineLayout({ bindGroupLayouts });
      this.layouts.set(key, layout);
    }
    return layout;
  }

  /** A bind group with so many turns of loops, each chosen by the dynamic offset `turnOffset`. */
  turnGroup(count: number): GPUBindGroup {
    let group = this.turnGroups.get(count);
    if (!group) {
      this.counters ??= this.makeCounters();
      const resource = { buffer: this.counters, size: 4 };
      const entries = Array.from({ length: count }, (_, binding) => ({ binding, resource }));
      group = this.device.createBindGroup({ layout: this.turnLayout(count), entries });
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
  }
}

export const turnOffset = (turn: number): number => turn * COUNTER_STEP;
