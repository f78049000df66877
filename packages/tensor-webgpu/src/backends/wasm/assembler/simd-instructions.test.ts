import { expect, test } from 'vitest';
import type { FunctionBuilder } from './function-builder.ts';
import { ModuleBuilder } from './module-builder.ts';

type Lanes = Float32Array | Float64Array | Int32Array | BigInt64Array;
type LanesConstructor = new (buffer: ArrayBuffer, offset: number, length: number) => Lanes;

/**
 * Runs `emit` on vectors placed at 0, 16, 32 … and returns the vector that it leaves. `relaxed` chooses the encoding of
 * relaxed instructions.
 */
function run<Result extends Lanes>(
  operands: readonly Lanes[],
  Result: new (buffer: ArrayBuffer, offset: number, length: number) => Result,
  emit: (f: FunctionBuilder) => void,
  relaxed = false,
): (number | bigint)[] {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new ModuleBuilder({ relaxed });
  module.importMemory({ initial: 1 });
  const f = module.func('run');
  f.i32Const(0);
  operands.forEach((_, i) => {
    f.i32Const(0);
    f.v128Load(16 * i);
  });
  emit(f);
  f.v128Store(1024);
  module.export(f);
  operands.forEach((lanes, i) => {
    new Uint8Array(memory.buffer).set(new Uint8Array(lanes.buffer), 16 * i);
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  (instance.exports['run'] as () => void)();
  const lanes = 16 / (Result as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return Array.from(new Result(memory.buffer as ArrayBuffer, 1024, lanes) as ArrayLike<number | bigint>);
}

type Nullary = {
  [K in keyof FunctionBuilder]: FunctionBuilder[K] extends () => void ? K : never;
}[keyof FunctionBuilder];
type LaneCases = { readonly [K in Nullary]?: (...lanes: never[]) => number | bigint | boolean };

/** Checks lane-wise instructions; a boolean means a mask of all ones or zeros. */
function checkLanes(
  operands: readonly Lanes[],
  Result: LanesConstructor,
  mask: number | bigint,
  cases: LaneCases,
): void {
  for (const [name, expected] of Object.entries(cases)) {
    const got = run(operands, Result, (f) => f[name as Nullary]());
    const rounded = Result as unknown as { from(values: unknown[]): Lanes };
    const wanted = rounded.from(
      Array.from(got, (_, i) => {
        const value = (expected as (...lanes: unknown[]) => unknown)(...operands.map((lanes) => lanes[i]));
        return typeof value === 'boolean' ? (value ? mask : typeof mask === 'bigint' ? 0n : 0) : value;
      }),
    );
    expect(got, name).toEqual(Array.from(wanted as ArrayLike<number | bigint>));
  }
}

const { fround } = Math;
const a = Float32Array.of(1.5, -2.25, 1e9, 0.1);
const b = Float32Array.of(-0.5, -2.25, 3, 7);
const c = Float32Array.of(10, 0.2, -1, 4);
const da = Float64Array.of(1.5, -2.2);
const db = Float64Array.of(0.3, 7);
const ia = Int32Array.of(5, -7, 0x7fffffff, 1 << 20);
const ib = Int32Array.of(3, -7, 2, -1);
const nearest = (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

test('f32x4 and f64x2 arithmetic', () => {
  for (const [type, x, y, Type] of [
    ['f32x4', a, b, Float32Array],
    ['f64x2', da, db, Float64Array],
  ] as const) {
    checkLanes([x, y], Type, 0, {
      [`${type}Add`]: (p: number, q: number) => p + q,
      [`${type}Sub`]: (p: number, q: number) => p - q,
      [`${type}Mul`]: (p: number, q: number) => p * q,
      [`${type}Div`]: (p: number, q: number) => p / q,
      [`${type}Min`]: (p: number, q: number) => Math.min(p, q),
      [`${type}Max`]: (p: number, q: number) => Math.max(p, q),
      [`${type}Pmin`]: (p: number, q: number) => Math.min(q, p),
      [`${type}Pmax`]: (p: number, q: number) => Math.max(p, q),
    });
    checkLanes([x], Type, 0, {
      [`${type}Abs`]: (p: number) => Math.abs(p),
      [`${type}Neg`]: (p: number) => -p,
      [`${type}Sqrt`]: (p: number) => Math.sqrt(p),
      [`${type}Ceil`]: (p: number) => Math.ceil(p),
      [`${type}Floor`]: (p: number) => Math.floor(p),
      [`${type}Trunc`]: (p: number) => Math.trunc(p),
      [`${type}Nearest`]: nearest,
    });
    const [Mask, ones] = type === 'f32x4' ? [Int32Array, -1] : [BigInt64Array, -1n];
    checkLanes([x, y], Mask as LanesConstructor, ones, {
      [`${type}Eq`]: (p: number, q: number) => p === q,
      [`${type}Ne`]: (p: number, q: number) => p !== q,
      [`${type}Lt`]: (p: number, q: number) => p < q,
      [`${type}Gt`]: (p: number, q: number) => p > q,
      [`${type}Le`]: (p: number, q: number) => p <= q,
      [`${type}Ge`]: (p: number, q: number) => p >= q,
    });
  }
});

test('i32x4 arithmetic', () => {
  checkLanes([ia, ib], Int32Array, -1, {
    i32x4Add: (p: number, q: number) => p + q,
    i32x4Sub: (p: number, q: number) => p - q,
    i32x4Mul: (p: number, q: number) => Math.imul(p, q),
    i32x4MinS: (p: number, q: number) => Math.min(p, q),
    i32x4MaxS: (p: number, q: number) => Math.max(p, q),
    i32x4MinU: (p: number, q: number) => Math.min(p >>> 0, q >>> 0),
    i32x4MaxU: (p: number, q: number) => Math.max(p >>> 0, q >>> 0),
    i32x4Eq: (p: number, q: number) => p === q,
    i32x4Ne: (p: number, q: number) => p !== q,
    i32x4LtS: (p: number, q: number) => p < q,
    i32x4LtU: (p: number, q: number) => p >>> 0 < q >>> 0,
    i32x4GtS: (p: number, q: number) => p > q,
    i32x4GtU: (p: number, q: number) => p >>> 0 > q >>> 0,
    i32x4LeS: (p: number, q: number) => p <= q,
    i32x4LeU: (p: number, q: number) => p >>> 0 <= q >>> 0,
    i32x4GeS: (p: number, q: number) => p >= q,
    i32x4GeU: (p: number, q: number) => p >>> 0 >= q >>> 0,
    v128And: (p: number, q: number) => p & q,
    v128Or: (p: number, q: number) => p | q,
    v128Xor: (p: number, q: number) => p ^ q,
    v128Andnot: (p: number, q: number) => p & ~q,
  });
  checkLanes([ia], Int32Array, -1, {
    i32x4Abs: (p: number) => Math.abs(p),
    i32x4Neg: (p: number) => -p,
    v128Not: (p: number) => ~p,
  });
  const shift = (name: 'i32x4Shl' | 'i32x4ShrS' | 'i32x4ShrU') =>
    run([ib], Int32Array, (f) => {
      f.i32Const(3);
      f[name]();
    });
  expect(shift('i32x4Shl')).toEqual([24, -56, 16, -8]);
  expect(shift('i32x4ShrS')).toEqual([0, -1, 0, -1]);
  expect(shift('i32x4ShrU')).toEqual([0, 0x1fffffff, 0, 0x1fffffff]);
});

test('i64x2 arithmetic', () => {
  const x = BigInt64Array.of(12345678901n, -3n);
  const y = BigInt64Array.of(-5n, -3n);
  checkLanes([x, y], BigInt64Array, -1n, {
    i64x2Add: (p: bigint, q: bigint) => p + q,
    i64x2Sub: (p: bigint, q: bigint) => p - q,
    i64x2Mul: (p: bigint, q: bigint) => p * q,
    i64x2Eq: (p: bigint, q: bigint) => p === q,
  });
});

test('conversions', () => {
  const values = Float32Array.of(1.9, -1.9, 3e9, Number.NaN);
  const convert = (name: Nullary, input: Lanes, Type: LanesConstructor) => run([input], Type, (f) => f[name]());
  expect(convert('i32x4TruncSatF32x4S', values, Int32Array)).toEqual([1, -1, 0x7fffffff, 0]);
  expect(convert('i32x4TruncSatF32x4U', values, Int32Array)).toEqual([1, 0, 3e9 | 0, 0]);
  expect(convert('f32x4ConvertI32x4S', ia, Float32Array)).toEqual([5, -7, 2 ** 31, 2 ** 20]);
  expect(convert('f32x4ConvertI32x4U', ib, Float32Array)).toEqual([3, 2 ** 32, 2, 2 ** 32]);
  expect(convert('f64x2ConvertLowI32x4S', ia, Float64Array)).toEqual([5, -7]);
  expect(convert('f64x2ConvertLowI32x4U', ib, Float64Array)).toEqual([3, 2 ** 32 - 7]);
  expect(convert('i32x4TruncSatF64x2SZero', da, Int32Array)).toEqual([1, -2, 0, 0]);
  expect(convert('f64x2PromoteLowF32x4', a, Float64Array)).toEqual([1.5, -2.25]);
  expect(convert('f32x4DemoteF64x2Zero', da, Float32Array)).toEqual([1.5, fround(-2.2), 0, 0]);
});

test('select chooses whole vectors', () => {
  for (const condition of [0, 1])
    expect(
      run([a, b], Float32Array, (f) => {
        f.i32Const(condition);
        f.select();
      }),
    ).toEqual([...(condition ? a : b)]);
});

test('multiply-add is a * b + c with and without the relaxed extension', () => {
  for (const relaxed of [false, true]) {
    const sum = run([a, b, c], Float32Array, (f) => f.f32x4RelaxedMadd(), relaxed);
    const difference = run([a, b, c], Float32Array, (f) => f.f32x4RelaxedNmadd(), relaxed);
    for (let i = 0; i < 4; i++) {
      const product = (a[i] ?? 0) * (b[i] ?? 0);
      expect(Math.abs(Number(sum[i]) / (product + (c[i] ?? 0)) - 1)).toBeLessThan(2 ** -22);
      expect(Math.abs(Number(difference[i]) / ((c[i] ?? 0) - product) - 1)).toBeLessThan(2 ** -22);
    }
    const doubles = [da, db, Float64Array.of(1, 2)];
    expect(run(doubles, Float64Array, (f) => f.f64x2RelaxedMadd(), relaxed)[0]).toBeCloseTo(1.45, 14);
    expect(run(doubles, Float64Array, (f) => f.f64x2RelaxedNmadd(), relaxed)[1]).toBeCloseTo(17.4, 14);
  }
});

test('lane selection by a mask, strict and relaxed', () => {
  const mask = Int32Array.of(-1, 0, -1, 0);
  for (const relaxed of [false, true])
    for (const name of ['v128Bitselect', 'i32x4RelaxedLaneselect'] as const)
      expect(run([a, b, mask], Float32Array, (f) => f[name](), relaxed)).toEqual([a[0], b[1], a[2], b[3]]);
});

test('splats, lanes and shuffles', () => {
  const splat = (emit: (f: FunctionBuilder) => void) => run([], Int32Array, emit);
  expect(
    splat((f) => {
      f.i32Const(-3);
      f.i32x4Splat();
    }),
  ).toEqual([-3, -3, -3, -3]);
  expect(
    run([], Float32Array, (f) => {
      f.f32Const(0.25);
      f.f32x4Splat();
    }),
  ).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(
    run([], Float64Array, (f) => {
      f.f64Const(0.1);
      f.f64x2Splat();
    }),
  ).toEqual([0.1, 0.1]);
  expect(
    run([a], Float32Array, (f) => {
      f.f32x4ExtractLane(2);
      f.f32x4Const(1, 2, 3, 4);
      const vector = f.local('v128');
      f.localSet(vector);
      const lane = f.local('f32');
      f.localSet(lane);
      f.localGet(vector);
      f.localGet(lane);
      f.f32x4ReplaceLane(1);
    }),
  ).toEqual([1, 1e9, 3, 4]);
  expect(run([a, b], Float32Array, (f) => f.i32x4Shuffle(3, 4, 0, 7))).toEqual([a[3], b[0], a[0], b[3]]);
  expect(run([da, db], Float64Array, (f) => f.i64x2Shuffle(1, 2))).toEqual([-2.2, 0.3]);
  expect(run([], Int32Array, (f) => f.i32x4Const(1, -2, 3, -4))).toEqual([1, -2, 3, -4]);
  expect(run([], Float64Array, (f) => f.f64x2Const(0.1, -0.2))).toEqual([0.1, -0.2]);
});

test('vector loads and stores of parts', () => {
  const load = (name: 'v128Load32Splat' | 'v128Load32Zero' | 'v128Load64Splat' | 'v128Load64Zero') =>
    run([a], Float32Array, (f) => {
      f.drop();
      f.i32Const(4);
      f[name](4);
    });
  expect(load('v128Load32Splat')).toEqual([1e9, 1e9, 1e9, 1e9]);
  expect(load('v128Load32Zero')).toEqual([1e9, 0, 0, 0]);
  expect(load('v128Load64Splat')).toEqual([1e9, a[3], 1e9, a[3]]);
  expect(load('v128Load64Zero')).toEqual([1e9, a[3], 0, 0]);
  expect(
    run([a, b], Float32Array, (f) => {
      const vector = f.local('v128');
      f.localSet(vector);
      f.drop();
      f.i32Const(0);
      f.localGet(vector);
      f.v128Load32Lane(3, 8);
    }),
  ).toEqual([b[0], b[1], b[2], 1e9]);
  expect(
    run([a], Float32Array, (f) => {
      const vector = f.local('v128');
      f.localSet(vector);
      f.i32Const(0);
      f.localGet(vector);
      f.v128Store32Lane(1, 512, 4);
      f.i32Const(0);
      f.v128Load(512);
    }),
  ).toEqual([-2.25, 0, 0, 0]);
});
