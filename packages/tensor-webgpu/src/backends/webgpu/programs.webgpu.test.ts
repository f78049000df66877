import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loweredPrograms } from '../../fuzz/testing/loweredPrograms.ts';
import * as ff from '../../index.ts';
import type { Program } from '../../program/program.ts';
import { deviceNamed } from '../../runtime/registry.ts';
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
    for (const { seed, program, data: given } of loweredPrograms(first, runs)) {
      if (usesFloat64(program)) continue;
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
