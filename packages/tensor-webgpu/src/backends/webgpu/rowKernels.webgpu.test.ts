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

/** The dispatches of `f` of arrays of rows, and in how many arrays' bytes they touch memory beside their workgroups. */
function touched(f: F, count: number): { dispatches: number; arrays: number } {
  const { limits } = (deviceNamed('webgpu') as WebGpuDevice).connection;
  const avals = Array.from({ length: count }, () => ({ shape: [ROWS, COLUMNS], dtype: 'f32' as const }));
  const { program } = traceProgram(avals, (...xs) => [f(...(xs as Tensor[]))]);
  const target = gpuTarget(limits);
  const { nodes } = emitProgram(fuse(lower(program), target), [], { target, limits });
  const bytes = nodes.reduce((sum, node) => sum + (node.kind === 'dispatch' ? node.bytes : Number.NaN), 0);
  return { dispatches: nodes.length, arrays: Math.floor(bytes / ARRAY) };
}

const normalized: F = (x) => {
  const centred = x.sub(x.mean({ axis: 1, keepDims: true }));
  return centred.div(centred.square().mean({ axis: 1, keepDims: true }).add(1e-5).sqrt());
};

describe('rows that are reduced and then used', () => {
  // An array that is bound once: every row comes from device memory once, and its results go there once.
  for (const [name, f, inputs, arrays] of [
    ['softmax', (x) => ff.softmax(x), 1, 2],
    ['the logarithm of softmax', (x) => ff.logSoftmax(x), 1, 2],
    ['logsumexp', (x) => ff.logsumexp(x, { axis: 1 }), 1, 1],
    ['rows less their mean, over their deviation', normalized, 1, 2],
    ['the same, scaled and moved', (x, y) => normalized(x).mul(y).add(1), 2, 3],
    ['the derivative of softmax', (x, y) => ff.grad((z: Tensor) => ff.softmax(z).mul(y).sum())(x), 2, 3],
  ] as const satisfies readonly (readonly [string, F, number, number])[]) {
    it(`are read once, in one dispatch: ${name}`, () => {
      expect(touched(f as F, inputs)).toEqual({ dispatches: 1, arrays });
    });
  }
});
