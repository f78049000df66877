/**
 * Speed of the emitted matrix products on one core, in GFLOP/s: `node contraction.bench.ts`. Options:
 * `--dtype f64`, `--plain` (no fused multiply-add), `--pairs` (256-bit vectors).
 */
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import { features, ModuleBuilder } from '../assembler/index.ts';
import { emitContraction } from './contraction.ts';

const { values: options } = parseArgs({
  options: {
    dtype: { type: 'string', default: 'f32' },
    plain: { type: 'boolean', default: false },
    pairs: { type: 'boolean', default: false },
  },
});
const dtype = options.dtype === 'f64' ? 'f64' : 'f32';
const SECONDS_PER_SHAPE = 0.5;
const PAGE = 65536;
if (options.pairs) v8.setFlagsFromString('--experimental-wasm-revectorize');

/** Best speed of C[m, n] = A · B, with A or B stored transposed where `form` has a T. */
function gigaflops(m: number, k: number, n: number, form: string): number {
  const bytes = dtype === 'f64' ? 8 : 4;
  const module = new ModuleBuilder({ relaxed: !options.plain && features().relaxedSimd });
  module.importMemory({ initial: 1 });
  const layout = (transposed: boolean, rows: number, cols: number) => ({
    rowStride: transposed ? 1 : cols,
    colStride: transposed ? rows : 1,
    batchStride: 0,
  });
  const emitted = emitContraction(
    module,
    {
      dtype,
      batch: 1,
      m,
      n,
      k,
      a: layout(form.startsWith('T'), m, k),
      b: layout(form.endsWith('T'), k, n),
      c: { rowStride: n, batchStride: 0 },
    },
    { pairVectors: options.pairs },
  );
  module.export(emitted.rows, 'rows');
  if (emitted.pack) module.export(emitted.pack, 'pack');

  const align = (at: number) => 64 * Math.ceil(at / 64);
  const b = align(m * k * bytes);
  const c = b + align(k * n * bytes);
  const scratch = c + align(m * n * bytes);
  const memory = new WebAssembly.Memory({ initial: Math.ceil((scratch + emitted.scratchBytes) / PAGE) });
  const numbers = dtype === 'f64' ? new Float64Array(memory.buffer) : new Float32Array(memory.buffer);
  for (let i = 0; i < c / bytes; i++) numbers[i] = Math.sin(i);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const { rows, pack } = instance.exports as Record<string, (...operands: number[]) => void>;

  const flops = 2 * m * n * k;
  const repeats = Math.max(1, Math.round(2e7 / flops));
  let best = Number.POSITIVE_INFINITY;
  const stop = performance.now() + 1000 * SECONDS_PER_SHAPE;
  while (performance.now() < stop) {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      pack?.(0, b, c, scratch, 0, 0, emitted.packBlocks);
      rows?.(0, b, c, scratch, 0, 0, emitted.rowBlocks);
    }
    best = Math.min(best, (performance.now() - start) / repeats);
  }
  return flops / best / 1e6;
}

const forms = ['NN', 'NT', 'TN', 'TT'];
const shapes: readonly (readonly [m: number, k: number, n: number])[] = [
  ...[16, 32, 64, 127, 128, 130, 256, 512, 1024].map((size) => [size, size, size] as const),
  [256, 64, 64],
  [256, 3, 64],
  [256, 64, 3],
  [64, 256, 64],
  [3, 256, 64],
  [1024, 256, 256],
  [256, 4096, 256],
  [256, 256, 1],
  [1, 256, 256],
];
console.log(['m x k x n'.padEnd(16), ...forms.map((form) => form.padStart(7))].join(''));
for (const [m, k, n] of shapes) {
  const row = forms.map((form) => gigaflops(m, k, n, form).toFixed(1).padStart(7));
  console.log([`${m} x ${k} x ${n}`.padEnd(16), ...row].join(''));
}
