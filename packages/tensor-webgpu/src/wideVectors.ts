import { cpuDevice, type WideVectors } from './backends/wasm/device.ts';
import { ArgumentError, DeviceError } from './errors/errors.ts';
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
const VARIABLE = 'FLOWFIELD_WIDE_VECTORS';
const REMEDY = 'Leave wideVectors out; everything works without it, with products at about half the speed.';

/** V8 of which the option is known; others would write a complaint to stderr and go on. */
const KNOWN_V8 = { first: 12, last: 14 };
/** Products must become this much faster: narrow ones gain nothing without AVX2, and lose on some engines. */
const LEAST_GAIN = 1.1;
const TIMED_SIZE = 192;
const TIMED_ROUNDS = 8;

/**
 * Lets V8 join pairs of 128-bit vectors into 256-bit ones, an experimental option of it that about doubles the speed of
 * matrix products on processors with AVX2. A check program must give the same bits with and without it, and a product must be
 * faster, measured here for some 40 ms.
 *
 * @throws DeviceError where the runtime is not a Node whose V8 has the option, or when the check or the measurement fails;
 *   nothing has changed then.
 */
export function useWideVectors(device: WideVectors): void {
  if (device.wide.on) return;
  device.measureWide = null;
  const refusal = tryWideVectors(device);
  if (refusal !== null) throw new DeviceError(`init: wide vectors ${refusal}. ${REMEDY}`);
}

/** Leaves vectors as they are, whatever the machine could do. */
export function avoidWideVectors(device: WideVectors): void {
  device.measureWide = null;
  device.wide = { on: false, note: 'Vectors of 128 bits, as was asked for.' };
}

/**
 * Has a device look for wide vectors when it first meets products that are worth the measurement, and go on without a word
 * where they cannot be had. The variable FLOWFIELD_WIDE_VECTORS may forbid it (0).
 */
export function offerWideVectors(device: WideVectors): void {
  device.measureWide = () => {
    if (forbidden()) return avoidWideVectors(device);
    device.measureWide = null;
    const refusal = tryWideVectors(device);
    if (refusal !== null) device.wide = { on: false, note: `Vectors of 128 bits: wide ones ${refusal}.` };
  };
}

/** @throws ArgumentError for a value of the variable that is neither 0 nor 1 */
function forbidden(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const given = process?.env?.[VARIABLE]?.trim() ?? '';
  if (given === '' || given === '1') return false;
  if (given === '0') return true;
  throw new ArgumentError(`${VARIABLE}: expected 0 (never) or 1 (where they pay), got '${given}'. Leave it out for 1.`);
}

/** Switches them on, or says why not. */
function tryWideVectors(device: WideVectors): string | null {
  const v8 = nodeV8();
  if (!v8) {
    return `need Node 22.3 or newer on an x86-64 processor, of a V8 that has the option (${KNOWN_V8.first} to ${KNOWN_V8.last})`;
  }
  const program = checkProgram();
  // Only the optimizing compiler joins vectors, so the check must not run in the quick one.
  v8.setFlagsFromString('--no-liftoff');
  let refusal: string | null = 'could not be checked on this machine';
  try {
    const alone = { threads: 1, shareAll: false };
    const plain = runCheck(cpuDevice(alone), program);
    const narrow = timedProduct(cpuDevice(alone));
    // Code is made at the first call, so that must come before the option does.
    narrow();
    v8.setFlagsFromString(`--${JOIN}`);
    const joined = cpuDevice(alone);
    joined.wide = { on: true, note: '' };
    const same = runCheck(joined, program).every((value, i) => Object.is(value, plain[i]));
    const gain = same ? gainOf(narrow, timedProduct(joined)) : 0;
    if (!same) refusal = 'gave other results than narrow ones on this machine';
    else if (gain < LEAST_GAIN)
      refusal = `gave ${gain.toFixed(2)} times the speed of narrow ones, less than ${LEAST_GAIN}, on this machine`;
    else {
      refusal = null;
      device.wide = { on: true, note: `Vectors of 256 bits, joined by V8: products ${gain.toFixed(1)} times as fast.` };
    }
  } finally {
    v8.setFlagsFromString('--liftoff');
    if (refusal !== null) v8.setFlagsFromString(`--no-${JOIN}`);
  }
  return refusal;
}

interface Process {
  readonly arch?: string;
  readonly versions?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

function nodeV8(): V8 | null {
  const { process } = globalThis as { process?: Process };
  const versions = process?.versions ?? {};
  const engine = Number.parseInt(versions.v8 ?? '', 10);
  const isNode = versions.node !== undefined && versions.deno === undefined && versions.bun === undefined;
  const known = isNode && engine >= KNOWN_V8.first && engine <= KNOWN_V8.last;
  return known && process?.arch === 'x64' ? ((process.getBuiltinModule?.('node:v8') as V8 | undefined) ?? null) : null;
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

/** Products with sizes off the tiles, and a function between them. */
function checkProgram(): Program {
  const f32 = (...shape: number[]) => ({ shape, dtype: 'f32' as const });
  const { program } = traceProgram([f32(37, 29), f32(29, 65)], (x, v) => {
    const dot = (a: typeof x, b: typeof x, i: number, j: number) =>
      lax.dotGeneral(a, b, { contract: [[i], [j]], batch: [[], []] });
    const hidden = lax.softplus(dot(x, v, 1, 0));
    // Of loops over elements V8 joins whole functions.
    const functions = [lax.exp, lax.tanh, lax.sigmoid, lax.erf, lax.log].map((f) => f(x));
    return [dot(hidden, hidden, 0, 0), lax.reduceSum(hidden, [0]), ...functions];
  });
  return lower(program);
}

function runCheck(device: SynchronousDevice, program: Program): Float32Array {
  const inputs = program.inputs.map(({ shape }, k) =>
    device.put(
      Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i * 1.37 + k) / 4),
      'f32',
    ),
  );
  const outputs = device.compile(program).run(inputs);
  return Float32Array.from(outputs.flatMap((storage) => Array.from(device.readSync(storage))));
}
