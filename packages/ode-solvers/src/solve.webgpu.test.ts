import { grad, init, jvp, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkSolution,
  evaluateDense,
  kvaerno3,
  OdeError,
  type SolveOptions,
  solveOde,
  solveOdeAsync,
  solveSde,
  solveSdeAsync,
  virtualBrownianTree,
} from './index.ts';

beforeAll(async () => {
  await init({ device: 'webgpu' });
});

const start = (): Tensor => tensor([1, 2]);
const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const unit = { t0: 0, t1: 1 } as const;

async function near(x: Tensor, wanted: readonly number[], digits = 4): Promise<void> {
  expect(x.device?.name).toBe('webgpu');
  const found = await x.data();
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, digits);
  });
}

const ends = [Math.exp(-1), 2 * Math.exp(-1)];

describe('solveOde on a GPU gives tensors without reading', () => {
  it.each<[string, Partial<SolveOptions<Tensor>>]>([
    ['adaptive', {}],
    ['fixed', { steps: 10 }],
    ['stiff', { solver: kvaerno3() }],
  ])('%s', (_, options) => near(solveOde(decay, start(), { ...unit, ...options }).ys, ends));

  it('at given times, and between steps', async () => {
    const { ys } = solveOde(decay, start(), { ...unit, saveAt: { ts: [0.5, 1] } });
    const half = Math.exp(-0.5);
    await near(ys, [half, 2 * half, ...ends]);
    const { dense } = solveOde(decay, start(), { ...unit, saveAt: { dense: true }, maxSteps: 32 });
    await near(evaluateDense(dense!, 0.5), [half, 2 * half]);
  });

  it('with derivatives forwards and backwards', async () => {
    const end = (options: object) => (rate: Tensor) =>
      solveOde((_t, y: Tensor) => y.mul(rate), start(), { ...unit, ...options }).ys.sum();
    const rate = tensor(0.5);
    await near(grad(end({ adjoint: 'backsolve' }))(rate), [3 * Math.exp(0.5)], 2);
    await near(jvp(end({}), [rate], [tensor(1)])[1], [3 * Math.exp(0.5)], 3);
  });

  it('tells how it ended to whoever asks', async () => {
    const solution = solveOde((_t, y: Tensor) => y.square(), start(), { t0: 0, t1: 3 });
    await expect(checkSolution(solution)).rejects.toBeInstanceOf(OdeError);
    await checkSolution(solveOde(decay, start(), unit));
  });
});

describe('solveOdeAsync on a GPU is solveOde of the CPU', () => {
  it('throws', async () => {
    const failing = solveOdeAsync((t) => tensor([1, 0.5]).sub(t).sqrt(), tensor([0, 0]), unit);
    await expect(failing).rejects.toMatchObject({ outcome: 'nonFinite', row: 1 });
  });

  it('cuts rows, and calls onProgress', async () => {
    const told: number[] = [];
    const { ys, ts, accepted } = await solveOdeAsync(decay, start(), {
      ...unit,
      saveAt: { steps: true },
      progressEvery: 2,
      onProgress: ({ fraction }) => told.push(fraction),
    });
    const { count } = await toHost({ count: accepted });
    expect(ys.shape).toEqual([count.item() + 1, 2]);
    expect(ts.shape).toEqual([count.item() + 1]);
    await near(ys.slice(count.item()), ends);
    expect(told.at(-1)).toBe(1);
  });

  it('stops at events', async () => {
    const { events, t } = await solveOdeAsync(decay, start(), {
      ...unit,
      events: [{ when: (_t, y) => y.slice(0).sub(0.5), terminal: true }],
    });
    expect(events?.ts.shape).toEqual([1]);
    await near(t, [Math.LN2]);
  });
});

describe('noise on a GPU', () => {
  it('is the same path as on the CPU, drawn afresh or asked for', async () => {
    const solve = (device: string) => {
      const key = random.key(3, { device });
      const y0 = tensor([1, 2], { device });
      const options = { t0: 0, t1: 1, steps: 8 };
      const noise = virtualBrownianTree(key, { t0: 0, t1: 1, shape: [2] });
      const quiet = (_t: Tensor, y: Tensor): Tensor => y.mul(0.3);
      return [key, noise].map((own) => solveSde(decay, quiet, y0, { ...options, noise: own }).ys);
    };
    const wanted = await toHost(solve('cpu'));
    await Promise.all(solve('webgpu').map((y, i) => near(y, [...wanted[i].dataSync()])));
  });

  it('is checked where it is awaited', async () => {
    const wild = solveSdeAsync((_t, y) => y.mul(1e30).square(), decay, start(), {
      ...unit,
      steps: 4,
      noise: random.key(0),
    });
    await expect(wild).rejects.toBeInstanceOf(OdeError);
  });
});
