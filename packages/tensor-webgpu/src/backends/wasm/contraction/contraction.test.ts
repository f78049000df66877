import v8 from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../assembler/index.ts';
import { emitContraction } from './contraction.ts';
import type { ContractionSpec, ContractionType, OperandLayout } from './spec.ts';
import { ContractionError } from './spec.ts';

type Numbers = Float32Array | Float64Array | Int32Array;
const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array };

/** How a product is emitted, and where its blocks are cut (fractions of their number). */
interface Target {
  readonly relaxed?: boolean;
  readonly pairVectors?: boolean;
  readonly cuts?: readonly number[];
}

interface Run {
  readonly c: Numbers;
  /** The elements of C's buffer that no product may touch, and what they held. */
  readonly expected: Float64Array;
  readonly tolerance: Float64Array;
}

/** A small deterministic generator of values in [-1, 1), or of small integers. */
function values(count: number, seed: number, integers: boolean): number[] {
  let state = seed * 2654435761 + 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return integers ? state >> 24 : state / 2 ** 31;
  });
}

/** Bytes that the operand spans, and how far its first element lies from the lowest address. */
function extent(layout: OperandLayout, rows: number, cols: number, batch: number) {
  const reach = [
    [layout.rowStride, rows],
    [layout.colStride, cols],
    [layout.batchStride, batch],
  ].map(([stride = 0, size = 0]) => stride * Math.max(0, size - 1));
  const below = reach.reduce((sum, r) => sum + Math.min(0, r), 0);
  const above = reach.reduce((sum, r) => sum + Math.max(0, r), 0);
  return { origin: -below, length: above - below + 1 };
}

/**
 * Runs a contraction, its last blocks first, and the same product as a float64 loop. Operands touch the end of memory or
 * guard values, so that reads and writes out of bounds are seen.
 */
function run(spec: ContractionSpec, target: Target = {}): Run {
  const { relaxed = true, pairVectors = false, cuts = [] } = target;
  const { m, n, k, batch, dtype } = spec;
  const Type = arrays[dtype];
  const bytes = Type.BYTES_PER_ELEMENT;
  const module = new ModuleBuilder({ relaxed });
  module.importMemory({ initial: 1 });
  const emitted = emitContraction(module, spec, { pairVectors });
  module.export(emitted.rows, 'rows');
  if (emitted.pack) module.export(emitted.pack, 'pack');

  const aSpan = extent(spec.a, m, k, batch);
  const bSpan = extent(spec.b, k, n, batch);
  const cSpan = extent({ ...spec.c, colStride: 1 }, m, n, batch);
  const cAt = 0;
  const scratchAt = Math.ceil((cSpan.length * bytes) / 16) * 16 + 64;
  const total = scratchAt + emitted.scratchBytes + 16 + (aSpan.length + bSpan.length) * bytes;
  const pages = Math.ceil(total / 65536);
  const memory = new WebAssembly.Memory({ initial: pages });
  const bAt = pages * 65536 - bSpan.length * bytes;
  const aAt = bAt - aSpan.length * bytes;
  const integers = dtype === 'i32';
  const a = new Type(memory.buffer, aAt, aSpan.length);
  const b = new Type(memory.buffer, bAt, bSpan.length);
  const c = new Type(memory.buffer, cAt, cSpan.length);
  a.set(values(a.length, 1, integers));
  b.set(values(b.length, 2, integers));
  c.set(values(c.length, 3, integers));
  const guard = new Uint8Array(memory.buffer, scratchAt + emitted.scratchBytes, 16).fill(0xa5);

  const expected = Float64Array.from(c);
  const tolerance = new Float64Array(c.length);
  const unit = integers ? 0 : dtype === 'f32' ? 2 ** -24 : 2 ** -53;
  for (let t = 0; t < batch; t++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const at = cSpan.origin + t * spec.c.batchStride + i * spec.c.rowStride + j;
        let sum = spec.accumulate ? (expected[at] ?? 0) : 0;
        let magnitude = Math.abs(sum);
        for (let p = 0; p < k; p++) {
          const x = a[aSpan.origin + t * spec.a.batchStride + i * spec.a.rowStride + p * spec.a.colStride];
          const y = b[bSpan.origin + t * spec.b.batchStride + p * spec.b.rowStride + j * spec.b.colStride];
          const product = (x ?? 0) * (y ?? 0);
          sum += product;
          magnitude += Math.abs(product);
        }
        expected[at] = integers ? sum | 0 : sum;
        // Sums of products: |error| <= (k + 1) u Σ|terms| for any order (Higham, Accuracy and Stability, eq. 3.5); twice,
        // because the loop here rounds as well when the product is in float64.
        tolerance[at] = 2 * (k + 1) * unit * magnitude;
      }

  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const { rows, pack } = instance.exports as Record<string, (...operands: number[]) => void>;
  const ranges = (blocks: number) => {
    const bounds = [0, ...cuts.map((cut) => Math.floor(cut * blocks)).sort((p, q) => p - q), blocks];
    return bounds.slice(1).map((end, i) => [bounds[i] ?? 0, end] as const);
  };
  const pointers = [aAt + aSpan.origin * bytes, bAt + bSpan.origin * bytes, cAt + cSpan.origin * bytes, scratchAt];
  for (let t = 0; t < batch; t++) {
    if (t === 0 || emitted.packPerBatch)
      for (const [start, end] of ranges(emitted.packBlocks).reverse()) pack?.(...pointers, t, start, end);
    for (const [start, end] of ranges(emitted.rowBlocks).reverse()) rows?.(...pointers, t, start, end);
  }
  expect(
    guard.every((byte) => byte === 0xa5),
    'scratch overrun',
  ).toBe(true);
  return { c: c.slice(), expected, tolerance };
}

