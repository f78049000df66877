import { OdeError } from '@flowfield/ode-solvers';
import { sampleOde } from '@flowfield/samplers';
import { where } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { solvedRows, withOutcome } from './solvedRows.ts';

const points = Float64Array.from({ length: 21 }, (_, i) => i / 16);

describe('solvedRows', () => {
  test('keeps the order of rows over batches, and tells how far it is', async () => {
    const seen: number[] = [];
    const work = { signal: new AbortController().signal, progress: (_: string, done: number) => seen.push(done) };
    const moved = await solvedRows(points, { title: 'move', batch: 3 }, work, (x) => {
      const solution = sampleOde((at) => at.mul(0).add(1), x, { steps: 2 });
      return withOutcome(solution.ys, solution);
    });
    expect([...moved]).toEqual([...points].map((value) => expect.closeTo(value + 1, 6)));
    expect(seen).toEqual([0, 3, 6, 7]);
  });

  test('a solve that breaks is a named error, not a number', async () => {
    const work = { signal: new AbortController().signal, progress: () => {} };
    const broken = solvedRows(points, { title: 'break', batch: 4 }, work, (x) => {
      const solution = sampleOde((at, t) => where(t.reshape([-1, 1]).greater(0.4), Number.NaN, at), x, {
        steps: 4,
        throw: false,
      });
      return withOutcome(solution.ys, solution);
    });
    await expect(broken).rejects.toThrow(OdeError);
  });

  test('stops between two batches', async () => {
    const controller = new AbortController();
    const work = { signal: controller.signal, progress: (_: string, done: number) => done > 0 && controller.abort() };
    let calls = 0;
    const stopped = solvedRows(points, { title: 'stop', batch: 2 }, work, (x) => {
      calls++;
      const solution = sampleOde((at) => at, x, { steps: 1 });
      return withOutcome(solution.ys, solution);
    });
    await expect(stopped).rejects.toThrow('aborted');
    expect(calls).toBe(1);
  });
});
