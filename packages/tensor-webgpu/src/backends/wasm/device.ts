import { bytesPerElement, DTYPES, type DType, hostArray, type TypedArray } from '../../dtype/dtype.ts';
import { DeviceError } from '../../errors/errors.ts';
import { fuse } from '../../fuse/fuse.ts';
import type { Schedule } from '../../kernels/form.ts';
import { kernelReports } from '../../kernels/report.ts';
import type { Program } from '../../program/program.ts';
import type {
  CompileOptions,
  DeviceInfo,
  MemoryReport,
  Storage,
  SynchronousDevice,
  SynchronousExecutable,
} from '../../runtime/device.ts';
import { sizeOf } from '../../shape/shape.ts';
import { features, ModuleBuilder } from './assembler/index.ts';
import { compileModule } from './compileModule.ts';
import { emitProgram } from './emit/program.ts';
import { CpuExecutable, type Step } from './executable.ts';
import { Heap } from './heap.ts';
import { runHostCall, windowOn } from './host-call.ts';
import { Residency } from './residency.ts';
import { routineFor } from './routines/routines.ts';
import { Scratch } from './scratch.ts';
import { Stopwatch } from './stopwatch.ts';
import { CpuStorage } from './storage.ts';
import { cpuTarget } from './target.ts';
import { BOARD_BYTES } from './threads/board.ts';
import { pool } from './threads/pool.ts';
import { sharesAll, usualThreads } from './threads/setting.ts';
import { whyAlone } from './threads/workers.ts';

const FIRST_PAGES = 16;
const MOST_PAGES = 65536;
const PAGE_BYTES = 65536;
/** Half a GiB: with less it is better to have one thread. */
const LEAST_SHARED_PAGES = 8192;
/** A smaller surplus of memory is not given back. */
const TRIM_FROM = 64 * 1024 * 1024;

/** Options of a CPU device. */
export interface CpuOptions {
  /** Most bytes that its memory may take. Default and maximum: 4 GiB. */
  readonly memoryLimit?: number;
  /** Threads of its programs at most. Default: as many as the process has cores, or what FLOWFIELD_THREADS says. */
  readonly threads?: number;
  /** Share everything that can be cut, and wait for the threads to be there: for tests. Default: where it pays. */
  readonly shareAll?: boolean;
}

/** A device whose later programs can be written for a compiler that joins pairs of vectors. */
export interface WideVectors {
  /** Off unless a runtime was found to do so, and rightly; with what is to be said of it. */
  wide: { readonly on: boolean; readonly note: string };
  /** Called before the first program with products that are worth a measurement; `null` when it has been. */
  measureWide: (() => void) | null;
}

/** Floating operations of products in one run of a program from which on wide vectors are looked for. */
const WORTH_MEASURING = 1 << 22;

/** Tensors and programs in one WebAssembly memory; every program is one module. */
export class CpuDevice implements SynchronousDevice, WideVectors {
  readonly name = 'cpu';
  readonly dtypes: readonly DType[] = DTYPES;
  wide: WideVectors['wide'] = { on: false, note: '' };
  measureWide: WideVectors['measureWide'] = null;
  readonly residency: Residency;
  readonly arena: Scratch;
  readonly table: Scratch;
  /** Why programs run on one thread; `null` where they can have more. */
  private alone = whyAlone();
  private view = new Uint32Array(0);
  private most: number | null;
  /** The most threads that a program was made for. */
  private made = 0;
  readonly shareAll: boolean;

  constructor({ memoryLimit = MOST_PAGES * PAGE_BYTES, threads, shareAll = sharesAll() }: CpuOptions) {
    this.most = threads ?? null;
    this.shareAll = shareAll;
    this.residency = new Residency(this.newHeap(memoryLimit));
    this.arena = new Scratch(this.residency);
    this.table = new Scratch(this.residency);
  }

  /** Threads of its programs at most. Throws `ArgumentError` for a bad FLOWFIELD_THREADS. */
  get threads(): number {
    this.most ??= usualThreads();
    return this.shared ? this.most : 1;
  }

  /** Sets the number of threads; returns whether there are programs that were made for fewer. */
  useThreads(most: number): boolean {
    this.most = most;
    return this.made > 0 && this.made < most;
  }

