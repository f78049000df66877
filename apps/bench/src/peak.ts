import { setFlagsFromString } from 'node:v8';
import wabt from 'wabt';

/** Independent sums: enough to hide the latency of two multiply-add units, few enough to stay in 16 registers. */
const SUMS = 12;
const LANES = 4;
const FLOPS_PER_LANE = 2;
/** A third of a millisecond: short enough to pass between two interruptions of a busy machine. */
const ROUNDS = 200_000;
const MEASURED_MS = 500;
const VECTOR_BYTES = 16;
/** Where the sums lie before and after. */
const SUMS_AT = 64;

/** Numbers from 0 to `count` - 1. */
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * `s ← a·b + s` on every sum, ROUNDS times, without touching memory in between. A wide sum is two neighbours in memory, which is
 * how V8 finds pairs to join.
 */
function text(vectors: number): string {
  const sums = range(SUMS).flatMap((i) => range(vectors).map((half) => ({ name: `$s${i}_${half}`, half })));
  const at = (i: number): string => `offset=${SUMS_AT + i * VECTOR_BYTES} (i32.const 0)`;
  return `(module
  (memory (export "memory") 1)
  (func (export "run") (param $rounds i32)
    ${range(vectors)
      .map((half) => `(local $a${half} v128) (local $b${half} v128)`)
      .join(' ')}
    ${sums.map(({ name }) => `(local ${name} v128)`).join(' ')}
    ${range(vectors)
      .map(
        (half) => `(local.set $a${half} (v128.load32_splat (i32.const 0)))
    (local.set $b${half} (v128.load offset=${32 + half * VECTOR_BYTES} (i32.const 0)))`,
      )
      .join('\n    ')}
    ${sums.map(({ name }, i) => `(local.set ${name} (v128.load ${at(i)}))`).join('\n    ')}
    (loop $again
      ${sums.map(({ name, half }) => `(local.set ${name} (f32x4.relaxed_madd (local.get $a${half}) (local.get $b${half}) (local.get ${name})))`).join('\n      ')}
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    ${sums.map(({ name }, i) => `(v128.store ${at(i)} (local.get ${name}))`).join('\n    ')}))`;
}

/**
 * The most float32 GFLOP/s that WebAssembly gets out of one core here: multiply-adds on registers alone, the fastest of many
 * repetitions, with vectors of 128 bits or, `wide`, with pairs of them that V8 joins. A product of matrices can approach it, not
 * pass it.
 */
export async function peakGigaflops(wide = false): Promise<number> {
  const vectors = wide ? 2 : 1;
  if (wide) setFlagsFromString('--experimental-wasm-revectorize');
  const { parseWat } = await wabt();
  const { buffer } = parseWat('peak.wat', text(vectors), { simd: true, relaxed_simd: true }).toBinary({});
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(buffer)));
  new Float32Array((instance.exports.memory as WebAssembly.Memory).buffer).fill(0.25);
  const run = instance.exports.run as (rounds: number) => void;
  let fastest = Number.POSITIVE_INFINITY;
  const stop = performance.now() + MEASURED_MS;
  while (performance.now() < stop) {
    const start = performance.now();
    run(ROUNDS);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return (ROUNDS * SUMS * vectors * LANES * FLOPS_PER_LANE) / fastest / 1e6;
}
