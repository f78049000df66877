import { ModuleBuilder } from './module-builder.ts';

/** Optional parts of WebAssembly that this JavaScript engine accepts. */
export interface WasmFeatures {
  /** 128-bit vectors. */
  readonly simd: boolean;
  /** Relaxed vector instructions, among them fused multiply-add. */
  readonly relaxedSimd: boolean;
  /** Shared memories and atomic accesses. Pages must be cross-origin isolated to create such a memory. */
  readonly threads: boolean;
}

let probed: WasmFeatures | undefined;

/** Asks the engine to validate one tiny module for each feature; the answers are kept. */
export function features(): WasmFeatures {
  probed ??= { simd: simd(), relaxedSimd: relaxedSimd(), threads: threads() };
  return probed;
}

function simd(): boolean {
  const module = new ModuleBuilder();
  const f = module.func('probe', [], ['v128']);
  f.f32x4Const(1);
  f.f32x4Sqrt();
  return WebAssembly.validate(module.toBytes());
}

function relaxedSimd(): boolean {
  const module = new ModuleBuilder({ relaxed: true });
  const f = module.func('probe', [], ['v128']);
  for (let operand = 0; operand < 3; operand++) f.f32x4Const(1);
  f.f32x4RelaxedMadd();
  return WebAssembly.validate(module.toBytes());
}

function threads(): boolean {
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1, maximum: 1, shared: true });
  const f = module.func('probe', [], ['i32']);
  f.i32Const(0);
  f.i32AtomicLoad();
  return WebAssembly.validate(module.toBytes());
}
