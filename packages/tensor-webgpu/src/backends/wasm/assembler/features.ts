import { ModuleBuilder } from './module-builder.ts';

/** Optional parts of WebAssembly that this JavaScript engine accepts. */
export interface WasmFeatures {
  /** 128-bit vectors. */
  readonly simd: boolean;
  /** Relaxed vector instructions, among them fused multiply-add. */
  readonly relaxedSimd: boolean;
  /** Whether relaxed multiply-add rounds once on this machine: with it, results differ in their last bits. */
  readonly fused: boolean;
  /** Shared memories and atomic accesses. Pages must be cross-origin isolated to create such a memory. */
  readonly threads: boolean;
}

let probed: WasmFeatures | undefined;

/** Asks the engine to validate one tiny module for each feature; the answers are kept. */
export function features(): WasmFeatures {
  if (!probed) {
    const relaxed = relaxedSimd();
    probed = {
      simd: simd(),
      relaxedSimd: relaxed,
      get fused() {
        return relaxed && fused();
      },
      threads: threads(),
    };
  }
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

/** Asks the machine: a² - c with a = 1 + 2⁻¹² and c = 1 + 2⁻¹¹ is 2⁻²⁴, which a product rounded on its own loses. */
function fused(): boolean {
  const module = new ModuleBuilder({ relaxed: true });
  const f = module.func('probe', [], ['f32']);
  for (const operand of [1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11]) f.f32x4Const(operand);
  f.f32x4RelaxedMadd();
  f.f32x4ExtractLane(0);
  module.export(f);
  const { probe } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes())).exports;
  return (probe as () => number)() !== 0;
}

function threads(): boolean {
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1, maximum: 1, shared: true });
  const f = module.func('probe', [], ['i32']);
  f.i32Const(0);
  f.i32AtomicLoad();
  return WebAssembly.validate(module.toBytes());
}
