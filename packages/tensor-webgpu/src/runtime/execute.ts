import { lower } from '../optimize/simplify.ts';
import { programKey } from '../program/key.ts';
import type { Program } from '../program/program.ts';
import { validateProgram } from '../program/validate.ts';
import type { CompileOptions, Device, Executable, Storage } from './device.ts';

/** Compiled programs kept per device; the least recently used one goes first. */
const CACHE_LIMIT = 4096;
const caches = new WeakMap<Device, Map<string, Executable>>();

/** The executable of a program on a device, compiled on first sight and found again by the program's own text. */
export function compiled(program: Program, device: Device, options: CompileOptions = {}): Executable {
  let cache = caches.get(device);
  if (!cache) {
    cache = new Map();
    caches.set(device, cache);
  }
  const key = `${options.donate?.map(Number).join('') ?? ''}|${programKey(program)}`;
  let executable = cache.get(key);
  if (executable) {
    cache.delete(key);
  } else {
    executable = device.compile(validateProgram(lower(program)), options);
    if (cache.size >= CACHE_LIMIT) {
      const [oldest, unused] = cache.entries().next().value as [string, Executable];
      cache.delete(oldest);
      unused.dispose();
    }
  }
  cache.set(key, executable);
  return executable;
}

export const executeProgram = (program: Program, inputs: readonly Storage[], device: Device): Storage[] =>
  compiled(program, device).run(inputs);
