import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Program } from '../../program/program.ts';
import { cpuDevice } from './device.ts';
import { f32, f64, programOf, sample } from './testing/against-reference.ts';
import { buildFrom } from './testing/random-program.ts';

const single = cpuDevice({ threads: 1 });
const paired = cpuDevice({ threads: 1 });
paired.wide = { on: true, note: '' };

function results(device: typeof single, program: Program): number[][] {
  const inputs = program.inputs.map((aval, i) => device.put(sample(aval, i + 1), aval.dtype));
  const outputs = device.compile(program).run(inputs);
  const read = outputs.map((storage) => [...device.readSync(storage)]);
  for (const storage of [...inputs, ...outputs]) storage.dispose();
  return read;
}

function expectSameBits(program: Program): void {
  const [wanted, got] = [single, paired].map((device) => results(device, program));
  wanted.forEach((output, k) => {
    output.forEach((value, i) => {
      if (!Object.is(value, got[k][i])) throw new Error(`output ${k}, element ${i}: ${got[k][i]} for ${value}`);
    });
  });
}

describe('loops that turn on two vectors at a time', () => {
  it('give every element of vectors of any length, and write nothing beside them', () => {
    for (let size = 1; size <= 40; size++)
      for (const aval of [f32(size), f64(size)])
        expectSameBits(
          programOf([aval, aval], (l, x, y) => [l.exp(l.mul(x, y)), l.add(x, y), l.select(l.lt(x, y), x, y)]),
        );
  });

  it('overwrite their operands only when both vectors are read', () => {
    for (const size of [5, 8, 9, 23, 1000])
      expectSameBits(
        programOf([f32(size)], (l, x) => {
          const a = l.tanh(x);
          return [l.add(l.rev(a, [0]), a), l.reduceSum(a, [0])];
        }),
      );
  });

  it('walk along inner axes of any extent', () => {
    for (const [rows, columns] of [
      [3, 41],
      [17, 16],
      [5, 9],
      [2, 33],
      [300, 20],
    ] as const)
      expectSameBits(
        programOf([f32(rows, columns), f32(columns)], (l, x, y) => [
          l.add(l.exp(x), l.broadcastInDim(y, [rows, columns], [1])),
          l.transpose(l.log(l.abs(x)), [1, 0]),
        ]),
      );
  });

  it('compute random programs as single vectors do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 }),
        (shapes, numbers) =>
          expectSameBits(
            programOf(
              shapes.map((extents) => f32(...extents)),
              buildFrom(numbers),
            ),
          ),
      ),
      { numRuns: 60 },
    );
  });
});
