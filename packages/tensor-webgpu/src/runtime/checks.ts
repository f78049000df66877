import type { Device } from './device.ts';

/** Checks of elements that are on their way from a device; each gives what it found wrong, or `null`. */
const underWay = new WeakMap<Device, Set<Promise<Error | null>>>();

/** Has the reads of a device that follow wait for a check, and fail with what it finds. */
export function expectCheck(device: Device, found: Promise<Error | null>): void {
  const checks = underWay.get(device) ?? new Set();
  underWay.set(device, checks.add(found));
  found.then((error) => {
    if (error === null) checks.delete(found);
  });
}

/** Fails with what one of the checks found that a device was given so far, which is said once; `null` where there is none. */
export function checksSoFar(device: Device): Promise<void> | null {
  const checks = underWay.get(device);
  if (!checks || checks.size === 0) return null;
  const waiting = [...checks];
  return Promise.all(waiting).then((found) => {
    for (const check of waiting) checks.delete(check);
    const error = found.find((each) => each !== null);
    if (error) throw error;
  });
}
