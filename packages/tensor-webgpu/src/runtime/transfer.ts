import type { DType, TypedArray } from '../dtype/dtype.ts';
import { DeviceError } from '../errors/errors.ts';
import { checksSoFar, expectCheck } from './checks.ts';
import type { Device, Storage } from './device.ts';
import { lineOf } from './line.ts';
import { arrivalOf, PendingStorage } from './pending.ts';

/** A storage with a copy of `data`, which must not change until the storage is there. */
export function upload(device: Device, data: TypedArray, dtype: DType): Storage {
  const line = lineOf(device);
  if (line.busy && !device.readSync)
    return promised(
      device,
      dtype,
      data.length,
      line.add(() => device.put(data, dtype)),
    );
  const made = device.put(data, dtype);
  if (!(made instanceof Promise)) return made;
  line.follow(made);
  return promised(device, dtype, data.length, made);
}

const promised = (device: Device, dtype: DType, size: number, coming: Promise<Storage>): Storage =>
  new PendingStorage(device, dtype, size, coming);

/** The elements of a storage when everything asked of its device before is done; fails with what checks before it found. */
export function download(storage: Storage): Promise<TypedArray> {
  const checks = checksSoFar(storage.device);
  const elements = unchecked(storage);
  if (checks === null) return elements;
  return Promise.all([elements, checks]).then(([data]) => data);
}

/** Looks at elements when they have come; what `check` throws, the next reads of their device fail with. */
export function checkLater(storages: readonly Storage[], check: (...data: TypedArray[]) => void): void {
  const found = Promise.all(storages.map(unchecked)).then(
    (data) => {
      try {
        check(...data);
        return null;
      } catch (error) {
        return error as Error;
      }
    },
    // Why elements do not come is told to whoever reads them.
    () => null,
  );
  for (const device of new Set(storages.map((storage) => storage.device))) expectCheck(device, found);
}

function unchecked(storage: Storage): Promise<TypedArray> {
  const { device } = storage;
  const line = lineOf(device);
  const here = arrivalOf(storage);
  if (here instanceof Promise) return line.add(async () => device.read(await here));
  if (!line.busy || device.readSync) return device.read(here);
  // Started in its turn, but awaited outside of it: calls after it need not wait for the bytes.
  return line.add(() => ({ bytes: device.read(here) })).then(({ bytes }) => bytes);
}

/**
 * The elements of a storage at once.
 * @throws DeviceError naming `use` where the device cannot be read at once, or while the elements are on their way.
 */
export function downloadNow(storage: Storage, use: string): TypedArray {
  const { device } = storage;
  if (!device.readSync) {
    throw new DeviceError(
      `${use}: device '${device.name}' answers by promises and cannot be read at once. Use \`await x.data()\`, or \`await toHost(tree)\` for several.`,
    );
  }
  const here = arrivalOf(storage);
  if (here instanceof Promise) {
    throw new DeviceError(
      `${use}: the elements are still on their way from another device. Await them first: \`await x.data()\`.`,
    );
  }
  return device.readSync(here);
}

/** Whether `downloadNow` would answer. */
export const isReadable = (storage: Storage): boolean =>
  storage.device.readSync !== undefined && !(arrivalOf(storage) instanceof Promise);

/** A copy of a storage on another device. */
export function transfer(storage: Storage, target: Device): Storage {
  if (isReadable(storage)) return upload(target, downloadNow(storage, 'to'), storage.dtype);
  const bytes = download(storage);
  const coming = lineOf(target).add(async () => target.put(await bytes, storage.dtype));
  bytes.catch(() => {});
  return promised(target, storage.dtype, storage.size, coming);
}
