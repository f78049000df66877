import type { DType, TypedArray } from '../../dtype/dtype.ts';
import { DeviceError } from '../../errors/errors.ts';
import type { Program } from '../../program/program.ts';
import type { CompileOptions, Device, Executable, MemoryReport, Storage } from '../../runtime/device.ts';
import { hostControlled } from '../hostControl.ts';
import { cpuDevice } from '../wasm/device.ts';

class LaterStorage implements Storage {
  readonly kind = 'stored';
  readonly device: LaterDevice;
  readonly inner: Storage;

  constructor(device: LaterDevice, inner: Storage) {
    this.device = device;
    this.inner = inner;
  }

  get dtype(): DType {
    return this.inner.dtype;
  }

  get size(): number {
    return this.inner.size;
  }

  get memory() {
    const { inner, device } = this;
    return {
      device,
      release: () => {
        device.checkFree('give memory back');
        inner.memory.release();
      },
    };
  }

  dispose(): void {
    this.memory.release();
  }
}

/**
 * A device as a GPU is: the CPU device behind promises, which cannot be read at once, needs the host for every decision
 * of a loop, and must not be called while a call is under way. `calls` names what it was asked for.
 */
export class LaterDevice implements Device {
  readonly name: string;
  readonly dtypes: readonly DType[] = ['bool', 'u32', 'i32', 'f32'];
  readonly calls: string[] = [];
  private readonly inner = cpuDevice();
  private busy: string | null = null;
  private deciding = false;

  constructor(name = 'later') {
    this.name = name;
  }

  async compile(program: Program, { donate }: CompileOptions = {}): Promise<Executable> {
    await turn();
    const made = await hostControlled(
      program,
      {
        compile: async (piece) => {
          await turn();
          const executable = this.inner.compile(piece);
          return {
            ...executable,
            bytes: executable.bytes,
            report: executable.report,
            run: async (inputs) => {
              await turn();
              return executable
                .run(inputs.map((storage) => this.own(storage).inner))
                .map((s) => new LaterStorage(this, s));
            },
            dispose: () => executable.dispose(),
          };
        },
        put: (data, dtype) => this.store(data, dtype),
        read: (storage) => this.elements(storage),
      },
      donate,
    );
    return {
      bytes: made.bytes,
      report: made.report,
      dispose: () => made.dispose(),
      run: (inputs) =>
        this.call('run', async () => {
          await turn();
          this.deciding = true;
          try {
            return await made.run(inputs);
          } finally {
            this.deciding = false;
          }
        }),
    };
  }

  put(data: TypedArray, dtype: DType): Promise<Storage> {
    return this.call('put', () => this.store(data, dtype));
  }

  read(storage: Storage): Promise<TypedArray> {
    this.checkFree('read');
    this.calls.push('read');
    return this.elements(storage);
  }

  memory(): MemoryReport {
    return this.inner.memory();
  }

  /** Throws while a call is under way. */
  checkFree(what: string): void {
    if (this.busy && !this.deciding) throw new DeviceError(`${what} during ${this.busy}`);
  }

  private async store(data: TypedArray, dtype: DType): Promise<Storage> {
    await turn();
    return new LaterStorage(this, this.inner.put(data, dtype));
  }

  private async elements(storage: Storage): Promise<TypedArray> {
    const bytes = this.inner.readSync(this.own(storage).inner);
    await turn();
    return bytes;
  }

  private async call<T>(what: string, make: () => Promise<T>): Promise<T> {
    this.checkFree(what);
    this.busy = what;
    this.calls.push(what);
    try {
      return await make();
    } finally {
      this.busy = null;
    }
  }

  private own(storage: Storage): LaterStorage {
    if (storage instanceof LaterStorage && storage.device === this) return storage;
    throw new DeviceError(`The device '${this.name}' was given a storage of device '${storage.device.name}'.`);
  }
}

const turn = (): Promise<void> => new Promise((next) => setTimeout(next, 0));
