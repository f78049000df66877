import { cpuDevice, type WideVectors } from './backends/wasm/device.ts';
import { DeviceError } from './errors/errors.ts';
import { lower } from './optimize/simplify.ts';
import { lax } from './primitives/lax.ts';
import type { Program } from './program/program.ts';
import type { SynchronousDevice } from './runtime/device.ts';
import { traceProgram } from './trace/builder.ts';

/** What Node gives of V8. */
interface V8 {
  setFlagsFromString(flags: string): void;
}

const JOIN = 'experimental-wasm-revectorize';
const REMEDY = 'Leave wideVectors out; everything works without it, with products at about half the speed.';

/**
 * Lets V8 join pairs of 128-bit vectors into 256-bit ones, an experimental option of it that about doubles the speed of
 * matrix products on processors with AVX2. A check program must give the same bits with and without it.
 *
 * @throws DeviceError where the runtime is not Node, or when the check fails; nothing has changed then.
 */
export function useWideVectors(device: WideVectors): void {
  if (device.pairVectors) return;
  const v8 = nodeV8();
  const plain = runCheck(cpuDevice());
  const wide = cpuDevice();
  wide.pairVectors = true;
  v8.setFlagsFromString(`--${JOIN}`);
  // Only the optimizing compiler joins vectors, so the check must not run in the quick one.
  v8.setFlagsFromString('--no-liftoff');
  let same = false;
  try {
    same = runCheck(wide).every((value, i) => Object.is(value, plain[i]));
  } finally {
    v8.setFlagsFromString('--liftoff');
    if (!same) v8.setFlagsFromString(`--no-${JOIN}`);
  }
  if (!same) {
    throw new DeviceError(`init: wide vectors gave other results than narrow ones on this machine. ${REMEDY}`);
  }
  device.pairVectors = true;
}

function nodeV8(): V8 {
  const { process } = globalThis as { process?: { arch?: string; getBuiltinModule?: (name: string) => unknown } };
  const v8 = process?.getBuiltinModule?.('node:v8') as V8 | undefined;
  if (!v8 || process?.arch !== 'x64') {
    throw new DeviceError(`init: wide vectors need Node 22.3 or newer on an x86-64 processor. ${REMEDY}`);
  }
  return v8;
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
