import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DType } from '../../dtype/dtype.ts';
import { fuse } from '../../fuse/fuse.ts';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';
import { lower } from '../../optimize/simplify.ts';
import { deviceNamed } from '../../runtime/registry.ts';
import { traceProgram } from '../../trace/builder.ts';
import type { WebGpuDevice } from './device.ts';
import { emitProgram } from './emit/program.ts';
import { gpuTarget } from './target.ts';

beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
});

/** Numbers around zero that are the same on every device. */
function normal(shape: readonly number[], seed = 0, dtype: DType = 'f32'): Tensor {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  const data = Int32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state;
  });
  if (dtype === 'f32')
    return ff.tensor(
      Float32Array.from(data, (x) => x / 2 ** 30),
      { shape },
    );
  if (dtype === 'bool') return ff.tensor(data, { shape }).greater(0);
  return ff.tensor(data, { shape, dtype: 'i32' }).astype(dtype);
}

type F = (...xs: Tensor[]) => Tensor | Tensor[];

/** What `f` gives on a device. */
async function results(device: string, f: F, given: () => Tensor[]): Promise<ArrayLike<number>[]> {
  ff.defaultDevice(device);
  return Promise.all(ff.tree.leaves<Tensor>(ff.jit(f)(...given())).map((tensor) => tensor.data()));
}

async function sameBits(f: F, given: () => Tensor[]): Promise<void> {
  const [cpu, gpu] = [await results('cpu', f, given), await results('webgpu', f, given)];
  cpu.forEach((expected, i) => {
    expect(gpu[i].length).toBe(expected.length);
    let at = 0;
    while (at < expected.length && Object.is(gpu[i][at], expected[at])) at++;
    expect([i, at, gpu[i][at]]).toEqual([i, expected.length, undefined]);
  });
}

/** Largest difference of any element to the CPU's, relative to the largest element of its tensor. */
async function difference(f: F, given: () => Tensor[]): Promise<number> {
  const [cpu, gpu] = [await results('cpu', f, given), await results('webgpu', f, given)];
  let worst = 0;
  cpu.forEach((expected, i) => {
    expect(gpu[i].length).toBe(expected.length);
    let scale = 0;
    for (let at = 0; at < expected.length; at++) scale = Math.max(scale, Math.abs(expected[at]));
    for (let at = 0; at < expected.length; at++)
      worst = Math.max(worst, Math.abs(gpu[i][at] - expected[at]) / Math.max(scale, 1e-30));
  });
  return worst;
}

/** The labels of the dispatches of `f` at arguments of these shapes. */
function dispatches(f: F, ...shapes: number[][]): string[] {
  const { limits } = (deviceNamed('webgpu') as WebGpuDevice).connection;
  const avals = shapes.map((shape) => ({ shape, dtype: 'f32' as const }));
  const { program } = traceProgram(avals, (...xs) => [f(...(xs as Tensor[]))].flat() as Tensor[]);
  const target = gpuTarget(limits);
  const { nodes } = emitProgram(fuse(lower(program), target), [], { target, limits });
  return nodes.map((node) => (node.kind === 'dispatch' ? node.label : 'loop'));
}

describe('arrays whose axes are put in another order', () => {
  const sizes: readonly (readonly number[])[] = [
    [128, 128],
    [97, 131],
    [3, 65, 77],
    [40, 17, 2, 40],
    [1, 257, 1, 33],
  ];

  it('go through tiles in workgroup memory', () => {
    expect(dispatches((x) => x.transpose(), [97, 131])).toEqual(['loops 131x97 turned']);
    expect(dispatches((x) => x.transpose([0, 2, 1]).mul(2), [8, 64, 64])).toEqual(['loops 8x64x64 turned']);
    // Neighbouring lanes use what a few columns bring; small arrays share a dispatch.
    expect(dispatches((x) => x.transpose(), [4096, 3])).toEqual(['loops 3x4096']);
    expect(dispatches((x) => x.transpose(), [20, 20])).toEqual(['loops 20x20']);
  });

  for (const shape of sizes) {
    it(`keep every bit: ${shape.join(' × ')}`, async () => {
      const orders = [[...shape.keys()].reverse(), [...shape.keys()].slice(1).concat(0)];
      for (const order of orders)
        await sameBits(
          (x) => x.transpose(order),
          () => [normal(shape)],
        );
    });
  }

  for (const dtype of ['i32', 'u32', 'bool'] as readonly DType[]) {
    it(`of ${dtype}`, () =>
      sameBits(
        (x) => x.transpose([2, 0, 1]),
        () => [
          ff.random
            .bits(ff.random.key(1), [7, 40, 50])
            .mod(dtype === 'bool' ? 2 : 4_000_000_000)
            .astype(dtype),
        ],
      ));
  }

  it('keep NaN, infinities and the sign of zero', async () => {
    const odd = Float32Array.from(
      { length: 64 * 150 },
      (_, i) => [Number.NaN, Infinity, -Infinity, -0, 1e-42, i][i % 6],
    );
    await sameBits(
      (x) => x.transpose(),
      () => [ff.tensor(odd, { shape: [64, 150] })],
    );
  });

  it('in chains whose operands disagree about the last axis, with several results', () =>
    sameBits(
      (x, y, z) => {
        const sum = x.add(y.transpose()).sub(z);
        return [sum, sum.mul(2), sum.abs().add(y.transpose().mul(x))];
      },
      () => [normal([130, 70], 1), normal([70, 130], 2), normal([70], 3)],
    ));

  it('of a square and its transpose, of more operands than there are tiles, and of boxes of an array', () =>
    sameBits(
      (x, y, z, w) => [
        x.add(x.transpose()),
        x.add(y.transpose()).add(z.transpose()).add(w.transpose()).add(x.transpose()),
        ff.concat([x.transpose(), y], 1),
        ff.pad(z.transpose(), [
          [1, 2],
          [3, 0],
        ]),
        w.slice([8, 4], [110, 117]).transpose(),
        ff.flip(w, 0).transpose(),
      ],
      () => [1, 2, 3, 4].map((seed) => normal([120, 120], seed)),
    ));

  it('inside loops, from a slice that the turn chooses', () =>
    sameBits(
      (start, xs) =>
        ff.scan((c: Tensor, x: Tensor): [Tensor, Tensor] => [c.add(x.transpose()), c.transpose()], start, xs),
      () => [normal([100, 90]), normal([3, 90, 100], 1)],
    ));

  it('whatever the shape and the order', () => {
    const extent = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 14, max: 45 }));
    const shaped = fc.array(extent, { minLength: 2, maxLength: 4 }).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      }),
    );
    return fc.assert(
      fc.asyncProperty(shaped, ({ shape, order }) =>
        sameBits(
          (x, y) => [x.transpose(order).mul(2), x.transpose(order).add(y)],
          () => [normal(shape), normal([order.map((axis) => shape[axis]).at(-1) as number], 1)],
        ),
      ),
      { numRuns: 8, seed: 11, endOnFailure: true },
    );
  });
});

