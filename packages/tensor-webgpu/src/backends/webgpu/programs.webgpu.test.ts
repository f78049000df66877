import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { inputData } from '../../fuzz/draft.ts';
import { operations } from '../../fuzz/operations/index.ts';
import { sketch } from '../../fuzz/sketch.ts';
import { functionOf, functionTexts } from '../../fuzz/text.ts';
import { transforms } from '../../fuzz/wraps.ts';
import { write } from '../../fuzz/write.ts';
import * as ff from '../../index.ts';
import { lower } from '../../optimize/simplify.ts';
import type { Program } from '../../program/program.ts';
import { deviceNamed } from '../../runtime/registry.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { traceProgram } from '../../trace/builder.ts';
import { programOf } from '../wasm/testing/against-reference.ts';
import { buildFrom } from '../wasm/testing/random-program.ts';
import type { WebGpuDevice } from './device.ts';
import { checkOnGpu } from './testing/againstReference.ts';

// A page has no environment.
const env: Record<string, string | undefined> = typeof process === 'object' ? process.env : {};
const runs = Number(env.FUZZ_RUNS ?? 25);

let device: WebGpuDevice;
beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
  device = deviceNamed('webgpu') as WebGpuDevice;
  ff.defaultDevice('cpu');
});

const usesFloat64 = (program: Program): boolean =>
  [...program.inputs, ...program.eqns.flatMap((eqn) => [...eqn.inputs, ...eqn.outputs])].some(
    ({ dtype }) => dtype === 'f64',
  );

describe('random programs run on a GPU as plainly', () => {
  for (const dtype of ['f32', 'i32'] as const) {
    it(`in ${dtype}`, { timeout: 300_000 }, async () => {
      const shape = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 0, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(shape, { minLength: 1, maxLength: 2 }),
          fc.array(fc.nat(1 << 20), { minLength: 40, maxLength: 120 }),
          fc.boolean(),
          async (shapes, numbers, donate) => {
            const program = programOf(
              shapes.map((extents) => ({ shape: extents, dtype })),
              buildFrom(numbers),
            );
            await checkOnGpu(device, program, { donate: program.inputs.map(() => donate) });
          },
        ),
        { endOnFailure: true, numRuns: runs, seed: Number(env.FUZZ_SEED ?? 20261127) },
      );
    });
  }

  it('with transforms and control flow', { timeout: 300_000 }, async () => {
    const first = Number(env.FUZZ_SEED ?? 71_000);
    let checked = 0;
    for (let seed = first; seed < first + runs; seed++) {
      const draft = write(sketch(seed, Object.keys(operations), Object.keys(transforms)));
      let traced: ReturnType<typeof traceProgram>;
      try {
        traced = traceProgram(draft.inputs, functionOf(functionTexts(draft)));
      } catch {
        continue; // Some programs ask for derivatives that do not exist.
      }
      const program = lower(traced.program);
      if (usesFloat64(program)) continue;
      const given = [...inputData(draft), ...traced.captured.map((value) => (value as Tensor).dataSync())];
      const donate = program.inputs.map((_, i) => (7 * seed + i) % 2 === 0);
      try {
        await checkOnGpu(device, program, { tolerance: 2e-4, donate, given });
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      checked++;
    }
    expect(checked).toBeGreaterThan(runs / 3);
  });
});
