import type { DType, TypedArray } from '../dtype/dtype.ts';
import type { Program } from '../program/program.ts';

/** A block of device memory that holds one tensor, row-major and without gaps. */
export interface Storage {
  readonly device: Device;
  readonly dtype: DType;
  /** Elements, not bytes. */
  readonly size: number;
  /** Gives the memory back. Calling it again does nothing. */
  dispose(): void;
}

export interface CompileOptions {
  /** Inputs whose storage the program may overwrite and hand back as an output; the caller must not use them again. */
  readonly donate?: readonly boolean[];
}

/** A program made ready for one device. */
export interface Executable {
  /** Runs once. Outputs are new storages, or donated inputs' storages reused; donated inputs not reused are disposed. */
  run(inputs: readonly Storage[]): Storage[];
  dispose(): void;
  /** What was made of the program, for `explain`: kernels in order, arena bytes, FLOPs. */
  readonly report: ProgramReport;
}

export interface KernelReport {
  readonly kind: string;
  readonly label: string;
  readonly flops: number;
  readonly bytes: number;
}

export interface ProgramReport {
  readonly program: Program;
  readonly kernels: readonly KernelReport[];
  /** Peak bytes of temporaries. */
  readonly arenaBytes: number;
  /** Size of the emitted code in bytes; 0 where nothing is emitted. */
  readonly codeBytes: number;
}

/** Memory in use on a device. */
export interface MemoryReport {
  readonly liveTensors: number;
  readonly liveBytes: number;
  readonly arenaBytes: number;
  /** Bytes taken from the system (for WebAssembly the size of its memory). */
  readonly reservedBytes: number;
}

/** Where tensors live and programs run: `cpu` (WebAssembly SIMD), `reference` (float64 JavaScript), later `webgpu`. */
export interface Device {
  readonly name: string;
  readonly dtypes: readonly DType[];
  compile(program: Program, options?: CompileOptions): Executable;
  put(data: TypedArray, dtype: DType): Storage;
  read(storage: Storage): Promise<TypedArray>;
  /** Only on devices whose memory this thread can see. */
  readSync?(storage: Storage): TypedArray;
  memory(): MemoryReport;
}