describe('products of matrices that lie beside each other', () => {
  const edges: F = (l, r) => ff.einsum('bikc,bkjc->bijc', l, r);

  it('read and write in place: nothing is copied to another order of axes', () => {
    const shapes = [
      [2, 32, 32, 80],
      [2, 32, 32, 80],
    ];
    expect(dispatches((l, r) => (edges(l, r) as Tensor).mul(0.5), ...shapes)).toEqual(['product 160x32x32x32 beside']);
    // Into its box of a wider array.
    const joined = dispatches((l, r) => ff.concat([l, (edges(l, r) as Tensor).tanh()], -1), ...shapes);
    expect(joined).toEqual(['product 160x32x32x32 beside', 'loops 2x32x32x80']);
    const gradients = dispatches(
      (l, r) =>
        ff.grad((a: Tensor, b: Tensor) => (edges(a.tanh(), b) as Tensor).square().sum(), { argnums: [0, 1] })(l, r),
      ...shapes,
    );
    expect(gradients.filter((label) => label.includes('beside'))).toHaveLength(3);
    expect(gradients.filter((label) => label.includes('turned'))).toEqual([]);
  });

  for (const [b, i, k, j, c] of [
    [2, 33, 30, 35, 64],
    [3, 17, 90, 19, 48],
    [1, 50, 64, 70, 17],
    [1, 5, 900, 123, 8],
  ]) {
    it(`agree with the CPU: ${b} × ${i} × ${k} × ${j} × ${c}`, async () => {
      const given = (): Tensor[] => [normal([b, i, k, c]), normal([b, k, j, c], 1)];
      const several: F = (l, r) => {
        const m = edges(l.mul(2), r) as Tensor;
        return [
          ff.concat([m.tanh(), ff.ones([b, i, j, 3]), m], -1),
          m.add(1),
          m.transpose([1, 2, 3, 0]),
          m.sum({ axis: 3 }),
        ];
      };
      expect(await difference(several, given)).toBeLessThan(3e-6);
      const gradient: F = (l, r) =>
        ff.grad((a: Tensor, d: Tensor) => (edges(a.tanh(), d) as Tensor).div(k).sin().sum(), { argnums: [0, 1] })(l, r);
      expect(await difference(gradient, given)).toBeLessThan(1e-5);
    });
  }

  it('with several axes of each kind, in any order', async () => {
    const products: [string, number[], number[]][] = [
      ['ixyk,jxyk->xyij', [50, 4, 8, 60], [40, 4, 8, 60]],
      ['ikxy,jkxy->ijxy', [50, 60, 4, 8], [40, 60, 4, 8]],
      ['xiky,jxky->xijy', [4, 50, 60, 8], [40, 4, 60, 8]],
      ['abcdx,efcdx->aebfx', [5, 6, 7, 9, 16], [6, 7, 7, 9, 16]],
    ];
    for (const [equation, left, right] of products) {
      const f: F = (l, r) => ff.einsum(equation, l, r).mul(2);
      expect(await difference(f, () => [normal(left), normal(right, 1)])).toBeLessThan(5e-6);
    }
  });

  it('of whole numbers, exactly', () =>
    sameBits(
      (l, r) => ff.einsum('ikx,kjx->ijx', l, r).add(1),
      () => [0, 1].map((seed) => normal([45, 45, 64], seed, 'i32')),
    ));
});
