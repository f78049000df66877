import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../rewrites/index.ts';
import { cpuTarget } from '../backends/wasm/target.ts';
import { programOf, sample } from '../backends/wasm/testing/against-reference.ts';
import { buildFrom } from '../backends/wasm/testing/random-program.ts';
import { type DType, isFloat } from '../dtype/dtype.ts';
import { loweredPrograms } from '../fuzz/testing/loweredPrograms.ts';
import { accessOf } from '../kernels/access.ts';
import { allSchedules, type Schedule } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import { conv } from '../ops/conv.ts';
import { lower } from '../optimize/simplify.ts';
import { planMemory } from '../plan/plan.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Program } from '../program/program.ts';
import type { RefArray } from '../program/refArray.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { traceProgram } from '../trace/builder.ts';
import { vjp } from '../transforms/index.ts';
import { fuse } from './fuse.ts';
import { Interpreter } from './testing/interpreter.ts';

/** Devices unlike each other: rows chained through everything, through a work group, and not at all. */
const targets: Record<string, Target> = {
  cores: cpuTarget,
  'small blocks': { ...cpuTarget, fewRows: 1, oneRow: 1, smallWork: 2, sharedOperand: 1 << 30 },
  'work groups': {
    ...cpuTarget,
    chained: ['loops', 'reduce'],
    prologues: true,
    epilogues: true,
    finishesTurned: () => true,
    bindings: 8,
    alignment: 256,
    smallFirst: true,
  },
  'sums in pieces': { ...cpuTarget, split: { fewRows: 20, pieces: 3, terms: 2, work: 0, productWork: 0 } },
  'products in pieces': {
    ...cpuTarget,
    split: { fewRows: 2, pieces: 3, terms: 2, work: 0, productWork: 0, large: { elements: 0, terms: 2 } },
  },
  'products in batches': { ...cpuTarget, batchedPlaces: 1, fewRows: 2 },
  'one stage a kernel': { ...cpuTarget, chained: [], bindings: 6, alignment: 16, largest: { loads: 4, nodes: 20 } },
};

/** A source of whole numbers below a bound. */
function drawing(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** What a target asks of kernels. */
function checkForm(schedule: Schedule, target: Target): void {
  for (const { groups } of allSchedules(schedule)) {
    for (const { parts } of groups) {
      for (const part of parts) {
        if (part.kind !== 'rows') continue;
        expect(new Set([...part.reads, ...part.writes]).size).toBeLessThanOrEqual(target.bindings);
        expect({ reads: part.reads, writes: part.writes }).toEqual(accessOf(part.stages));
        if (part.stages.length > 1) for (const { kind } of part.stages) expect(target.chained).toContain(kind);
        for (const stage of part.stages) {
          if (stage.kind !== 'contraction') continue;
          if (!target.epilogues) expect(stage.epilogue).toBeNull();
          if (!target.prologues) expect([stage.lhs.kind, stage.rhs.kind]).toEqual(['memory', 'memory']);
        }
      }
    }
  }
}

/** Fuses and plans a program for every target, runs the kernels, and compares with its plain evaluation. */
function checkTargets(program: Program, arrays: readonly RefArray[], seed: number, only = Object.keys(targets)): void {
  const expected = evaluateProgram(program, arrays);
  const below = drawing(seed);
  for (const name of only) {
    const target = targets[name];
    const schedule = fuse(program, target);
    checkForm(schedule, target);
    const donate = program.inputs.map(() => below(2) === 0);
    const plan = planMemory(schedule, { target, donate, scratch: () => 0 });
    const actual = new Interpreter(target, below).run(schedule, plan, arrays);
    actual.forEach(({ data, dtype }, k) => {
      const wanted = expected[k].data;
      let scale = 1;
      for (const x of wanted) if (Number.isFinite(x)) scale = Math.max(scale, Math.abs(x));
      for (let i = 0; i < wanted.length; i++) {
        const same =
          Object.is(data[i], wanted[i]) ||
          data[i] === wanted[i] ||
          (isFloat(dtype) && Math.abs(data[i] - wanted[i]) <= 1e-9 * scale);
        if (!same) throw new Error(`${name}, output ${k}, element ${i}: expected ${wanted[i]}, got ${data[i]}`);
      }
    });
  }
}

const arraysOf = (program: Program): RefArray[] =>
  program.inputs.map(({ shape, dtype }, i) => ({ shape, dtype, data: sample({ shape, dtype }, i + 1) }));

describe('kernels run from their form alone', () => {
  for (const dtype of ['f32', 'i32', 'f64'] as DType[]) {
    it(`on random programs in ${dtype}`, { timeout: 120_000 }, () => {
      const shape = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 0, maxLength: 3 });
      fc.assert(
        fc.property(
          fc.array(shape, { minLength: 1, maxLength: 2 }),
          fc.array(fc.nat(1 << 20), { minLength: 40, maxLength: 120 }),
          (shapes, numbers) => {
            const program = programOf(
              shapes.map((extents) => ({ shape: extents, dtype })),
              buildFrom(numbers),
            );
            checkTargets(program, arraysOf(program), numbers[0]);
          },
        ),
        {
          endOnFailure: true,
          numRuns: Number(process.env.FUZZ_RUNS ?? 150),
          seed: Number(process.env.FUZZ_SEED ?? 20261127),
        },
      );
    });
  }

  it('on convolutions and their derivatives', () => {
    const shapes = [
      [3, 4, 6, 5],
      [2, 4, 3, 2],
    ];
    const { program } = traceProgram(
      shapes.map((extents) => ({ shape: extents, dtype: 'f32' })),
      (x, w) => {
        const f = (a: Tensor, b: Tensor): Tensor => conv(a, b, { padding: 1 });
        const [y, pull] = vjp(f, x as Tensor, w as Tensor);
        return [y, ...(pull(y.square()) as Tensor[])];
      },
    );
    const simple = lower(program);
    checkTargets(simple, arraysOf(simple), 5);
  });

  it('on programs of the fuzzer, with transforms and control flow', { timeout: 120_000 }, () => {
    const first = Number(process.env.FUZZ_SEED ?? 71_000);
    const count = Number(process.env.FUZZ_RUNS ?? 150);
    let run = 0;
    for (const { seed, program, data } of loweredPrograms(first, count)) {
      run++;
      const arrays = program.inputs.map(({ shape, dtype }, i) => ({ shape, dtype, data: data[i] }));
      try {
        checkTargets(program, arrays, seed);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    expect(run).toBeGreaterThan(count / 2);
  });
});
