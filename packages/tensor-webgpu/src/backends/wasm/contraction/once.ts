import type { ModuleBuilder } from '../assembler/index.ts';

const emitted = new WeakMap<ModuleBuilder, Map<string, unknown>>();

/**
 * What `emit` returned the first time that it ran for this module and key. Equal kernels of one module are written once: the
 * code is smaller, and what many callers share is optimized sooner.
 *
 * @param key Everything that `emit` depends on, as plain data.
 */
export function once<Result>(module: ModuleBuilder, kind: string, key: unknown, emit: () => Result): Result {
  const known = emitted.get(module) ?? new Map<string, unknown>();
  emitted.set(module, known);
  const text = `${kind} ${JSON.stringify(key)}`;
  if (!known.has(text)) known.set(text, emit());
  return known.get(text) as Result;
}
