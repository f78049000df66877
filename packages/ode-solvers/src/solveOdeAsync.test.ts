import { ArgumentError, jit, random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { OdeError, type SolveOptions, solveOde, solveOdeAsync, solveSde, solveSdeAsync } from './index.ts';

const y0 = tensor([1, 0.5], { dtype: 'f64' });
const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const numbers = (solution: unknown): unknown =>
  tree.leaves<Tensor>(solution as never).map((leaf) => [leaf.shape, leaf.dataSync()]);

describe('solveOdeAsync', () => {
  const cases: Record<string, Partial<SolveOptions<Tensor>>> = {
    'the end': {},
    'fixed steps': { steps: 7 },
    'saved times': { saveAt: { ts: [0.25, 1] } },
    steps: { saveAt: { steps: true } },
    dense: { saveAt: { dense: true }, progressEvery: 3 },
    events: { events: [{ when: (_t, y) => y.slice(0).sub(0.5) }] },
    'a watched solve': { onProgress: () => {}, progressEvery: 2 },
    'watched fixed steps': { steps: 9, onProgress: () => {}, progressEvery: 2 },
    'a stopped one': { onProgress: () => false, progressEvery: 2, throw: false },
  };
  it.each(Object.entries(cases))('gives the bits of solveOde: %s', async (_, own) => {
    const options = { t0: 0, t1: 1, ...own };
    expect(numbers(await solveOdeAsync(decay, y0, options))).toEqual(numbers(solveOde(decay, y0, options)));
  });

  it('rejects with the errors of solveOde', async () => {
    const root = solveOdeAsync((t) => y0.sub(t).sqrt(), y0.mul(0), { t0: 0, t1: 1 });
    await expect(root).rejects.toMatchObject({ outcome: 'nonFinite', row: 1 });
    await expect(root).rejects.toBeInstanceOf(OdeError);
    await expect(solveOdeAsync(decay, y0, { t0: 0, t1: 1, rtoll: 1 } as never)).rejects.toBeInstanceOf(ArgumentError);
  });

  it('is not for the inside of a trace', async () => {
    let inside: Promise<unknown> = Promise.resolve();
    jit((y: Tensor) => {
      inside = solveOdeAsync(decay, y, { t0: 0, t1: 1 });
      inside.catch(() => {});
      return y;
    })(y0);
    await expect(inside).rejects.toThrow('Use solveOde');
  });
});

describe('solveSdeAsync', () => {
  const noise = random.key(1);
  it('gives the bits of solveSde, and its errors', async () => {
    const options = { t0: 0, t1: 1, steps: 8, noise };
    const quiet = (_t: Tensor, y: Tensor): Tensor => y.mul(0.1);
    expect(numbers(await solveSdeAsync(decay, quiet, y0, options))).toEqual(
      numbers(solveSde(decay, quiet, y0, options)),
    );
    const wild = solveSdeAsync((_t, y) => y.mul(1e300).square(), quiet, y0, options);
    await expect(wild).rejects.toMatchObject({ outcome: 'nonFinite' });
  });
});
