import type { DType } from '../../dtype/dtype.ts';
import { DisposedError } from '../../errors/errors.ts';
import type { Device, ProgramReport, Storage, SynchronousExecutable } from '../../runtime/device.ts';
import type { Residency } from './residency.ts';
import type { Scratch } from './scratch.ts';
import { CpuStorage } from './storage.ts';
import { trapped } from './threads/failure.ts';
import { Pace } from './threads/pace.ts';
import { pool, type SharedProgram } from './threads/pool.ts';

/** The exported function of a program: how many threads take part, the arena and the table of pointers. */
export type Step = (threads: number, arena: number, table: number) => void;

/** What an instance takes at the least, and for each byte of code; measured with V8. */
const INSTANCE_BYTES = 60_000;
const BYTES_PER_CODE_BYTE = 12;

/** What a program asks of the device that it runs on. */
interface Owner extends Device {
  readonly residency: Residency;
  readonly arena: Scratch;
  readonly table: Scratch;
  /** A view of the whole memory in words of 32 bits. */
  readonly words: Uint32Array;
  /** Threads that programs may use, and whether everything is shared among them. */
  readonly threads: number;
  readonly shareAll: boolean;
  /** The device's own storage behind one. */
  own(storage: Storage): CpuStorage;
}

interface Parts {
  readonly device: Owner;
  readonly step: Step;
  readonly results: readonly { readonly dtype: DType; readonly size: number }[];
  /** Bytes of temporaries, and for each output the donated input that it takes over, or -1. */
  readonly plan: { readonly arenaBytes: number; readonly reuse: readonly number[] };
  readonly donate: readonly boolean[];
  /** Entries of the table of pointers: inputs, then outputs, then those of sub-programs. */
  readonly slots: number;
  /** The program as other threads have it; `null` when it is not worth it. */
  readonly shared: SharedProgram | null;
  /** Nanoseconds of a run that may be shared. */
  readonly sharedWork: number;
  readonly report: ProgramReport;
}

/** An instance of a program's module. What a call costs beside the work is about ten nanoseconds a tensor. */
export class CpuExecutable implements SynchronousExecutable {
  readonly report: ProgramReport;
  readonly bytes: number;
  private readonly device: Owner;
  private readonly results: Parts['results'];
  private readonly slots: number;
  private readonly arenaBytes: number;
  /** For each output the donated input that it takes over, or -1. */
  private readonly reuse: readonly number[];
  /** Donated inputs that no output takes over. */
  private readonly spent: readonly number[];
  private step: Step | null;
  private readonly shared: SharedProgram | null;
  private readonly sharedWork: number;
  private readonly pace = new Pace();
  /** The memory that the code works on. */
  private readonly memory: WebAssembly.Memory;

  constructor({ device, step, results, plan, donate, slots, shared, sharedWork, report }: Parts) {
    this.device = device;
    this.step = step;
    this.memory = device.residency.heap.memory;
    this.results = results;
    this.slots = slots;
    this.shared = shared;
    this.sharedWork = sharedWork;
    this.arenaBytes = plan.arenaBytes;
    this.reuse = plan.reuse;
    this.spent = donate.flatMap((is, i) => (is && !plan.reuse.includes(i) ? [i] : []));
    this.report = report;
    this.bytes = INSTANCE_BYTES + BYTES_PER_CODE_BYTE * report.codeBytes;
  }

  run(inputs: readonly Storage[]): Storage[] {
    const { device, results, reuse, step } = this;
    const { residency } = device;
    if (!step || this.memory !== residency.heap.memory)
      throw new DisposedError('A compiled program was run after its memory was given back. Compile it again.');
    const now = ++residency.now;
    // What this run uses stays in memory, so all of it is marked before any of it is looked for.
    for (let i = 0; i < inputs.length; i++) device.own(inputs[i]).used = now;
    for (let i = 0; i < inputs.length; i++) residency.addressOf(inputs[i] as CpuStorage);
    const outputs: CpuStorage[] = new Array(results.length);
    try {
      for (let i = 0; i < results.length; i++) {
        const { dtype, size } = results[i];
        outputs[i] = reuse[i] >= 0 ? (inputs[reuse[i]] as CpuStorage) : new CpuStorage(device, residency, dtype, size);
      }
      const arena = device.arena.atLeast(this.arenaBytes);
      const table = device.table.atLeast(4 * this.slots);
      const { words } = device;
      let slot = table >>> 2;
      for (let i = 0; i < inputs.length; i++) words[slot++] = (inputs[i] as CpuStorage).memory.address;
      for (let i = 0; i < outputs.length; i++) words[slot++] = outputs[i].memory.address;
      this.call(step, arena, table);
    } catch (error) {
      outputs.forEach((storage, i) => {
        if (reuse[i] < 0) storage.dispose();
      });
      throw error;
    }
    for (const i of this.spent) inputs[i].dispose();
    return outputs;
  }

  /** Runs the code, with other threads when they are there and it is worth it. */
  private call(step: Step, arena: number, table: number): void {
    const { shared, device, pace } = this;
    const threads = shared
      ? pool.ready(shared, Math.min(shared.threads, device.threads), this.sharedWork, device.shareAll)
      : 1;
    try {
      if (threads === 1 || !shared) {
        step(1, arena, table);
        return;
      }
      const together = (): void => pool.run(shared, threads, () => step(threads, arena, table));
      if (device.shareAll) {
        together();
        return;
      }
      const way = pace.next();
      const start = performance.now();
      if (way === 'alone') step(1, arena, table);
      else together();
      pace.took(performance.now() - start);
    } catch (error) {
      throw error instanceof WebAssembly.RuntimeError ? trapped(String(error), error) : error;
    }
  }

  dispose(): void {
    this.step = null;
    if (this.shared) pool.drop(this.shared);
  }
}
