import threads, { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgramError } from '../../../index.ts';
import { type Callable, type FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { type CpuDevice, cpuDevice } from '../device.ts';
import { PART_PARAMS, Tasks } from '../emit/tasks.ts';
import { f32, programOf, sample } from '../testing/against-reference.ts';
import { BOARD } from './board.ts';
import { trapped } from './failure.ts';
import { pool, type SharedProgram } from './pool.ts';

const UNITS = 64;
const THREADS = 3;
/** Where units write which of them ran. */
const MARKS = 8192;

afterEach(() => pool.end());

/** Milliseconds in which helpers come to take a unit, on a busy machine, too. */
const PATIENCE = 20_000;
/** A word for what units of a test have to tell each other. */
const WORD = 4096;

/** Workers that were started since the last test. */
const workers: Worker[] = [];
beforeEach(() => {
  vi.spyOn(threads, 'Worker').mockImplementation(
    class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        workers.push(this);
      }
    },
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  workers.length = 0;
});

/** What the host does for a program: when a unit calls it, and when the caller has waited long. */
interface Host {
  outside?(): void;
  lookOut?(board: Int32Array): void;
}

/** A program of one task whose units mark themselves, and meet `fault` first, which may call outside. */
function marking(
  fault: (f: FunctionBuilder, thread: number, unit: number, outside: Callable) => void = () => {},
  { outside = () => {}, lookOut = (board) => pool.lookOut(board) }: Host = {},
) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1, maximum: 1, shared: true });
  const called = module.importFunction('test', 'outside');
  const tasks = new Tasks(module, module.importFunction('host', 'lookout'), true);
  const body = module.func('body', PART_PARAMS);
  body.loop(
    { local: 1 },
    (unit) => {
      fault(body, 4, unit, called);
      body.localGet(unit);
      body.i32Const(4);
      body.i32Mul();
      body.i32Const(1);
      body.i32AtomicRmwAdd(MARKS);
      body.drop();
    },
    { from: { local: 0 } },
  );
  const step = module.func('step');
  step.withLocal('i32', (zero) => tasks.emitShared(step, body, { units: UNITS, grain: 8 }, zero, zero));
  module.export(step);
  tasks.finish();
  const compiled = new WebAssembly.Module(module.toBytes());
  const board = new Int32Array(memory.buffer);
  const imports = { env: { memory }, test: { outside }, host: { lookout: () => lookOut(board) } };
  const run = new WebAssembly.Instance(compiled, imports).exports.step as () => void;
  const program = pool.program(compiled, memory, THREADS, 1000);
  return {
    program,
    board,
    marks: () => [...new Int32Array(memory.buffer, MARKS, UNITS)],
    run: () => {
      expect(pool.ready(program, THREADS, 0, true)).toBe(THREADS);
      pool.run(program, THREADS, run);
    },
  };
}

/** Traps when `condition` leaves 1. */
const trapIf = (f: FunctionBuilder, condition: () => void): void => {
  condition();
  f.if(() => f.unreachable());
};

