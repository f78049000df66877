import { bytesPerElement, DTYPES, type DType, hostArray, type TypedArray } from '../../dtype/dtype.ts';
import { DeviceError, DisposedError } from '../../errors/errors.ts';
import { fuse } from '../../fuse/fuse.ts';
import { kernelReports } from '../../kernels/report.ts';
import type { Program } from '../../program/program.ts';
import type { CompileOptions, Device, Executable, MemoryReport, Storage } from '../../runtime/device.ts';
import { sizeOf } from '../../shape/shape.ts';
import { features, ModuleBuilder } from './assembler/index.ts';
import { emitProgram } from './emit/program.ts';
import { Heap } from './heap.ts';
import { runHostCall, windowOn } from './host-call.ts';
import { cpuTarget } from './target.ts';

const FIRST_PAGES = 16;
const MOST_PAGES = 65536;
const PAGE_BYTES = 65536;

/** Options of a CPU device. */
export interface CpuOptions {
  /** Most bytes that its memory may take. Default and maximum: 4 GiB. */
  readonly memoryLimit?: number;
}

/** A device whose later programs can be written for a compiler that joins pairs of vectors. */
export interface WideVectors {
  /** Off unless a runtime was found to do so, and rightly. */
  pairVectors: boolean;
}

/** A block of the device's memory. */
class CpuStorage implements Storage {
  readonly device: CpuDevice;
  readonly dtype: DType;
  readonly size: number;
  private held: number;

  constructor(device: CpuDevice, dtype: DType, size: number) {
    this.device = device;
    this.dtype = dtype;
    this.size = size;
    this.held = device.heap.allocate(size * bytesPerElement(dtype));
    device.live++;
  }

  get address(): number {
    if (this.held === 0) {
      throw new DisposedError(
        'A storage of the CPU device was used after its memory was given back. Keep it until its last use.',
      );
    }
    return this.held;
  }

  dispose(): void {
    if (this.held === 0) return;
    this.device.heap.release(this.held);
    this.device.live--;
    this.held = 0;
  }
}

/** A block of memory that grows to the largest size ever wanted. */
class Scratch {
  private readonly heap: Heap;
  address = 0;
  bytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  atLeast(bytes: number): number {
    if (bytes > this.bytes || this.address === 0) {
      if (this.address !== 0) this.heap.release(this.address);
      this.address = 0;
      this.address = this.heap.allocate(bytes);
      this.bytes = bytes;
    }
    return this.address;
  }
}

type Step = (thread: number, threads: number, arena: number, table: number) => void;

/** Tensors and programs in one WebAssembly memory; every program is one module. */
class CpuDevice implements Device, WideVectors {
  readonly name = 'cpu';
  readonly dtypes: readonly DType[] = DTYPES;
  readonly heap: Heap;
  /** Tensors in memory. */
  live = 0;
  pairVectors = false;
  private readonly arena: Scratch;
  private readonly table: Scratch;

  constructor({ memoryLimit = MOST_PAGES * PAGE_BYTES }: CpuOptions) {
    const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MOST_PAGES });
    this.heap = new Heap(memory, memoryLimit);
    this.arena = new Scratch(this.heap);
    this.table = new Scratch(this.heap);
  }

  put(data: TypedArray, dtype: DType): Storage {
    const storage = new CpuStorage(this, dtype, data.length);
    const target = windowOn(this.heap.memory, dtype, storage.address, data.length);
    if (dtype === 'bool') for (let i = 0; i < data.length; i++) target[i] = data[i] !== 0 ? 1 : 0;
    else target.set(data);
    return storage;
  }

  readSync(storage: Storage): TypedArray {
    const { address, dtype, size } = this.own(storage);
    const data = hostArray(dtype, size);
    data.set(windowOn(this.heap.memory, dtype, address, size));
    return data;
  }

  async read(storage: Storage): Promise<TypedArray> {
    return this.readSync(storage);
  }

  memory(): MemoryReport {
    const own = this.arena.bytes + this.table.bytes;
    return {
      liveTensors: this.live,
      liveBytes: this.heap.live - own,
      arenaBytes: this.arena.bytes,
      reservedBytes: this.heap.memory.buffer.byteLength,
    };
  }

  compile(program: Program, { donate = [] }: CompileOptions = {}): Executable {
    const schedule = fuse(program, cpuTarget);
    const results = schedule.outputs.map((variable) => ({ dtype: variable.dtype, size: sizeOf(variable.shape) }));
    // Before code is made, which cannot count so far.
    for (const { dtype, size } of results) this.heap.checkSize(size * bytesPerElement(dtype));
    const module = new ModuleBuilder({ relaxed: features().relaxedSimd });
    module.importMemory({ initial: FIRST_PAGES, maximum: MOST_PAGES });
    const { plan, calls, functions, slots } = emitProgram(module, schedule, donate, {
      pairVectors: this.pairVectors,
      checkSize: (bytes) => this.heap.checkSize(bytes),
    });
    const { memory } = this.heap;
    const code = module.toBytes();
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), {
      env: { memory },
      scalar: functions,
      host: {
        call: (id: number, arena: number, table: number) => runHostCall(memory, calls[id], arena >>> 0, table >>> 0),
      },
    });
    const step = instance.exports.step as Step;
    return {
      run: (inputs) => {
        const given = inputs.map((storage) => this.own(storage));
        const addresses = given.map((storage) => storage.address);
        const made: CpuStorage[] = [];
        try {
          const outputs = results.map(({ dtype, size }, i) => {
            if (plan.reuse[i] >= 0) return given[plan.reuse[i]];
            made.push(new CpuStorage(this, dtype, size));
            return made[made.length - 1];
          });
          const arena = this.arena.atLeast(plan.arenaBytes);
          const table = this.table.atLeast(4 * slots);
          new Uint32Array(memory.buffer, table, slots).set([
            ...addresses,
            ...outputs.map((storage) => storage.address),
          ]);
          step(0, 1, arena, table);
          given.forEach((storage, i) => {
            if (donate[i] && !plan.reuse.includes(i)) storage.dispose();
          });
          return outputs;
        } catch (error) {
          for (const storage of made) storage.dispose();
          throw error;
        }
      },
      dispose: () => {},
      report: {
        program,
        kernels: kernelReports(schedule, cpuTarget),
        arenaBytes: plan.arenaBytes,
        codeBytes: code.length,
      },
    };
  }

  private own(storage: Storage): CpuStorage {
    if (storage instanceof CpuStorage && storage.device === this) return storage;
    throw new DeviceError(
      `The CPU device was given a storage of device '${storage.device.name}'. Move the tensor first with .to('cpu').`,
    );
  }
}

/** A new CPU device: WebAssembly with vectors of 128 bits. Works in Node and in browsers. */
export const cpuDevice = (options: CpuOptions = {}): Device & WideVectors => new CpuDevice(options);
