import { describe, expect, it } from 'vitest';
import type { DType, TypedArray } from '../../../dtype/dtype.ts';
import { loweredPrograms } from '../../../fuzz/testing/loweredPrograms.ts';
import * as ff from '../../../index.ts';
import { opTable } from '../../../ops/table/index.ts';
import { lower } from '../../../optimize/simplify.ts';
import type { Aval } from '../../../program/aval.ts';
import type { Program } from '../../../program/program.ts';
import { traceProgram } from '../../../trace/builder.ts';
import { cpuDevice } from '../device.ts';
import { f32, i32, programOf, sample } from '../testing/against-reference.ts';
import { buildFrom } from '../testing/random-program.ts';
import { BOARD } from './board.ts';

/** One thread cuts work as it always does; the others cut as finely as it goes, and leave the first pieces to each other. */
const alone = cpuDevice({ threads: 1, shareAll: false });
const crowds = [2, 3, 5].map((threads) => cpuDevice({ threads, shareAll: true }));
// Tiles for joined vectors change nothing either.
crowds[1].wide = { on: true, note: '' };

const helped = (): number =>
  crowds.reduce((sum, { residency }) => sum + new Int32Array(residency.heap.memory.buffer)[BOARD.helped / 4], 0);

const bitsOf = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function bits(device: typeof alone, program: Program, data: readonly TypedArray[], donate: boolean): Uint8Array[] {
  const executable = device.compile(program, { donate: program.inputs.map(() => donate) });
  const inputs = program.inputs.map(({ dtype }, i) => device.put(data[i], dtype));
  const outputs = executable.run(inputs);
  const results = outputs.map((storage) => bitsOf(device.readSync(storage)));
  for (const storage of [...inputs, ...outputs]) storage.dispose();
  executable.dispose();
  return results;
}

/** Whether a program gives the same bits with any number of threads. */
function expectEqual(program: Program, data: readonly TypedArray[], donate = false): void {
  const expected = bits(alone, program, data, donate);
  for (const device of crowds) {
    bits(device, program, data, donate).forEach((result, i) => {
      const at = result.findIndex((byte, k) => byte !== expected[i][k]);
      if (at >= 0) throw new Error(`${device.threads} threads: output ${i} differs at byte ${at}`);
    });
  }
}

const RUNS = Number(process.env.FUZZ_RUNS ?? 40);
const SEED = Number(process.env.FUZZ_SEED ?? 30_000);

describe('results are the same to the bit for 1, 2, 3 and 5 threads', { timeout: 300_000 }, () => {
  it('of the programs of the fuzzer, with transforms and control flow', () => {
    let run = 0;
    for (const { seed, program, data } of loweredPrograms(SEED, RUNS)) {
      run++;
      try {
        expectEqual(program, data, seed % 2 === 0);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    expect(run).toBeGreaterThan(RUNS / 2);
    expect(helped()).toBeGreaterThan(RUNS);
  });

  it('of random programs on larger arrays', () => {
    for (let seed = SEED; seed < SEED + RUNS / 2; seed++) {
      const draw = (i: number): number => (Math.imul(seed * 97 + i, 2654435761) >>> 8) & 0xfffff;
      const program = programOf(
        [f32(1 + (draw(0) % 60), 1 + (draw(1) % 40)), f32(1 + (draw(2) % 300))],
        buildFrom(Array.from({ length: 40 + (draw(3) % 60) }, (_, i) => draw(i + 4))),
      );
      const data = program.inputs.map((aval, i) => sample(aval, i + seed));
      expectEqual(program, data, seed % 2 === 0);
    }
  });

  it('of every function of the table, over a batch', () => {
    for (const { name, apply, examples, dtypes = ['f32'] } of opTable) {
      const avals = examples.map(
        ({ shape, dtype }): Aval => ({ shape: [9, ...shape], dtype: dtype ?? (dtypes[0] as DType) }),
      );
      const mapped = ff.vmap(apply as (...operands: ff.Tensor[]) => ff.Tensor);
      const { program, captured } = traceProgram(avals, (...values) => [mapped(...(values as ff.Tensor[]))]);
      const data = avals.map((aval, i) => {
        const [low, high] = examples[i].range;
        const drawn = sample({ ...aval, dtype: 'f64' }, i + 1).map((x) => low + ((x + 2) / 4) * (high - low));
        return (aval.dtype === 'f32' || aval.dtype === 'f64' ? drawn : drawn.map(Math.floor)) as TypedArray;
      });
      try {
        expectEqual(lower(program), [...data, ...captured.map((value) => (value as ff.Tensor).dataSync())]);
      } catch (error) {
        throw new Error(`${name}: ${String(error)}`, { cause: error });
      }
    }
  });

  it('of long sums, batched products, scatters and loops whose turns are shared', () => {
    const matmul = { contract: [[1], [0]], batch: [[], []] } as const;
    const programs = [
      programOf([f32(300_007), f32(300_007)], (l, x, y) => [l.reduceSum(l.mul(x, y), [0]), l.reduceMax(x, [0])]),
      programOf([f32(30_011, 9), f32(30_011, 7)], (l, x, y) => [
        l.dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] }),
        l.reduceSum(x, [0]),
        l.reduceSum(y, [0, 1]),
      ]),
      programOf([f32(9, 12, 5), f32(9, 5, 6), i32(40), f32(40, 6)], (l, a, b, i, u) => {
        const c = l.dotGeneral(a, b, { contract: [[2], [1]], batch: [[0], [0]] });
        const flat = l.reshape(c, [108, 6]);
        return [c, l.scatter(flat, i, u, { batchDims: 0, mode: 'add' }), l.concat([flat, u], 0)];
      }),
      programOf([f32(70, 33), f32(33, 33)], (l, x, w) => {
        const turn = (carry: ff.Tensor): [ff.Tensor, ff.Tensor] => {
          const next = l.tanh(l.dotGeneral(carry, w, matmul)) as ff.Tensor;
          return [next, l.reduceSum(next, [0]) as ff.Tensor];
        };
        return ff.scan(turn, x as ff.Tensor, undefined, { length: 7 });
      }),
    ];
    for (const program of programs)
      expectEqual(
        program,
        program.inputs.map((aval, i) => sample(aval, i + 1)),
      );
  });
});
