import { describe, expect, test } from 'vitest';
import type { DType } from '../../../dtype/dtype.ts';
import { bytesOf, dispatch, storageBuffer, testDevice, type Words } from '../testing/kernel.ts';
import {
  type ProductOperand,
  type ProductPlan,
  type ProductRequest,
  type ProductThresholds,
  planProduct,
  productSource,
  THRESHOLDS,
  type Tile,
} from './index.ts';

interface Shape {
  batch?: number;
  m: number;
  n: number;
  k: number;
}

interface Options {
  dtype?: DType;
  /** Whether the contracted axis of each operand lies close together (else the free one). */
  lhsRows?: boolean;
  rhsRows?: boolean;
  /** Elements before the operands, and between their rows. */
  offset?: number;
  gap?: number;
  computed?: boolean;
  vectors?: boolean;
  tile?: Tile;
  pieces?: number;
  family?: ProductPlan['family'];
  thresholds?: ProductThresholds;
}

const arrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;

function operand(
  rows: number,
  columns: number,
  batch: number,
  along: boolean,
  { offset = 0, gap = 0 }: Options,
): ProductOperand {
  const [free, contract] = along ? [columns + gap, 1] : [1, rows + gap];
  return { offset, free, contract, batch: batch === 1 ? 0 : along ? rows * free : columns * contract };
}

function filled(length: number, seed: number, dtype: DType): Words {
  const data = new arrays[dtype as keyof typeof arrays](length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = dtype === 'f32' ? state / 2 ** 31 : state;
  }
  return data;
}

/** Runs a product with a prologue and an epilogue and compares it with sums in float64, or in wrapping integers. */
async function check({ batch = 1, m, n, k }: Shape, options: Options = {}) {
  const {
    dtype = 'f32',
    lhsRows = true,
    rhsRows = false,
    computed = false,
    vectors,
    tile,
    pieces,
    family,
    thresholds,
  } = options;
  const device = await testDevice();
  const places = [operand(m, k, batch, lhsRows, options), operand(n, k, batch, rhsRows, options)];
  const size = (place: ProductOperand, extent: number): number =>
    4 *
    Math.ceil(
      (place.offset + (batch - 1) * place.batch + (extent - 1) * place.free + (k - 1) * place.contract + 5) / 4,
    );
  const [a, b] = [filled(size(places[0], m), 1, dtype), filled(size(places[1], n), 2, dtype)];
  const request: ProductRequest = {
    batch,
    m,
    n,
    k,
    dtype,
    lhs: computed ? null : places[0],
    rhs: places[1],
    limits: device.limits,
    vectors,
    tile,
    pieces,
    family,
    thresholds,
  };
  const plan = planProduct(request);
  const buffers = [storageBuffer(device, a), storageBuffer(device, b), storageBuffer(device, 4 * batch * m * n)];
  const scratch = plan.scratchBytes > 0 ? storageBuffer(device, plan.scratchBytes) : null;
  const read = (name: string, place: ProductOperand, vector: boolean) => (bb: string, f: string, c: string) => {
    const at = `${place.offset}u + ${bb} * ${place.batch}u + ${f} * ${place.free}u + ${c} * ${place.contract}u`;
    return vector ? `${name}[(${at}) / 4u]` : `${name}[${at}]`;
  };
  const dispatches = plan.steps.map((step) => {
    const bindings: { name: string; buffer: GPUBuffer; type: string }[] = [];
    if (step.lhs) bindings.push({ name: 'a', buffer: buffers[0], type: plan.vectors.lhs ? `vec4<${dtype}>` : dtype });
    if (step.rhs) bindings.push({ name: 'b', buffer: buffers[1], type: plan.vectors.rhs ? `vec4<${dtype}>` : dtype });
    if (step.scratch) bindings.push({ name: 'scratch', buffer: scratch as GPUBuffer, type: dtype });
    if (step.finishes) bindings.push({ name: 'out', buffer: buffers[2], type: dtype });
    const lines = bindings.map(
      ({ name, type }, i) => `@group(0) @binding(${i}) var<storage, read_write> ${name}: array<${type}>;`,
    );
    const lhs = read('a', places[0], plan.vectors.lhs !== null);
    const source = productSource(plan, step, {
      lhs: computed ? (...at) => `(${lhs(...at)} + 1)` : lhs,
      rhs: read('b', places[1], plan.vectors.rhs !== null),
      finish: (bb, i, j, value) => `out[(${bb} * ${m}u + ${i}) * ${n}u + ${j}] = ${value} * 2;`,
    });
    return {
      source: `${lines.join('\n')}\n${source}`,
      buffers: bindings.map(({ buffer }) => buffer),
      workgroups: step.workgroups,
    };
  });
  await dispatch(device, dispatches);
  const got = new arrays[dtype as keyof typeof arrays](await bytesOf(device, buffers[2]));
  for (const buffer of [...buffers, ...(scratch ? [scratch] : [])]) buffer.destroy();
  let worst = 0;
  let wrong = 0;
  for (let z = 0; z < batch; z++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let size = 0;
        for (let c = 0; c < k; c++) {
          const x =
            a[places[0].offset + z * places[0].batch + i * places[0].free + c * places[0].contract] +
            (computed ? 1 : 0);
          const y = b[places[1].offset + z * places[1].batch + j * places[1].free + c * places[1].contract];
          if (dtype === 'f32') sum += x * y;
          else sum = (sum + Math.imul(x, y)) | 0;
          size += Math.abs(x * y);
        }
        const at = (z * m + i) * n + j;
        if (dtype === 'f32') worst = Math.max(worst, Math.abs(got[at] - 2 * sum) / (2 * size + 1e-30));
        else if ((got[at] | 0) !== ((2 * sum) | 0)) wrong++;
      }
  // Each of k additions rounds the sum so far.
  expect(worst).toBeLessThan(2 ** -24 * Math.max(8, Math.min(k, 64)));
  expect(wrong).toBe(0);
  return plan;
}

