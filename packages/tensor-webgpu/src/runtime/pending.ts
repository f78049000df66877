import type { DType } from '../dtype/dtype.ts';
import { DisposedError } from '../errors/errors.ts';
import type { Device, Memory, Storage } from './device.ts';
import { giveBack } from './line.ts';

/** The memory of a result on its way: given back when it has come, if nobody wants it any more. */
class PendingMemory implements Memory {
  readonly device: Device;
  private arrived: Memory | null = null;
  released = false;

  constructor(device: Device) {
    this.device = device;
  }

  arrive(memory: Memory): void {
    if (this.arrived) return;
    this.arrived = memory;
    // Calls that were made before it was released still read it.
    if (this.released) giveBack(memory);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.arrived?.release();
  }
}

/** The storage of a result that a device has promised. Its place, dtype and size are known from the start. */
export class PendingStorage implements Storage {
  readonly kind = 'stored';
  readonly device: Device;
  readonly dtype: DType;
  readonly size: number;
  readonly memory: PendingMemory;
  /** Resolves to the storage that came; rejects with the reason why none will. */
  readonly coming: Promise<Storage>;
  /** The storage, once it is there. */
  settled: Storage | null = null;

  constructor(device: Device, dtype: DType, size: number, coming: Promise<Storage>) {
    this.device = device;
    this.dtype = dtype;
    this.size = size;
    this.memory = new PendingMemory(device);
    this.coming = coming.then((storage) => {
      this.arrive(storage);
      return storage;
    });
    // Whoever reads the result learns why it failed; a result that nobody reads fails quietly.
    this.coming.catch(() => {});
  }

  /** Tells that the storage is there, before the device is asked for something else. */
  arrive(storage: Storage): void {
    this.settled = storage;
    this.memory.arrive(storage.memory);
  }

  dispose(): void {
    giveBack(this.memory);
  }
}

/** Throws `DisposedError` for the storage of a result that was given back. */
function checkHeld(storage: PendingStorage): void {
  if (!storage.memory.released) return;
  throw new DisposedError(
    `A storage of device '${storage.device.name}' was used after its memory was given back. Keep it until its last use.`,
  );
}

/** The device's own storage behind one that may have been promised; a promise while it is on its way. */
export function arrivalOf(storage: Storage): Storage | Promise<Storage> {
  if (!(storage instanceof PendingStorage)) return storage;
  checkHeld(storage);
  return storage.settled ?? storage.coming;
}

/** The devices' own storages behind `storages`, or `null` while one is on its way. */
export function arrived(storages: readonly Storage[]): readonly Storage[] | null {
  let own: Storage[] | null = null;
  for (let i = 0; i < storages.length; i++) {
    const storage = storages[i];
    if (!(storage instanceof PendingStorage)) continue;
    checkHeld(storage);
    if (!storage.settled) return null;
    own ??= [...storages];
    own[i] = storage.settled;
  }
  return own ?? storages;
}