describe('threads', { timeout: 60_000 }, () => {
  it('run every unit of a task once, helpers among them', () => {
    const { run, board, program } = marking();
    for (const until = performance.now() + PATIENCE; Atomics.load(board, BOARD.helped / 4) === 0; ) {
      if (performance.now() > until) break;
      run();
    }
    expect(Atomics.load(board, BOARD.helped / 4)).toBeGreaterThan(0);
    expect(Atomics.load(board, BOARD.failed / 4)).toBe(0);
    pool.drop(program);
  });

  it('add up to what was asked for', () => {
    const { run, marks } = marking();
    for (let turn = 1; turn <= 5; turn++) {
      run();
      expect(marks()).toEqual(Array(UNITS).fill(turn));
    }
  });

  it('stop with a named error when one of them traps, and are there for the next program', () => {
    const bad = marking((f, thread) => trapIf(f, () => f.localGet(thread)));
    for (let turn = 0; turn < 3; turn++) {
      // The helpers leave nothing when they are quick; then the caller has met nothing.
      let error: unknown;
      for (const until = performance.now() + PATIENCE; error === undefined && performance.now() < until; ) {
        try {
          bad.run();
        } catch (caught) {
          error = caught;
        }
      }
      expect(error).toBeInstanceOf(ProgramError);
      expect(String(error)).toContain('RuntimeError: unreachable');
      expect(String(error)).toBe(String(trapped(`RuntimeError: unreachable`)));
    }
    const good = marking();
    good.run();
    expect(good.marks()).toEqual(Array(UNITS).fill(1));
  });

  it('are left in order when the calling thread traps', () => {
    const bad = marking((f, thread) =>
      trapIf(f, () => {
        f.localGet(thread);
        f.i32Eqz();
      }),
    );
    let error: unknown;
    for (const until = performance.now() + PATIENCE; error === undefined && performance.now() < until; ) {
      try {
        bad.run();
      } catch (caught) {
        error = caught;
      }
    }
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
    for (let thread = 0; thread < THREADS; thread++)
      expect(Atomics.load(bad.board, (BOARD.taken + thread * BOARD.takenStride) / 4)).toBe(0);
    const good = marking();
    good.run();
    expect(good.marks()).toEqual(Array(UNITS).fill(1));
  });

  /** So many helpers with a unit say so, then wait for so many nanoseconds; the caller waits for their word, and calls outside. */
  const holding = (holders: number, nanoseconds: bigint, host: Host = {}) =>
    marking((f, thread, _, called) => {
      f.localGet(thread);
      f.if(
        () => {
          f.i32Const(0);
          f.i32Const(1);
          f.i32AtomicRmwAdd(WORD);
          f.i32Const(holders);
          f.i32LtU();
          f.if(() => {
            f.i32Const(0);
            f.i32Const(0);
            f.i64Const(nanoseconds);
            f.memoryAtomicWait32(WORD + 4);
            f.drop();
          });
        },
        () => {
          f.repeat((again) => {
            f.i32Const(0);
            f.i32AtomicLoad(WORD);
            f.i32Const(holders);
            f.i32LtU();
            f.brIf(again);
          });
          f.call(called);
        },
      );
    }, host);

  it('that end in the middle of a unit are a named error, and others start for the next program', async () => {
    const program = holding(1, -1n, {
      outside() {
        for (const worker of workers.splice(0)) void worker.terminate();
      },
    });
    expect(() => program.run()).toThrow(ProgramError);
    expect(pool.size).toBe(0);
    expect(pool.trouble).toBeNull();
    const good = marking();
    good.run();
    expect(good.marks()).toEqual(Array(UNITS).fill(1));
    // The news of the end comes late, and ends nobody else.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pool.size).toBe(THREADS - 1);
    good.run();
    expect(good.marks()).toEqual(Array(UNITS).fill(2));
  });

  it('that end while the caller leaves because of another are not waited for', () => {
    const program = holding(2, -1n, {
      outside() {
        if (workers.length === THREADS - 1) void workers.pop()?.terminate();
      },
      lookOut(board) {
        try {
          pool.lookOut(board);
        } catch (error) {
          void workers[0].terminate();
          throw error;
        }
      },
    });
    expect(() => program.run()).toThrow(ProgramError);
    for (let thread = 0; thread < THREADS; thread++)
      expect(Atomics.load(program.board, (BOARD.taken + thread * BOARD.takenStride) / 4)).toBe(0);
    const good = marking();
    good.run();
    expect(good.marks()).toEqual(Array(UNITS).fill(1));
  });

  it('that only take long are waited for', () => {
    const slow = holding(1, 1_500_000_000n);
    slow.run();
    expect(slow.marks()).toEqual(Array(UNITS).fill(1));
    // Someone looked whether they were still there.
    expect(workers).toHaveLength(THREADS);
  });

  it('that end between programs are replaced', async () => {
    const good = marking();
    good.run();
    await workers[0].terminate();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pool.size).toBe(0);
    good.run();
    expect(pool.size).toBe(THREADS - 1);
    expect(good.marks()).toEqual(Array(UNITS).fill(2));
  });

  it('run nothing within a run', () => {
    const { program } = marking();
    const outer = marking();
    expect(pool.ready(outer.program, THREADS, 0, true)).toBe(THREADS);
    pool.run(outer.program, THREADS, () => expect(pool.ready(program, THREADS, 0, true)).toBe(1));
  });

  it('are ended once they hold much code that was dropped', () => {
    const { program, run } = marking();
    run();
    expect(pool.size).toBe(THREADS - 1);
    const heavy: SharedProgram = { ...program, bytes: 1e9 };
    pool.drop(heavy);
    expect(pool.size).toBe(0);
    run();
    expect(pool.size).toBe(THREADS - 1);
  });
});