  private newHeap(limit: number): Heap {
    // Address space for all that a shared memory may become is taken at once, and some systems have not so much.
    for (let maximum = MOST_PAGES; this.shared; maximum /= 2) {
      try {
        return new Heap(new WebAssembly.Memory({ initial: FIRST_PAGES, maximum, shared: true }), limit, BOARD_BYTES);
      } catch (error) {
        if (maximum <= LEAST_SHARED_PAGES) this.alone = `no shared memory could be had (${String(error)})`;
      }
    }
    return new Heap(new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MOST_PAGES }), limit);
  }

  /** Whether other threads can see the memory. */
  private get shared(): boolean {
    return this.alone === null;
  }

  put(data: TypedArray, dtype: DType): Storage {
    this.residency.now++;
    const storage = new CpuStorage(this, this.residency, dtype, data.length);
    const target = windowOn(this.residency.heap.memory, dtype, storage.memory.address, data.length);
    if (dtype === 'bool') for (let i = 0; i < data.length; i++) target[i] = data[i] !== 0 ? 1 : 0;
    else target.set(data);
    return storage;
  }

  readSync(storage: Storage): TypedArray {
    const own = this.own(storage);
    own.checkHeld();
    const { dtype, size, outside } = own;
    const data = hostArray(dtype, size);
    data.set(
      outside
        ? windowOn(outside, dtype, 0, size)
        : windowOn(this.residency.heap.memory, dtype, own.memory.address, size),
    );
    return data;
  }

  async read(storage: Storage): Promise<TypedArray> {
    return this.readSync(storage);
  }

  info(): Omit<DeviceInfo, 'name' | 'dtypes'> {
    const { threads } = this;
    const alone = this.alone ?? pool.trouble;
    const cannot = alone === null ? [] : [`One thread: ${alone}.`];
    return {
      numerics: features().fused ? 'wasm-simd-fma' : 'wasm-simd',
      threads: pool.trouble === null ? threads : 1,
      vectorBits: this.wide.on ? 256 : 128,
      notes: this.wide.note === '' ? cannot : [...cannot, this.wide.note],
    };
  }

  memory(): MemoryReport {
    const { heap, tensors, asideBytes } = this.residency;
    return {
      liveTensors: tensors,
      liveBytes: heap.live - this.arena.bytes - this.table.bytes + asideBytes,
      arenaBytes: this.arena.bytes,
      reservedBytes: heap.memory.buffer.byteLength,
    };
  }

  /** WebAssembly memory only grows: to give some back, the tensors move to a new one. */
  trim(): void {
    this.arena.release();
    this.table.release();
    // Threads hold code, and the memory that is left.
    pool.end();
    const { heap } = this.residency;
    if (heap.memory.buffer.byteLength < TRIM_FROM + 2 * heap.live) return;
    this.residency.moveTo(this.newHeap(heap.limit));
  }

  compile(program: Program, { donate = [] }: CompileOptions = {}): SynchronousExecutable {
    const { heap } = this.residency;
    const watch = new Stopwatch();
    const schedule = fuse(program, cpuTarget);
    watch.lap('fuse');
    const results = schedule.outputs.map((variable) => ({ dtype: variable.dtype, size: sizeOf(variable.shape) }));
    // Before code is made, which cannot count so far.
    for (const { dtype, size } of results) heap.checkSize(size * bytesPerElement(dtype));
    const module = new ModuleBuilder({ relaxed: features().relaxedSimd });
    module.importMemory({ initial: FIRST_PAGES, maximum: MOST_PAGES, shared: this.shared });
    const { threads } = this;
    this.made = Math.max(this.made, threads);
    if (this.measureWide && productFlops(schedule) >= WORTH_MEASURING) this.measureWide();
    const { plan, calls, functions, slots, sharedWork } = emitProgram(module, schedule, donate, {
      threads,
      shareAll: this.shareAll,
      pairVectors: this.wide.on,
      checkSize: (bytes) => heap.checkSize(bytes),
      watch,
    });
    const { memory } = heap;
    const code = module.toBytes();
    watch.lap('emit');
    const compiled = compileModule(code);
    const instance = new WebAssembly.Instance(compiled, {
      env: { memory },
      scalar: functions,
      host: {
        call: (id: number, arena: number, table: number) => runHostCall(memory, calls[id], arena >>> 0, table >>> 0),
        lookout: () => pool.lookOut(new Int32Array(memory.buffer)),
      },
    });
    watch.lap('WebAssembly');
    return new CpuExecutable({
      device: this,
      step: instance.exports.step as Step,
      results,
      plan,
      donate,
      slots,
      shared: sharedWork > 0 ? pool.program(compiled, memory, threads, code.length) : null,
      sharedWork,
      report: {
        program,
        kernels: kernelReports(schedule, { ...cpuTarget, computes: (eqn) => routineFor(eqn) !== null }),
        arenaBytes: plan.arenaBytes,
        threads: sharedWork > 0 ? threads : 1,
        codeBytes: code.length,
        steps: watch.steps,
      },
    });
  }

  /** A view of the whole memory in words of 32 bits, made anew when the memory has grown. */
  get words(): Uint32Array {
    const { buffer } = this.residency.heap.memory;
    if (this.view.buffer !== buffer) this.view = new Uint32Array(buffer);
    return this.view;
  }

  own(storage: Storage): CpuStorage {
    if (storage instanceof CpuStorage && storage.device === this) return storage;
    throw new DeviceError(
      `The CPU device was given a storage of device '${storage.device.name}'. Move the tensor first with .to('cpu').`,
    );
  }
}

/** A new CPU device: WebAssembly with vectors of 128 bits. Works in Node and in browsers. */
export const cpuDevice = (options: CpuOptions = {}): CpuDevice => new CpuDevice(options);

/** Floating operations of the products of one run; of loops that end by a condition, of one turn. */
function productFlops({ groups }: Schedule): number {
  let flops = 0;
  for (const { parts } of groups) {
    for (const part of parts) {
      if (part.kind === 'rows') {
        for (const stage of part.stages)
          if (stage.kind === 'contraction') flops += 2 * stage.batch * stage.m * stage.n * stage.k;
      } else if (part.kind === 'control') {
        const turns = part.control.kind === 'scan' ? part.control.length : 1;
        for (const region of part.regions) flops += turns * productFlops(region);
      }
    }
  }
  return flops;
}
