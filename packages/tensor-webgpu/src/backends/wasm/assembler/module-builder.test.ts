import { expect, test } from 'vitest';
import { AssemblerError } from './errors.ts';
import { features } from './features.ts';
import type { FunctionBuilder } from './function-builder.ts';
import { ModuleBuilder } from './module-builder.ts';

function instantiate(module: ModuleBuilder, imports: WebAssembly.Imports = {}) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), imports);
  return exports as Record<string, (...operands: number[]) => number>;
}

/** A module with one exported function `run` of i32 parameters that returns an i32. */
function single(params: number, emit: (f: FunctionBuilder) => void) {
  const module = new ModuleBuilder();
  const f = module.func('run', new Array<'i32'>(params).fill('i32'), ['i32']);
  emit(f);
  module.export(f);
  const { run } = instantiate(module);
  if (!run) throw new Error('nothing exported');
  return run;
}

test('a counting loop runs body for from, from + step, … below the bound', () => {
  const visited = (from: number, bound: number, step: number) =>
    Array.from({ length: 40 }, (_, i) => from + i * step).filter((i) => i < bound);
  for (const from of [0, 2, 5])
    for (const bound of [-1, 0, 1, 5, 6, 17])
      for (const step of [1, 3, 4]) {
        const expected = visited(from, bound, step).reduce((hash, i) => Math.imul(hash, 31) + i, 7) | 0;
        const body = (f: FunctionBuilder, hash: number) => (i: number) => {
          f.localGet(hash);
          f.i32Const(31);
          f.i32Mul();
          f.localGet(i);
          f.i32Add();
          f.localSet(hash);
        };
        const build = (known: boolean) =>
          single(2, (f) => {
            const hash = f.local('i32');
            f.i32Const(7);
            f.localSet(hash);
            if (known) f.loop(bound, body(f, hash), { from, step });
            else f.loop({ local: 1 }, body(f, hash), { from: { local: 0 }, step });
            f.localGet(hash);
          });
        expect(build(true)(from, bound), `known ${from} ${bound} ${step}`).toBe(expected);
        expect(build(false)(from, bound), `unknown ${from} ${bound} ${step}`).toBe(expected);
      }
});

test('blocks, branches and conditions nest', () => {
  // Collatz steps until 1, at most 1000.
  const run = single(1, (f) => {
    const steps = f.local('i32');
    f.block((done) => {
      f.repeat((again) => {
        f.localGet(0);
        f.i32Const(1);
        f.i32Eq();
        f.brIf(done);
        f.localGet(0);
        f.i32Const(1);
        f.i32And();
        f.if(
          () => {
            f.localGet(0);
            f.i32Const(3);
            f.i32Mul();
            f.i32Const(1);
            f.i32Add();
          },
          () => {
            f.localGet(0);
            f.i32Const(1);
            f.i32ShrU();
          },
          'i32',
        );
        f.localSet(0);
        f.localGet(steps);
        f.i32Const(1);
        f.i32Add();
        f.localTee(steps);
        f.i32Const(1000);
        f.i32GeS();
        f.if(() => f.br(done));
        f.br(again);
      });
    });
    f.localGet(steps);
  });
  expect([1, 2, 6, 27].map((n) => run(n))).toEqual([0, 1, 8, 111]);
});

test('released locals are used again, by type', () => {
  const f = new ModuleBuilder().func('f', ['i32']);
  const first = f.local('v128');
  const second = f.local('v128');
  expect(first).toBe(1);
  f.release(first);
  expect(f.local('f32')).toBe(3);
  expect(f.local('v128')).toBe(first);
  expect(second).not.toBe(first);
  f.release(second);
  expect(() => f.release(second)).toThrow(AssemblerError);
  expect(() => f.localGet(9)).toThrow(/expected a local in \[0, 4\)/);
});

test('imports, inner functions and calls before definition', () => {
  const module = new ModuleBuilder();
  const log = module.importFunction('host', 'log', ['i32']);
  const outer = module.func('outer', ['i32'], ['i32']);
  const inner = module.func('inner', ['i32'], ['i32']);
  outer.localGet(0);
  outer.call(log);
  outer.localGet(0);
  outer.call(inner);
  inner.localGet(0);
  inner.i32Const(-100);
  inner.i32Add();
  module.export(outer);
  const logged: number[] = [];
  const exports = instantiate(module, { host: { log: (value: number) => logged.push(value) } });
  expect(exports['outer']?.(7)).toBe(-93);
  expect(logged).toEqual([7]);
  expect(Object.keys(exports)).toEqual(['outer']);
});