describe('a device with threads', { timeout: 60_000 }, () => {
  const program = programOf([f32(256, 64), f32(64, 64)], (l, x, w) => {
    const y = l.tanh(l.dotGeneral(x, w, { contract: [[1], [0]], batch: [[], []] }));
    return [y, l.reduceSum(y, [0])];
  });
  const other = programOf([f32(300, 7)], (l, x) => [l.exp(x), l.reduceSum(x, [1])]);
  const inputsOf = (device: CpuDevice, of = program) =>
    of.inputs.map((aval, i) => device.put(sample(aval, i + 1), 'f32'));
  const valuesOf = (device: CpuDevice, outputs: readonly unknown[]) =>
    outputs.flatMap((storage) => [...device.readSync(storage as never)]);
  const run = (device: CpuDevice, of = program): number[] => {
    const executable = device.compile(of);
    const values = valuesOf(device, executable.run(inputsOf(device, of)));
    executable.dispose();
    return values;
  };
  const expected = run(cpuDevice({ threads: 1, shareAll: false }));
  const expectedOther = run(cpuDevice({ threads: 1, shareAll: false }), other);
  const crowd = (): CpuDevice => cpuDevice({ threads: THREADS, shareAll: true });
  const helpedOn = ({ residency }: CpuDevice): number => new Int32Array(residency.heap.memory.buffer)[BOARD.helped / 4];

  it('goes on when its memory grows under them', () => {
    const device = crowd();
    const executable = device.compile(program);
    const first = inputsOf(device);
    expect(valuesOf(device, executable.run(first))).toEqual(expected);
    const before = device.memory().reservedBytes;
    const large = [1, 2, 3].map(() => device.put(new Float32Array(8 << 20), 'f32'));
    expect(device.memory().reservedBytes).toBeGreaterThan(before + (64 << 20));
    for (let turn = 0; turn < 20 || (turn < 200 && helpedOn(device) === 0); turn++) {
      const inputs = inputsOf(device);
      expect(valuesOf(device, executable.run(inputs))).toEqual(expected);
    }
    expect(helpedOn(device)).toBeGreaterThan(0);
    for (const storage of large) storage.dispose();
  });

  it('goes on in another memory after trim', () => {
    const device = crowd();
    const old = device.compile(program);
    old.run(inputsOf(device));
    const large = [1, 2, 3, 4].map(() => device.put(new Float32Array(8 << 20), 'f32'));
    for (const storage of large) storage.dispose();
    old.dispose();
    const { memory } = device.residency.heap;
    device.trim();
    expect(device.residency.heap.memory).not.toBe(memory);
    expect(pool.size).toBe(0);
    for (let turn = 0; turn < 200 && helpedOn(device) === 0; turn++) expect(run(device)).toEqual(expected);
    expect(helpedOn(device)).toBeGreaterThan(0);
  });

  it('runs programs in turn with another device, and one after the other is disposed', () => {
    const [a, b] = [crowd(), crowd()];
    const programs = [
      { device: a, executable: a.compile(program), of: program, wanted: expected },
      { device: a, executable: a.compile(other), of: other, wanted: expectedOther },
      { device: b, executable: b.compile(program), of: program, wanted: expected },
    ];
    for (let turn = 0; turn < 10; turn++)
      for (const { device, executable, of, wanted } of programs)
        expect(valuesOf(device, executable.run(inputsOf(device, of)))).toEqual(wanted);
    programs[0].executable.dispose();
    for (const { device, executable, of, wanted } of programs.slice(1))
      expect(valuesOf(device, executable.run(inputsOf(device, of)))).toEqual(wanted);
    expect(run(a)).toEqual(expected);
  });

  it('takes fewer threads at once when told so', () => {
    const device = crowd();
    const executable = device.compile(program);
    executable.run(inputsOf(device));
    expect(pool.size).toBe(THREADS - 1);
    const before = helpedOn(device);
    expect(device.useThreads(1)).toBe(false);
    for (let turn = 0; turn < 20; turn++) expect(valuesOf(device, executable.run(inputsOf(device)))).toEqual(expected);
    expect(helpedOn(device)).toBe(before);
    expect(device.useThreads(THREADS)).toBe(false);
    expect(device.useThreads(THREADS + 1)).toBe(true);
  });

  it('takes less address space where there is not so much, and one thread where there is none', () => {
    const { Memory } = WebAssembly;
    const limited = (most: number) =>
      class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          if (descriptor.shared && (descriptor.maximum ?? 0) > most) throw new RangeError('no room');
          super(descriptor);
        }
      };
    try {
      WebAssembly.Memory = limited(20_000);
      const small = crowd();
      expect(small.threads).toBe(THREADS);
      expect(run(small)).toEqual(expected);
      WebAssembly.Memory = limited(1000);
      const none = crowd();
      expect(none.threads).toBe(1);
      expect(none.info().notes).toEqual(['One thread: no shared memory could be had (RangeError: no room).']);
      expect(run(none)).toEqual(expected);
    } finally {
      WebAssembly.Memory = Memory;
    }
  });

  it('starts none for small programs, nor for a little work', () => {
    const device = cpuDevice({ threads: THREADS, shareAll: false });
    const small = device.compile(programOf([f32(8, 8)], (l, x) => [l.tanh(x)]));
    expect(small.report.threads).toBe(1);
    const large = device.compile(programOf([f32(512, 512)], (l, x) => [l.tanh(x)]));
    expect(large.report.threads).toBe(THREADS);
    for (let turn = 0; turn < 3; turn++) large.run([device.put(new Float32Array(512 * 512), 'f32')]);
    expect(pool.size).toBe(0);
    for (let turn = 0; turn < 300; turn++)
      for (const made of large.run([device.put(new Float32Array(512 * 512), 'f32')])) made.dispose();
    expect(pool.size).toBe(THREADS - 1);
  });
});
