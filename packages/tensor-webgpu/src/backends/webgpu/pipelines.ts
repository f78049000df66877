import { ValidationError } from '../../errors/errors.ts';
import { COMPUTE } from './api.ts';
import type { OpenDevice } from './target.ts';

/** Text of modules whose pipelines nobody uses that is kept for later, in characters. */
const KEPT_TEXT = 8 * 1024 * 1024;

interface Entry {
  readonly pipeline: Promise<GPUComputePipeline>;
  users: number;
}

/** What a module is compiled from; one text binds the same numbers of things wherever it is used. */
export interface Module {
  readonly source: string;
  readonly label: string;
  /** Arrays in group 0, and turns of loops in group 1. */
  readonly storages: number;
  readonly turns: number;
}

/** The compiled modules of a device, by their text, and the layouts that they share. */
export class Pipelines {
  private readonly open: OpenDevice;
  /** The latest given back last. */
  private readonly entries = new Map<string, Entry>();
  private idleText = 0;
  private readonly storageLayouts = new Map<number, GPUBindGroupLayout>();
  private readonly turnLayouts = new Map<number, GPUBindGroupLayout>();
  private readonly layouts = new Map<string, GPUPipelineLayout>();

  constructor(open: OpenDevice) {
    this.open = open;
  }

  /** The pipeline of a module, the same for the same text, until it is given back. */
  take(module: Module): Promise<GPUComputePipeline> {
    const { source } = module;
    let entry = this.entries.get(source);
    if (!entry) {
      entry = { pipeline: this.compile(module), users: 0 };
      this.entries.set(source, entry);
      entry.pipeline.catch(() => this.entries.delete(source));
    } else if (entry.users === 0) this.idleText -= source.length;
    entry.users++;
    return entry.pipeline;
  }

  /** Says that one user less needs the pipeline of a text. */
  give(source: string): void {
    const entry = this.entries.get(source);
    if (!entry || --entry.users > 0) return;
    this.idleText += source.length;
    this.entries.delete(source);
    this.entries.set(source, entry);
    if (this.idleText > KEPT_TEXT) this.drop(KEPT_TEXT / 2);
  }

  /** Drops pipelines that nobody uses, the longest unused first, until no more than so much text of them is left. */
  drop(kept = 0): void {
    for (const [source, { users }] of this.entries) {
      if (this.idleText <= kept) return;
      if (users > 0) continue;
      this.entries.delete(source);
      this.idleText -= source.length;
    }
  }

  storageLayout(count: number): GPUBindGroupLayout {
    return this.groupLayout(this.storageLayouts, count, { type: 'storage' });
  }

  turnLayout(count: number): GPUBindGroupLayout {
    return this.groupLayout(this.turnLayouts, count, { type: 'uniform', hasDynamicOffset: true, minBindingSize: 4 });
  }

  private groupLayout(
    known: Map<number, GPUBindGroupLayout>,
    count: number,
    buffer: GPUBufferBindingLayout,
  ): GPUBindGroupLayout {
    let layout = known.get(count);
    if (!layout) {
      const entries = Array.from({ length: count }, (_, binding) => ({ binding, visibility: COMPUTE, buffer }));
      layout = this.open.device.createBindGroupLayout({ entries });
      known.set(count, layout);
    }
    return layout;
  }

  private layout(storages: number, turns: number): GPUPipelineLayout {
    const key = `${storages},${turns}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const bindGroupLayouts = [this.storageLayout(storages), ...(turns > 0 ? [this.turnLayout(turns)] : [])];
      layout = this.open.device.createPipelineLayout({ bindGroupLayouts });
      this.layouts.set(key, layout);
    }
    return layout;
  }

  private async compile({ source, storages, turns, label }: Module): Promise<GPUComputePipeline> {
    const { device } = this.open;
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
      this.open.check();
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join('\n');
      throw new ValidationError(
        `The GPU did not take a kernel (${label}): ${(error as Error).message}\n${lines}\nThis is a fault of the library or of the driver; use the device \`cpu\` and report it with the program.`,
        { cause: error },
      );
    }
  }
}
