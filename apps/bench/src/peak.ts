import wabt from 'wabt';

/** Independent sums: enough to hide the latency of two multiply-add units, few enough to stay in 16 registers. */
const SUMS = 12;
const LANES = 4;
const FLOPS_PER_LANE = 2;
/** A third of a millisecond: short enough to pass between two interruptions of a busy machine. */
const ROUNDS = 200_000;
const MEASURED_MS = 500;

const names = Array.from({ length: SUMS }, (_, i) => `$s${i}`);

/** `s ← a·b + s` on every sum, ROUNDS times, without touching memory. */
const text = `(module
  (func (export "run") (param $rounds i32) (result f32)
    (local $a v128) (local $b v128) ${names.map((name) => `(local ${name} v128)`).join(' ')}
    (local.set $a (f32x4.splat (f32.const 0.5)))
    (local.set $b (f32x4.splat (f32.const 0.25)))
    (loop $again
      ${names.map((name) => `(local.set ${name} (f32x4.relaxed_madd (local.get $a) (local.get $b) (local.get ${name})))`).join('\n      ')}
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (f32x4.extract_lane 0 ${names.reduce((sum, name) => (sum ? `(f32x4.add ${sum} (local.get ${name}))` : `(local.get ${name})`), '')})))`;

/**
 * The most float32 GFLOP/s that WebAssembly with vectors of 128 bits gets out of one core here: multiply-adds on
 * registers alone, the fastest of many repetitions. A product of matrices can approach it, not pass it.
 */
export async function peakGigaflops(): Promise<number> {
  const { parseWat } = await wabt();
  const { buffer } = parseWat('peak.wat', text, { simd: true, relaxed_simd: true }).toBinary({});
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(buffer)));
  const run = instance.exports.run as (rounds: number) => number;
  let fastest = Number.POSITIVE_INFINITY;
  const stop = performance.now() + MEASURED_MS;
  while (performance.now() < stop) {
    const start = performance.now();
    run(ROUNDS);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return (ROUNDS * SUMS * LANES * FLOPS_PER_LANE) / fastest / 1e6;
}
