import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';

const sharedFunctions = new WeakMap<ModuleBuilder, Map<string, FunctionBuilder>>();

/** The function of this name in the module, made by `make` on first use. */
export function shared(module: ModuleBuilder, name: string, make: () => FunctionBuilder): FunctionBuilder {
  const functions = sharedFunctions.get(module) ?? new Map<string, FunctionBuilder>();
  sharedFunctions.set(module, functions);
  const found = functions.get(name) ?? make();
  functions.set(name, found);
  return found;
}
