import { describe } from '../errors/checks.ts';
import { ArgumentError, DeviceError } from '../errors/errors.ts';
import type { Device, DeviceInfo } from './device.ts';

const known = new Map<string, Device>();
let chosen: Device | null = null;
/** Why the default device is the default one, where it was not a person who said so. */
let reason: string | null = null;

/** Makes a device known by its name; the first one becomes the default. Throws `DeviceError` for the name of another. */
export function registerDevice(device: Device): void {
  const other = known.get(device.name);
  if (other && other !== device) {
    throw new DeviceError(`There is a device '${device.name}' already. Give the new one another name.`);
  }
  if (!known.has(device.name)) refuseClones(device);
  known.set(device.name, device);
  chosen ??= device;
}

/**
 * `structuredClone` and `postMessage` take classes for plain objects, and cannot be told otherwise; but they read all
 * enumerable properties of what they reach, those with an integer for a name first. From a tensor they come to its device.
 */
function refuseClones(device: Device): void {
  if (!Object.isExtensible(device)) return;
  Object.defineProperty(device, 0, {
    enumerable: true,
    get() {
      throw new ArgumentError(
        'A tensor cannot be cloned or posted to a worker, as its memory belongs to a device. Send its elements, await x.data(), with x.shape and x.dtype, and make it again with tensor(data, { shape, dtype }).',
      );
    },
  });
}

/** The names of the devices of this machine. */
export const devices = (): string[] => [...known.keys()];

/** The device called `name`. Throws `DeviceError` naming the devices there are. */
export function deviceNamed(name: string): Device {
  const device = known.get(name);
  if (!device) {
    throw new DeviceError(
      `There is no device '${name}'. Use one of ${devices().join(', ')}; a GPU is there only after \`await init()\`.`,
    );
  }
  return device;
}

/** Makes a device the default one, and keeps why for `deviceInfo`. */
export function chooseDevice(name: string, why: string | null): void {
  chosen = deviceNamed(name);
  reason = why;
}

/** The device on which new tensors are made. With a name, makes that device the default first. */
export function defaultDevice(name?: string): Device {
  if (name !== undefined) chooseDevice(name, null);
  if (!chosen) throw new DeviceError('No device is registered. Import @flowfield/tensor-webgpu as a whole.');
  return chosen;
}

/**
 * What a device is like on this machine, the default one unless another is given (a device, or the name of one): its dtypes,
 * the name of its numerics, how many threads it uses and why not more, and why `auto` chose it.
 *
 * @throws DeviceError when there is no such device; ArgumentError for a bad `FLOWFIELD_THREADS`.
 */
export function deviceInfo(given: string | Device = defaultDevice()): DeviceInfo {
  const device = typeof given === 'string' ? deviceNamed(given) : given;
  if (!Array.isArray(device?.dtypes))
    throw new ArgumentError(`deviceInfo: expected a device or the name of one, got ${describe(device)}.`);
  const info = device.info?.() ?? { numerics: device.name, threads: 1, notes: [] };
  const notes = device === chosen && reason !== null ? [...info.notes, reason] : info.notes;
  return { name: device.name, dtypes: [...device.dtypes], ...info, notes };
}