test('scalar loads and stores honour offsets beyond 2^31 - 1 in their encoding', () => {
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1 });
  const near = module.func('near', ['i32'], ['i32']);
  near.localGet(0);
  near.localGet(0);
  near.i32Load(2);
  near.i32Store(16);
  near.localGet(0);
  near.i32Load(16);
  const far = module.func('far', [], ['i32']);
  far.i32Const(0);
  far.i32Load(0xfffffff0);
  module.export(near);
  module.export(far);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const exports = instantiate(module, { env: { memory } });
  new Uint8Array(memory.buffer).set([0, 0, 0xfe, 0x12], 8);
  expect(exports['near']?.(8)).toBe(0x12fe);
  expect(new Int32Array(memory.buffer)[6]).toBe(0x12fe);
  expect(() => exports['far']?.()).toThrow(WebAssembly.RuntimeError);
});

test('bulk copies and fills', () => {
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1 });
  const f = module.func('run');
  for (const operand of [16, 0xab, 4]) f.i32Const(operand);
  f.memoryFill();
  for (const operand of [18, 16, 6]) f.i32Const(operand);
  f.memoryCopy();
  module.export(f);
  const memory = new WebAssembly.Memory({ initial: 1 });
  instantiate(module, { env: { memory } })['run']?.();
  expect([...new Uint8Array(memory.buffer, 15, 10)]).toEqual([0, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0, 0, 0]);
});

test('atomics on a shared memory', () => {
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1, maximum: 2, shared: true });
  const f = module.func('run', ['i32'], ['i32']);
  f.i32Const(0);
  f.localGet(0);
  f.i32AtomicStore(64);
  f.i32Const(64);
  f.i32Const(5);
  f.i32AtomicRmwAdd();
  f.atomicFence();
  f.i32Const(64);
  f.i32AtomicLoad();
  f.i32Add();
  f.i32Const(64);
  f.i32Const(1);
  f.memoryAtomicNotify();
  f.i32Add();
  module.export(f);
  const wait = module.func('wait', ['i32'], ['i32']);
  wait.i32Const(64);
  wait.localGet(0);
  wait.i64Const(1000n);
  wait.memoryAtomicWait32();
  module.export(wait);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  const exports = instantiate(module, { env: { memory } });
  expect(exports['run']?.(10)).toBe(10 + 15 + 0);
  expect(new Int32Array(memory.buffer)[16]).toBe(15);
  expect(exports['wait']?.(0), 'the value differs').toBe(1);
  expect(exports['wait']?.(15), 'one microsecond passes').toBe(2);
});

test('signatures are stored once', () => {
  const module = new ModuleBuilder();
  const one = new ModuleBuilder();
  for (let i = 0; i < 50; i++) module.func('f', ['i32', 'f64']);
  one.func('f', ['i32', 'f64']);
  // Each further function costs its index, its empty body and its name, and no type.
  expect(module.toBytes().length - one.toBytes().length).toBeLessThanOrEqual(49 * 7 + 4);
});

test('what cannot be encoded is refused with the reason', () => {
  const module = new ModuleBuilder();
  expect(() => module.importMemory({ initial: 2, maximum: 1 })).toThrow(/initial <= maximum/);
  expect(() => module.importMemory({ initial: 1, shared: true })).toThrow(/needs a maximum/);
  const f = module.func('f');
  expect(() => module.importFunction('m', 'n')).toThrow(/before the first function/);
  expect(() => f.f32x4ExtractLane(4)).toThrow(/lane in \[0, 4\)/);
  expect(() => f.f32Load(0, 3)).toThrow(/alignment/);
  expect(() => f.v128Const([1])).toThrow(/16 bytes/);
  expect(() => f.loop(3, () => {}, { step: 0 })).toThrow(/step/);
  module.export(f);
  expect(() => module.export(f)).toThrow(/exported twice/);
});

test('a module of 100 kB is written in a few milliseconds', () => {
  const write = () => {
    const module = new ModuleBuilder();
    module.importMemory({ initial: 1 });
    for (let n = 0; n < 20; n++) {
      const f = module.func('f', ['i32']);
      const sum = f.local('v128');
      for (let i = 0; i < 400; i++) {
        f.localGet(0);
        f.v128Load(16 * i);
        f.localGet(sum);
        f.f32x4Add();
        f.localSet(sum);
      }
    }
    return module.toBytes();
  };
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 20; run++) {
    const start = performance.now();
    expect(write().length).toBeGreaterThan(1e5);
    best = Math.min(best, performance.now() - start);
  }
  expect(WebAssembly.validate(write())).toBe(true);
  // Two milliseconds on a desktop core; the limit leaves room for a loaded machine.
  expect(best).toBeLessThan(30);
});

test('features agree with what the engine compiles', () => {
  const { simd, relaxedSimd, threads } = features();
  expect(simd).toBe(true);
  expect(typeof relaxedSimd).toBe('boolean');
  expect(threads).toBe(typeof SharedArrayBuffer !== 'undefined');
});
