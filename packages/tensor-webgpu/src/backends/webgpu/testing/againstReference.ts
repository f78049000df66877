import { isFloat, type TypedArray } from '../../../dtype/dtype.ts';
import { evaluateProgram } from '../../../program/evaluate.ts';
import type { Program } from '../../../program/program.ts';
import { sample } from '../../wasm/testing/against-reference.ts';
import type { WebGpuDevice } from '../device.ts';

/** Beyond this, float32 is near its end and sums of it say little. */
const HUGE = 1e30;

/**
 * Runs a program twice on a GPU and once plainly, and compares; floats to `tolerance` relative to the largest element.
 * Throws at the first element that differs.
 */
export async function checkOnGpu(
  device: WebGpuDevice,
  program: Program,
  { tolerance = 1e-5, donate, given }: { tolerance?: number; donate?: boolean[]; given?: readonly TypedArray[] } = {},
): Promise<void> {
  const data = given ?? program.inputs.map((aval, i) => sample(aval, i + 1));
  const expected = evaluateProgram(
    program,
    program.inputs.map(({ shape, dtype }, i) => ({ shape, dtype, data: data[i] })),
  );
  const executable = await device.compile(program, { donate });
  for (let turn = 0; turn < 2; turn++) {
    const inputs = await Promise.all(program.inputs.map(({ dtype }, i) => device.put(data[i], dtype)));
    const outputs = await executable.run(inputs);
    for (let k = 0; k < outputs.length; k++) {
      const actual = await device.read(outputs[k]);
      const { dtype } = program.outputs[k];
      const wanted = expected[k].data;
      let scale = 1;
      for (const value of wanted) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
      const bound = isFloat(dtype) ? tolerance * scale : 0;
      for (let i = 0; i < wanted.length; i++) {
        const [a, w] = [actual[i], wanted[i]];
        if (Object.is(a, w) || a === w || Math.abs(a - w) <= bound) continue;
        if (isFloat(dtype) && !(Math.abs(w) < HUGE)) continue;
        throw new Error(`turn ${turn}, output ${k} (${dtype}), element ${i}: expected ${w}, got ${a} (bound ${bound})`);
      }
      outputs[k].dispose();
    }
    for (const storage of inputs) storage.dispose();
  }
  executable.dispose();
}