function check(spec: ContractionSpec, target: Target = {}): void {
  const { c, expected, tolerance } = run(spec, target);
  for (let i = 0; i < c.length; i++) {
    const error = Math.abs((c[i] ?? Number.NaN) - (expected[i] ?? 0));
    if (!(error <= (tolerance[i] ?? 0)))
      expect.fail(`element ${i}: expected ${expected[i]} within ${tolerance[i]}, got ${c[i]}`);
  }
}

/** Dense operands in row-major order, transposed where asked. */
function dense(
  m: number,
  n: number,
  k: number,
  options: { ta?: boolean; tb?: boolean; batch?: number; dtype?: ContractionType; accumulate?: boolean } = {},
): ContractionSpec {
  const { ta = false, tb = false, batch = 1, dtype = 'f32', accumulate = false } = options;
  return {
    dtype,
    batch,
    m,
    n,
    k,
    a: { rowStride: ta ? 1 : k, colStride: ta ? m : 1, batchStride: m * k },
    b: { rowStride: tb ? 1 : n, colStride: tb ? k : 1, batchStride: k * n },
    c: { rowStride: n, batchStride: m * n },
    accumulate,
  };
}

const dtype = fc.constantFrom<ContractionType>('f32', 'f64', 'i32');
const size = fc.integer({ min: 1, max: 20 });

test('every small size, transpose, batch and type', () => {
  fc.assert(
    fc.property(
      size,
      size,
      fc.integer({ min: 0, max: 20 }),
      fc.record({
        ta: fc.boolean(),
        tb: fc.boolean(),
        batch: fc.integer({ min: 1, max: 3 }),
        dtype,
        accumulate: fc.boolean(),
      }),
      fc.record({ relaxed: fc.boolean(), pairVectors: fc.boolean() }),
      (m, n, k, options, target) => check(dense(m, n, k, options), target),
    ),
    { numRuns: 1500 },
  );
});

test('sizes around the edges of tiles, strips and k blocks', () => {
  const edge = fc.constantFrom(1, 3, 5, 6, 7, 8, 9, 23, 31, 33, 63, 65);
  const deep = fc.constantFrom(4, 33, 65, 255, 256, 257, 260, 517);
  fc.assert(
    fc.property(
      edge,
      edge,
      deep,
      fc.record({ ta: fc.boolean(), tb: fc.boolean(), dtype, accumulate: fc.boolean() }),
      fc.record({ pairVectors: fc.boolean() }),
      (m, n, k, options, target) => check(dense(m, n, k, options), target),
    ),
    { numRuns: 120 },
  );
});

test('rows beyond one chunk of blocks', () => {
  for (const [m, n, k] of [
    [97, 9, 5],
    [211, 17, 40],
    [130, 1, 300],
    [260, 3, 2],
  ] as const)
    for (const ta of [false, true]) check(dense(m, n, k, { ta }));
});

test('any strides: broadcasts, flips, gaps between rows of C', () => {
  const stride = (limit: number) => fc.integer({ min: -limit, max: limit });
  const operand = fc.record({ rowStride: stride(40), colStride: stride(40), batchStride: stride(50) });
  fc.assert(
    fc.property(
      fc.record({
        dtype,
        batch: fc.integer({ min: 1, max: 2 }),
        m: fc.integer({ min: 1, max: 30 }),
        n: fc.integer({ min: 1, max: 30 }),
        k: fc.integer({ min: 1, max: 40 }),
        a: operand,
        b: operand,
      }),
      fc.integer({ min: 0, max: 5 }),
      fc.boolean(),
      (shape, gap, flip) => {
        const rowStride = (shape.n + gap) * (flip ? -1 : 1);
        check({ ...shape, c: { rowStride, batchStride: (shape.n + gap) * shape.m } });
      },
    ),
    { numRuns: 400 },
  );
});

