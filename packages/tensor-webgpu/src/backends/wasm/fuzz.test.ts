import fc from 'fast-check';
import { describe, it } from 'vitest';
import '../../rewrites/index.ts';
import type { DType } from '../../dtype/dtype.ts';
import { checkProgram, programOf } from './testing/against-reference.ts';
import { buildFrom } from './testing/random-program.ts';

describe('random programs', () => {
  for (const dtype of ['f32', 'i32', 'f64'] as DType[]) {
    it(`run as the reference does in ${dtype}`, { timeout: 120000 }, () => {
      const shape = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 0, maxLength: 3 });
      fc.assert(
        fc.property(
          fc.array(shape, { minLength: 1, maxLength: 2 }),
          fc.array(fc.nat(1 << 20), { minLength: 40, maxLength: 120 }),
          fc.boolean(),
          (shapes, numbers, donate) => {
            const program = programOf(
              shapes.map((extents) => ({ shape: extents, dtype })),
              buildFrom(numbers),
            );
            checkProgram(
              program,
              1e-5,
              undefined,
              program.inputs.map(() => donate),
            );
          },
        ),
        {
          endOnFailure: true,
          numRuns: Number(process.env.FUZZ_RUNS ?? 150),
          seed: Number(process.env.FUZZ_SEED ?? 20261124),
        },
      );
    });
  }
});
