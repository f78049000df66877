import { beforeAll, describe, expect, it } from 'vitest';
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

const [ROWS, COLUMNS] = [1000, 256];
const ARRAY = 4 * ROWS * COLUMNS;

type F = (...xs: Tensor[]) => Tensor;

/** The dispatches of `f` of arrays of rows, how many arrays' bytes they bind, and how often their lanes go over a row. */
function touched(f: F, count: number): { dispatches: number; arrays: number; passes: number } {
  const { limits } = (deviceNamed('webgpu') as WebGpuDevice).connection;
  const avals = Array.from({ length: count }, () => ({ shape: [ROWS, COLUMNS], dtype: 'f32' as const }));
  const { program } = traceProgram(avals, (...xs) => [f(...(xs as Tensor[]))]);
  const target = gpuTarget(limits);
  const { nodes } = emitProgram(fuse(lower(program), target), [], { target, limits });
  const bytes = nodes.reduce((sum, node) => sum + (node.kind === 'dispatch' ? node.bytes : Number.NaN), 0);
  const text = nodes.map((node) => (node.kind === 'dispatch' ? node.source : '')).join();
  const passes = text.match(/\+= 64u\) \{|\+= 32u\) \{/g)?.length ?? 0;
  return { dispatches: nodes.length, arrays: Math.floor(bytes / ARRAY), passes };
}

const normalized: F = (x) => {
  const centred = x.sub(x.mean({ axis: 1, keepDims: true }));
  return centred.div(centred.square().mean({ axis: 1, keepDims: true }).add(1e-5).sqrt());
};

/** Largest difference to the CPU of `f` of arrays of this shape, relative to the largest element. */
async function difference(f: F, count: number, shape: readonly number[], donate: number[] = []): Promise<number> {
  const on = async (device: string): Promise<ArrayLike<number>> => {
    ff.defaultDevice(device);
    const given = Array.from({ length: count }, (_, i) => ff.random.normal(ff.random.key(i), [...shape]));
    return ff
      .jit(f, { donate: device === 'webgpu' ? donate : [] })(...given)
      .data();
  };
  const [cpu, gpu] = [await on('cpu'), await on('webgpu')];
  expect(gpu.length).toBe(cpu.length);
  const largest = Array.from(cpu).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-30);
  return Array.from(cpu).reduce((most, x, i) => Math.max(most, Math.abs(x - gpu[i]) / largest), 0);
}

describe('rows that are reduced and then used', () => {
  // Every array is bound once: a row comes from device memory once, and its results go there once.
  for (const [name, f, inputs, arrays, passes] of [
    ['softmax', (x) => ff.softmax(x), 1, 2, 3],
    ['the logarithm of softmax', (x) => ff.logSoftmax(x), 1, 2, 4],
    ['logsumexp', (x) => ff.logsumexp(x, { axis: 1 }), 1, 1, 4],
    ['rows less their mean, over their deviation', normalized, 1, 2, 4],
    ['the same, scaled and moved', (x, y) => normalized(x).mul(y).add(1), 2, 3, 4],
    ['the derivative of softmax', (x, y) => ff.grad((z: Tensor) => ff.softmax(z).mul(y).sum())(x), 2, 3, 4],
  ] as const satisfies readonly (readonly [string, F, number, number, number])[]) {
    it(`are read once from memory, in one dispatch: ${name}`, async () => {
      expect(touched(f as F, inputs)).toEqual({ dispatches: 1, arrays, passes });
      for (const shape of [
        [300, 256],
        [257, 65],
        [400, 9],
        [260, 1000],
        [300, 1],
      ])
        expect([shape, await difference(f as F, inputs, shape)]).toEqual([shape, expect.closeTo(0, 5)]);
    });
  }

  it('may be written over by what is made of them', async () => {
    expect(await difference((x) => ff.softmax(x), 1, [300, 256], [0])).toBeLessThan(1e-5);
    expect(await difference(normalized, 1, [300, 256], [0])).toBeLessThan(1e-5);
  });
});
