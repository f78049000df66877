import { bytesPerElement, DTYPES, type DType, hostArray, type TypedArray } from '../../dtype/dtype.ts';
import { DeviceError, DisposedError } from '../../errors/errors.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { Program } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Memory, MemoryReport, Storage, SynchronousDevice, SynchronousExecutable } from '../../runtime/device.ts';

/** What is counted for a tensor until it is given back. Its elements are garbage like any others. */
class Count implements Memory {
  readonly device: ReferenceDevice;
  private readonly bytes: number;
  held = true;

  constructor(device: ReferenceDevice, bytes: number) {
    this.device = device;
    this.bytes = bytes;
    device.tensors++;
    device.bytes += bytes;
  }

  release(): void {
    if (!this.held) return;
    this.held = false;
    this.device.tensors--;
    this.device.bytes -= this.bytes;
  }
}

/** Elements held by JavaScript, floats in float64. */
class ReferenceStorage implements Storage {
  readonly kind = 'stored';
  readonly device: ReferenceDevice;
  readonly dtype: DType;
  readonly size: number;
  readonly memory: Count;
  private elements: TypedArray | null;

  constructor(device: ReferenceDevice, dtype: DType, data: TypedArray) {
    this.device = device;
    this.dtype = dtype;
    this.size = data.length;
    this.elements = data;
    this.memory = new Count(device, data.length * bytesPerElement(dtype));
  }

  get data(): TypedArray {
    if (!this.elements || !this.memory.held)
      throw new DisposedError(
        'A storage of the reference device was used after its memory was given back. Keep it until its last use.',
      );
    return this.elements;
  }

  dispose(): void {
    this.elements = null;
    this.memory.release();
  }
}

/**
 * Evaluates programs plainly, one equation after another, in float64 JavaScript. Slow and simple: it is what
 * every other device is compared with.
 */
class ReferenceDevice implements SynchronousDevice {
  readonly name = 'reference';
  readonly dtypes: readonly DType[] = DTYPES;
  /** @internal */
  tensors = 0;
  /** @internal */
  bytes = 0;

  put(data: TypedArray, dtype: DType): Storage {
    const held = refData(dtype, data.length);
    held.set(data);
    return new ReferenceStorage(this, dtype, held);
  }

  compile(program: Program, options: { readonly donate?: readonly boolean[] } = {}): SynchronousExecutable {
    return {
      run: (inputs) => {
        const storages = inputs.map((storage) => this.own(storage));
        const arrays = program.inputs.map(({ shape, dtype }, i) => refArray(shape, dtype, storages[i].data));
        const outputs = evaluateProgram(program, arrays);
        storages.forEach((storage, i) => {
          if (options.donate?.[i]) storage.dispose();
        });
        return outputs.map((array) => new ReferenceStorage(this, array.dtype, array.data));
      },
      dispose: () => {},
      bytes: 0,
      report: { program, kernels: [], arenaBytes: 0, codeBytes: 0 },
    };
  }

  readSync(storage: Storage): TypedArray {
    const { data, dtype, size } = this.own(storage);
    const out = hostArray(dtype, size);
    out.set(data);
    return out;
  }

  async read(storage: Storage): Promise<TypedArray> {
    return this.readSync(storage);
  }

  memory(): MemoryReport {
    const { tensors, bytes } = this;
    return { liveTensors: tensors, liveBytes: bytes, arenaBytes: 0, reservedBytes: bytes };
  }

  private own(storage: Storage): ReferenceStorage {
    if (storage instanceof ReferenceStorage && storage.device === this) return storage;
    throw new DeviceError(
      `The reference device was given a storage of device '${storage.device.name}'. Move the tensor first with .to('reference').`,
    );
  }
}

/** A new reference device: dtypes of every kind, one thread, float64 throughout. */
export const referenceDevice = (): SynchronousDevice => new ReferenceDevice();