const orders = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
] as const;

const tile: Tile = { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 };

describe('products', () => {
  for (const [lhsRows, rhsRows] of orders) {
    const name = `contracted axes ${lhsRows ? 'close' : 'apart'} and ${rhsRows ? 'close' : 'apart'}`;
    test(`${name}: tiles, whole and cut`, async () => {
      await check({ m: 64, n: 32, k: 32 }, { lhsRows, rhsRows, tile });
      await check({ m: 36, n: 44, k: 20 }, { lhsRows, rhsRows, tile, offset: 4, gap: 4 });
      await check({ batch: 3, m: 17, n: 39, k: 23 }, { lhsRows, rhsRows, tile, offset: 3, gap: 1, computed: true });
    });

    test(`${name}: sums in pieces`, async () => {
      const plan = await check({ batch: 2, m: 20, n: 36, k: 100 }, { lhsRows, rhsRows, tile, pieces: 3 });
      expect(plan.pieces).toBe(3);
      expect((await check({ m: 1, n: 1, k: 50_001 }, { lhsRows, rhsRows })).pieces).toBeGreaterThan(1);
    });

    test(`${name}: matrix times vector, and small`, async () => {
      expect((await check({ m: 1, n: 50, k: 1030 }, { lhsRows, rhsRows })).family).toBe('rows');
      expect((await check({ m: 300, n: 1, k: 1129 }, { lhsRows, rhsRows, computed: true })).family).toBe('rows');
      expect((await check({ batch: 3, m: 2, n: 5, k: 1300 }, { lhsRows, rhsRows, offset: 3, gap: 1 })).family).toBe(
        'rows',
      );
      expect((await check({ batch: 40, m: 3, n: 4, k: 5 }, { lhsRows, rhsRows, offset: 1 })).family).toBe('small');
      expect((await check({ m: 33, n: 36, k: 24 }, { lhsRows, rhsRows, computed: true })).family).toBe('small');
      await check({ m: 1, n: 1, k: 1 }, { lhsRows, rhsRows });
    });
  }

  test('integers wrap', async () => {
    await check({ m: 33, n: 36, k: 24 }, { dtype: 'i32', tile });
    await check({ m: 33, n: 36, k: 24 }, { dtype: 'u32' });
    await check({ m: 2, n: 3, k: 3000 }, { dtype: 'i32' });
  });

  test('large products choose tiles, and cut long sums of few elements', async () => {
    const plan = await check({ m: 32, n: 32, k: 4096 });
    expect([plan.family, plan.pieces > 1]).toEqual(['tiled', true]);
  });

  test('a family may be asked for, and other thresholds', async () => {
    for (const family of ['small', 'rows', 'tiled'] as const)
      expect((await check({ m: 20, n: 24, k: 70 }, { family })).family).toBe(family);
    const plan = await check({ m: 20, n: 24, k: 70 }, { thresholds: { ...THRESHOLDS, leastTiledWork: 0 } });
    expect(plan.family).toBe('tiled');
  });

  test.for([
    [true, false, 128, 128, 8, 8, 8],
    [false, true, 128, 64, 16, 8, 8],
    [true, true, 64, 64, 16, 8, 4],
    [false, false, 64, 32, 32, 4, 8],
  ] as const)('a tile of another form: %s %s %i x %i x %i', async ([lhsRows, rhsRows, ...form]) => {
    const [rows, columns, depth, threadRows, threadColumns] = form;
    await check(
      { m: 132, n: 68, k: 36 },
      { lhsRows, rhsRows, tile: { rows, columns, depth, threadRows, threadColumns } },
    );
  });

  test('many workgroups are spread over two dimensions', () => {
    const limits = {
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupStorageSize: 16384,
      maxComputeWorkgroupsPerDimension: 65535,
    };
    const place = { offset: 0, batch: 16, free: 4, contract: 1 };
    const plan = planProduct({ batch: 2 ** 22, m: 4, n: 4, k: 4, dtype: 'f32', lhs: place, rhs: place, limits });
    const [x, y] = plan.steps[0].workgroups;
    expect(Math.max(x, y)).toBeLessThanOrEqual(65535);
    expect(x * y * 64).toBeGreaterThanOrEqual(2 ** 26);
  });
});
