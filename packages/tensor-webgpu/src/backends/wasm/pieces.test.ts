import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../rewrites/index.ts';
import { bytesPerElement } from '../../dtype/dtype.ts';
import { fuse } from '../../fuse/fuse.ts';
import { aligned } from '../../plan/arena.ts';
import type { Program } from '../../program/program.ts';
import { sizeOf } from '../../shape/shape.ts';
import { features, ModuleBuilder } from './assembler/index.ts';
import { emitProgram } from './emit/program.ts';
import { windowOn } from './host-call.ts';
import { cpuTarget } from './target.ts';
import { f32, i32, programOf, sample } from './testing/against-reference.ts';
import { buildFrom } from './testing/random-program.ts';

type Phase = (from: number, to: number, arena: number, table: number, thread: number) => void;

/** Runs a program with what can be cut done by `threads` threads, one after the other. */
function runWith(program: Program, threads: number): number[][] {
  const schedule = fuse(program, cpuTarget);
  const module = new ModuleBuilder({ relaxed: features().relaxedSimd });
  module.importMemory({ initial: 256, maximum: 256 });
  const { plan, functions, units } = emitProgram(module, schedule, [], { exportPhases: true, threads });
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), {
    env: { memory },
    scalar: functions,
    host: { call: () => expect.unreachable('these programs need no help') },
  });
  let end = 4096;
  const place = (bytes: number): number => {
    const address = end;
    end += aligned(bytes, cpuTarget.alignment);
    return address;
  };
  const variables = [...schedule.inputs, ...schedule.outputs];
  const addresses = variables.map((variable) => place(sizeOf(variable.shape) * bytesPerElement(variable.dtype)));
  schedule.inputs.forEach((variable, i) => {
    windowOn(memory, variable.dtype, addresses[i], sizeOf(variable.shape)).set(sample(variable, i + 1));
  });
  new Uint32Array(memory.buffer, 64).set(addresses);
  const arena = place(plan.arenaBytes);
  units.forEach((count, i) => {
    const phase = instance.exports[`phase-${i}`] as Phase;
    const cut = (thread: number): number => Math.floor((thread * count) / threads);
    // The last thread goes first: nothing may depend on the order.
    for (let thread = threads - 1; thread >= 0; thread--) phase(cut(thread), cut(thread + 1), arena, 64, thread);
  });
  return schedule.outputs.map((variable, i) => [
    ...windowOn(memory, variable.dtype, addresses[schedule.inputs.length + i], sizeOf(variable.shape)),
  ]);
}

describe('results do not depend on how work is cut', () => {
  const programs: Record<string, Program> = {
    'a small network with its weight gradients': programOf(
      [f32(250, 7), f32(7, 33), f32(33, 9), f32(33)],
      (l, x, w, v, b) => {
        const matmul: Parameters<typeof l.dotGeneral>[2] = { contract: [[1], [0]], batch: [[], []] };
        const z = l.add(l.dotGeneral(x, w, matmul), l.broadcastInDim(b, [250, 33], [1]));
        const y = l.softplus(z);
        const out = l.dotGeneral(y, v, matmul);
        const back = l.mul(l.dotGeneral(out, v, { contract: [[1], [1]], batch: [[], []] }), l.sigmoid(z));
        const loss = l.reduceSum(l.mul(out, out), [0, 1]);
        return [
          loss,
          l.dotGeneral(y, out, { contract: [[0], [0]], batch: [[], []] }),
          l.dotGeneral(x, back, { contract: [[0], [0]], batch: [[], []] }),
          l.reduceSum(back, [0]),
        ];
      },
    ),
    'softmax over rows and sums over columns': programOf([f32(301, 45)], (l, x) => {
      const wide = (v: Parameters<typeof l.exp>[0]) => l.broadcastInDim(v as never, [301, 45], [0]);
      const e = l.exp(l.sub(x, wide(l.reduceMax(x, [1]))));
      const p = l.div(e, wide(l.reduceSum(e, [1])));
      return [p, l.reduceSum(p, [0]), l.argMax(x, 1), l.transpose(p, [1, 0])];
    }),
    'a long sum': programOf([f32(100003), f32(100003)], (l, x, y) => [
      l.reduceSum(l.mul(x, y), [0]),
      l.reduceMax(x, [0]),
    ]),
    'batched products, scatters and joins': programOf(
      [f32(9, 12, 5), f32(9, 5, 6), i32(40), f32(40, 6)],
      (l, a, b, i, u) => {
        const c = l.dotGeneral(a, b, { contract: [[2], [1]], batch: [[0], [0]] });
        const flat = l.reshape(c, [108, 6]);
        return [
          c,
          l.scatter(flat, i, u, { batchDims: 0, mode: 'add' }),
          l.concat([flat, u], 0),
          l.reduceSum(c, [0, 1]),
        ];
      },
    ),
  };
  for (const [name, program] of Object.entries(programs)) {
    it(name, () => {
      const alone = runWith(program, 1);
      expect(alone.flat().every(Number.isFinite)).toBe(true);
      for (const threads of [2, 3, 7]) expect(runWith(program, threads)).toEqual(alone);
    });
  }

  it('random programs', { timeout: 120000 }, () => {
    const shape = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(
        fc.array(shape, { minLength: 1, maxLength: 2 }),
        fc.array(fc.nat(1 << 20), { minLength: 40, maxLength: 120 }),
        (shapes, numbers) => {
          const program = programOf(
            shapes.map((extents) => f32(...extents)),
            buildFrom(numbers),
          );
          expect(runWith(program, 3)).toEqual(runWith(program, 1));
        },
      ),
      { endOnFailure: true, numRuns: Number(process.env.FUZZ_RUNS ?? 100), seed: Number(process.env.FUZZ_SEED ?? 7) },
    );
  });
});
