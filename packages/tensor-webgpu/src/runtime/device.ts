import type { DType, TypedArray } from '../dtype/dtype.ts';
import type { KernelReport } from '../kernels/report.ts';
import type { Program } from '../program/program.ts';

/** Something that is there now, or a promise of it. */
export type Later<T> = T | Promise<T>;

/** What lies behind a storage. A finalizer holds it, so it must not refer to its storage. */
export interface Memory {
  readonly device: Device;
  /** Gives the memory back. Calling it again does nothing. */
  release(): void;
}

/** A block of device memory that holds one tensor, row-major and without gaps. */
export interface Storage {
  /** Tells a tensor in memory, whose state this is, from one inside a trace. */
  readonly kind: 'stored';
  readonly device: Device;
  readonly dtype: DType;
  /** Elements, not bytes. */
  readonly size: number;
  readonly memory: Memory;
  /** Gives the memory back. Calling it again does nothing. */
  dispose(): void;
}

export interface CompileOptions {
  /** Inputs whose storage the program may overwrite and hand back as an output; the caller must not use them again. */
  readonly donate?: readonly boolean[];
}

/** A program made ready for one device. */
export interface Executable {
  /**
   * Runs once. Outputs are new storages, or donated inputs' storages reused; donated inputs not reused are disposed.
   * A promise of them resolves when later calls may use them, which can be long before the work is done. Its device is
   * asked for nothing else in between, so that calls take effect in their order.
   */
  run(inputs: readonly Storage[]): Later<Storage[]>;
  dispose(): void;
  /** About how many bytes of the host it holds (code and description), for the limit of the cache. */
  readonly bytes: number;
  /** What was made of the program, for `explain`: kernels in order, arena bytes, FLOPs. */
  readonly report: ProgramReport;
}

export interface ProgramReport {
  readonly program: Program;
  readonly kernels: readonly KernelReport[];
  /** Peak bytes of temporaries. */
  readonly arenaBytes: number;
  /** Size of the emitted code in bytes; 0 where nothing is emitted. */
  readonly codeBytes: number;
  /** Threads that a run may use at most; left out by devices without. 1 where it is too small to be cut. */
  readonly threads?: number;
  /** How long the steps of compiling took; left out by devices that do not say. */
  readonly steps?: readonly CompileStep[];
}

/** A step of compiling and the milliseconds on the clock that it took. */
export interface CompileStep {
  readonly name: string;
  readonly milliseconds: number;
}

/** Memory in use on a device. */
export interface MemoryReport {
  readonly liveTensors: number;
  readonly liveBytes: number;
  readonly arenaBytes: number;
  /** Bytes taken from the system (for WebAssembly the size of its memory). */
  readonly reservedBytes: number;
}

/** What is to be known of a device on this machine, for people and for the records of a run. */
export interface DeviceInfo {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /**
   * The arithmetic by name. The same program gives the same bits wherever this is the same, with any number of threads;
   * elsewhere results differ by rounding.
   */
  readonly numerics: string;
  /** Threads that a program may use, the calling one included. */
  readonly threads: number;
  /** Bits of the vectors that products are computed in; left out where that says nothing. */
  readonly vectorBits?: number;
  /** What a person may want to know or to change, such as why there is only one thread. */
  readonly notes: readonly string[];
}

/**
 * Where tensors live and programs run: `cpu` (WebAssembly SIMD), `reference` (float64 JavaScript), or one that a user
 * plugs in with `init({ device })`. A device answers at once or by promises, call by call: tensors, transforms and `jit`
 * work either way, and only reading at once (`item`, `dataSync`, `toArray`) needs `readSync`.
 */
export interface Device {
  readonly name: string;
  readonly dtypes: readonly DType[];
  compile(program: Program, options?: CompileOptions): Later<Executable>;
  put(data: TypedArray, dtype: DType): Later<Storage>;
  /** The elements. What it reads may be given back as soon as the call returns. */
  read(storage: Storage): Promise<TypedArray>;
  /** Only on devices whose memory this thread can see. */
  readSync?(storage: Storage): TypedArray;
  memory(): MemoryReport;
  /** What differs from one machine to the next; a device that does not say has one thread and numerics of its own. */
  info?(): Omit<DeviceInfo, 'name' | 'dtypes'>;
  /** Gives back what is kept for later use only: pools, arenas. Called after every executable was disposed. */
  trim?(): void;
}

/** An executable of a device that answers at once. */
export interface SynchronousExecutable extends Executable {
  run(inputs: readonly Storage[]): Storage[];
}

/** A device that answers at once. */
export interface SynchronousDevice extends Device {
  compile(program: Program, options?: CompileOptions): SynchronousExecutable;
  put(data: TypedArray, dtype: DType): Storage;
  readSync(storage: Storage): TypedArray;
}