test('the result is the same to the bit however the blocks are cut', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 140 }),
      fc.constantFrom(1, 3, 8, 20, 33),
      fc.constantFrom(1, 3, 40, 300),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
      (m, n, k, ta, tb, cuts) => {
        const spec = dense(m, n, k, { ta, tb });
        expect(run(spec, { cuts }).c).toEqual(run(spec).c);
      },
    ),
    { numRuns: 100 },
  );
});

describe('degenerate shapes', () => {
  test('k = 0 gives zeros, or leaves C as it is when accumulating', () => {
    for (const [m, n] of [
      [1, 1],
      [1, 9],
      [9, 1],
      [13, 10],
    ] as const) {
      expect(run(dense(m, n, 0)).c.every((x) => x === 0)).toBe(true);
      check(dense(m, n, 0, { accumulate: true }));
    }
  });

  test('empty results do nothing', () => {
    for (const [m, n] of [
      [0, 4],
      [4, 0],
      [0, 0],
    ] as const)
      expect(() => run(dense(m, n, 3))).not.toThrow();
  });

  test('infinities and NaN reach only their own row and column', () => {
    const spec = dense(7, 9, 5);
    const module = new ModuleBuilder();
    module.importMemory({ initial: 1 });
    const { rows, pack, packBlocks, rowBlocks } = emitContraction(module, spec);
    module.export(rows, 'rows');
    if (pack) module.export(pack, 'pack');
    const memory = new WebAssembly.Memory({ initial: 1 });
    const all = new Float32Array(memory.buffer);
    all.fill(1, 0, 100);
    all[2 * 5 + 1] = Number.NaN;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
    const run = instance.exports as Record<string, (...operands: number[]) => void>;
    run['pack']?.(0, 160, 1024, 2048, 0, 0, packBlocks);
    run['rows']?.(0, 160, 1024, 2048, 0, 0, rowBlocks);
    for (let i = 0; i < 63; i++) expect(all[256 + i]).toBe(Math.floor(i / 9) === 2 ? Number.NaN : 5);
  });
});

test('tiles of paired vectors give the same bits when V8 joins them to 256 bits', () => {
  const shapes: ContractionSpec[] = [];
  for (const [m, n, k] of [
    [6, 16, 64],
    [13, 35, 40],
    [40, 50, 300],
    [3, 64, 33],
    [64, 24, 3],
    [9, 1, 70],
  ] as const)
    for (const ta of [false, true]) shapes.push(dense(m, n, k, { ta, tb: !ta, accumulate: ta }));
  const plain = shapes.map((spec) => run(spec).c);
  // The flag acts when the optimizing compiler compiles, which has to be at once here.
  v8.setFlagsFromString('--experimental-wasm-revectorize');
  v8.setFlagsFromString('--no-liftoff');
  try {
    shapes.forEach((spec, i) => expect(run(spec, { pairVectors: true }).c).toEqual(plain[i]));
  } finally {
    v8.setFlagsFromString('--liftoff');
    v8.setFlagsFromString('--no-experimental-wasm-revectorize');
  }
});

test('a module holds each product, and each tile that products share, once', () => {
  const bytesAfter = (specs: readonly ContractionSpec[]) => {
    const module = new ModuleBuilder();
    for (const spec of specs) emitContraction(module, spec);
    return module.toBytes().length;
  };
  const layer = dense(256, 64, 64);
  const deeper = dense(256, 64, 128, { tb: true });
  expect(bytesAfter([layer, { ...layer }])).toBe(bytesAfter([layer]));
  expect(bytesAfter([layer, { ...layer, m: 512 }])).toBeLessThan(1.6 * bytesAfter([layer]));
  expect(bytesAfter([layer, deeper])).toBeGreaterThan(bytesAfter([layer]));
});

test('sizes and strides that make no sense are refused', () => {
  const module = new ModuleBuilder();
  const spec = dense(4, 4, 4);
  expect(() => emitContraction(module, { ...spec, m: -1 })).toThrow(ContractionError);
  expect(() => emitContraction(module, { ...spec, k: 1.5 })).toThrow(/k to be an integer/);
  expect(() => emitContraction(module, { ...spec, c: { rowStride: 3, batchStride: 0 } })).toThrow(/overlap/);
});
