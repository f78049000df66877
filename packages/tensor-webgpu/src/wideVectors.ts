import { cpuDevice, type WideVectors } from './backends/wasm/device.ts';
import { DeviceError } from './errors/errors.ts';
import { lower } from './optimize/simplify.ts';
import { lax } from './primitives/lax.ts';
import type { Aval } from './program/aval.ts';
import type { Program } from './program/program.ts';
import type { SynchronousDevice } from './runtime/device.ts';
import { traceProgram } from './trace/builder.ts';

/** What Node gives of V8. */
interface V8 {
  setFlagsFromString(flags: string): void;
}

const JOIN = 'experimental-wasm-revectorize';
const REMEDY = 'Leave wideVectors out; everything works without it, with products at about half the speed.';

/** V8 of which the option is known; others would write a complaint to stderr and go on. */
const KNOWN_V8 = { first: 12, last: 14 };
/** Products must become this much faster: narrow ones gain nothing without AVX2, and lose on some engines. */
const LEAST_GAIN = 1.1;
const TIMED_SIZE = 192;
const TIMED_ROUNDS = 24;

/**
 * Lets V8 join pairs of 128-bit vectors into 256-bit ones, an experimental option of it that about doubles the speed of
 * matrix products on processors with AVX2. A check program must give the same bits with and without it, and a product must be
 * faster, measured here for some 20 ms.
 *
 * @throws DeviceError where the runtime is not a Node whose V8 has the option, or when the check or the measurement fails;
 *   nothing has changed then.
 */
export function useWideVectors(device: WideVectors): void {
  if (device.pairVectors) return;
  const v8 = nodeV8();
  // Only the optimizing compiler joins vectors, so the check must not run in the quick one.
  v8.setFlagsFromString('--no-liftoff');
  let refusal = 'could not be checked';
  try {
    const plain = runCheck(cpuDevice());
    const narrow = timedProduct(cpuDevice());
    // Code is made at the first call, so that must come before the option does.
    narrow();
    v8.setFlagsFromString(`--${JOIN}`);
    const joined = cpuDevice();
    joined.pairVectors = true;
    const same = runCheck(joined).every((value, i) => Object.is(value, plain[i]));
    const gain = same ? gainOf(narrow, timedProduct(joined)) : 0;
    if (same && gain >= LEAST_GAIN) refusal = '';
    else if (same) refusal = `gave ${gain.toFixed(2)} times the speed of narrow ones, less than ${LEAST_GAIN},`;
    else refusal = 'gave other results than narrow ones';
  } finally {
    v8.setFlagsFromString('--liftoff');
    if (refusal !== '') v8.setFlagsFromString(`--no-${JOIN}`);
  }
  if (refusal !== '') throw new DeviceError(`init: wide vectors ${refusal} on this machine. ${REMEDY}`);
  device.pairVectors = true;
}

interface Process {
  readonly arch?: string;
  readonly versions?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

function nodeV8(): V8 {
  const { process } = globalThis as { process?: Process };
  const versions = process?.versions ?? {};
  const engine = Number.parseInt(versions.v8 ?? '', 10);
  const isNode = versions.node !== undefined && versions.deno === undefined && versions.bun === undefined;
  const known = isNode && engine >= KNOWN_V8.first && engine <= KNOWN_V8.last;
  const v8 = known && process?.arch === 'x64' ? (process.getBuiltinModule?.('node:v8') as V8 | undefined) : undefined;
  if (v8) return v8;
  throw new DeviceError(
    `init: wide vectors need Node 22.3 or newer on an x86-64 processor, of a V8 that has the option (${KNOWN_V8.first} to ${KNOWN_V8.last}). ${REMEDY}`,
  );
}

/** The seconds of one product, each time it is called. */
function timedProduct(device: SynchronousDevice): () => number {
  const side: Aval = { shape: [TIMED_SIZE, TIMED_SIZE], dtype: 'f32' };
  const { program } = traceProgram([side, side], (a, b) => [
    lax.dotGeneral(a, b, { contract: [[1], [0]], batch: [[], []] }),
  ]);
  const executable = device.compile(lower(program));
  const inputs = [0, 1].map(() => device.put(new Float32Array(TIMED_SIZE ** 2).fill(1), 'f32'));
  return () => {
    const start = performance.now();
    const [product] = executable.run(inputs);
    const time = performance.now() - start;
    product.dispose();
    return time;
  };
}

/** How many times as fast the best round of `wide` is, the two taken in turns so that others on the machine slow both. */
function gainOf(narrow: () => number, wide: () => number): number {
  let [before, after] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < TIMED_ROUNDS; round++) {
    before = Math.min(before, narrow());
    after = Math.min(after, wide());
  }
  return before / after;
}

/** Products of every form with sizes off the tiles, and the functions that networks put between them. */
function checkProgram(): Program {
  const f32 = (...shape: number[]) => ({ shape, dtype: 'f32' as const });
  const { program } = traceProgram([f32(37, 29), f32(29, 65), f32(65, 19)], (x, v, w) => {
    const dot = (a: typeof x, b: typeof x, i: number, j: number) =>
      lax.dotGeneral(a, b, { contract: [[i], [j]], batch: [[], []] });
    const hidden = lax.softplus(dot(x, v, 1, 0));
    const output = lax.tanh(dot(hidden, w, 1, 0));
    const back = lax.mul(dot(output, w, 1, 1), lax.sigmoid(hidden));
    return [output, dot(x, back, 0, 0), dot(hidden, output, 0, 0), lax.reduceSum(lax.exp(back), [0])];
  });
  return lower(program);
}

function runCheck(device: SynchronousDevice): Float32Array {
  const program = checkProgram();
  const inputs = program.inputs.map(({ shape }, k) =>
    device.put(
      Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i * 1.37 + k) / 4),
      'f32',
    ),
  );
  const outputs = device.compile(program).run(inputs);
  return Float32Array.from(outputs.flatMap((storage) => Array.from(device.readSync(storage))));
}
