import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';
import { deviceNamed } from '../../runtime/registry.ts';
import type { WebGpuDevice } from './device.ts';
import { apiCalls } from './testing/apiCalls.ts';
import { type AdamState, adamStart, adamStep, type Layers, layersOf, network } from './testing/networks.ts';

const gpu = (): GPUDevice => (deviceNamed('webgpu') as WebGpuDevice).connection.device;

beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
});

const NOTHING_MADE = { createBuffer: 0, createBindGroup: 0, createComputePipelineAsync: 0, createShaderModule: 0 };
const WARM_UP = 6;

const squares = (params: Layers, x: Tensor, y: Tensor): Tensor =>
  network(params, x, (z) => z.tanh())
    .sub(y)
    .square()
    .mean();

/** |f| on the surface and (|∇f| - 1)² around it. */
function eikonal(params: Layers, on: Tensor, around: Tensor): Tensor {
  const f = (x: Tensor): Tensor => network(params, x, (z) => ff.softplus(z.mul(100)).div(100));
  const gradient = ff.grad((x: Tensor) => f(x).sum())(around);
  return f(on)
    .abs()
    .mean()
    .add(gradient.norm({ axis: -1 }).sub(1).square().mean().mul(0.1));
}

/** What each of `steps` steps calls once the first ones are over, and the losses of all. */
async function perStep(loss: typeof squares, data: readonly Tensor[], steps = 5) {
  const step = adamStep(loss);
  let state: AdamState = adamStart(layersOf([3, 64, 64, 1]));
  const losses: number[] = [];
  const train = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const { state: next, loss: value } = step(state, ...data);
      state = next;
      if (i === count - 1) losses.push((await value.data())[0]);
      value.dispose();
    }
  };
  await train(WARM_UP);
  await train(WARM_UP);
  let calls = await apiCalls(gpu(), () => train(steps));
  // A buffer that comes back to the pool late is bound once anew, whenever that is; then it is known.
  for (let again = 0; again < 3 && calls.createBindGroup > 0; again++) {
    calls = await apiCalls(gpu(), () => train(steps));
  }
  // One more submit copies the last loss.
  return {
    calls: { ...calls, submits: (calls.submit - 1) / steps, dispatches: calls.dispatchWorkgroups / steps },
    losses,
  };
}

const rows = (seed: number, count: number, width: number): Tensor =>
  ff.random.normal(ff.random.key(seed), [count, width]);

describe('a captured step', () => {
  it('of a regression with 3-64-64-1 and Adam is one submit of at most 12 dispatches and makes nothing', async () => {
    const x = rows(7, 32, 3);
    const { calls, losses } = await perStep(squares, [x, x.sin().sum({ axis: 1, keepDims: true })]);
    expect(calls.submits).toBe(1);
    expect(calls.dispatches).toBeLessThanOrEqual(12);
    expect(calls).toMatchObject({ ...NOTHING_MADE, mapAsync: 1 });
    expect(losses[2]).toBeLessThan(losses[0]);
  });

  it('of an eikonal loss is one submit of at most 20 dispatches and makes nothing', async () => {
    const { calls, losses } = await perStep(eikonal, [rows(8, 16, 3), rows(9, 16, 3)]);
    expect(calls.submits).toBe(1);
    expect(calls.dispatches).toBeLessThanOrEqual(20);
    expect(calls).toMatchObject({ ...NOTHING_MADE, mapAsync: 1 });
    expect(losses[2]).toBeLessThan(losses[0]);
  });

  it('of a loop over rows binds a row once, for all that a turn dispatches', async () => {
    const turns = 50;
    const run = ff.jit(
      (w: Tensor, xs: Tensor) =>
        ff.scan(
          (c: Tensor, x: Tensor): [Tensor, null] => [c.matmul(w).add(x).sin().matmul(w).mul(x).matmul(w).sub(x), null],
          ff.ones([4, 8]),
          xs,
        )[0],
    );
    const given = [rows(11, 8, 8), rows(12, turns, 8)] as const;
    await run(...given).data();
    const calls = await apiCalls(gpu(), async () => {
      await run(...given).data();
    });
    expect(calls.dispatchWorkgroups).toBeGreaterThanOrEqual(3 * turns);
    expect(calls.setBindGroup).toBeLessThanOrEqual(calls.dispatchWorkgroups + turns);
  });

  it('of a hundred midpoint steps of sampling is one submit that reads nothing back', async () => {
    const layers = layersOf([3, 32, 2]);
    const steps = 100;
    const velocity = (x: Tensor, t: Tensor): Tensor =>
      network(layers, ff.concat([x, ff.broadcastTo(t, [x.shape[0], 1])], 1), (z) => z.tanh());
    const sample = ff.jit(
      (start: Tensor) =>
        ff.scan(
          (x: Tensor, t: Tensor): [Tensor, null] => {
            const middle = x.add(velocity(x, t).mul(0.5 / steps));
            return [x.add(velocity(middle, t.add(0.5 / steps)).div(steps)), null];
          },
          start,
          ff.arange(0, 1, 1 / steps),
        )[0],
    );
    const start = rows(10, 32, 2);
    let end = sample(start);
    const expected = await end.data();
    for (let i = 0; i < WARM_UP; i++) {
      end.dispose();
      end = sample(start);
      await end.data();
    }
    end.dispose();
    const calls = await apiCalls(gpu(), async () => {
      end = sample(start);
      await Promise.resolve();
    });
    expect(calls).toMatchObject({ submit: 1, mapAsync: 0, createBindGroup: 0, createShaderModule: 0 });
    expect(calls.dispatchWorkgroups).toBeGreaterThanOrEqual(2 * steps);
    expect(await end.data()).toEqual(expected);
  });

  it('of very many dispatches is handed over in a few submits, and reads nothing in between', async () => {
    const turns = 2000;
    const run = ff.jit(
      (w: Tensor, start: Tensor) =>
        ff.scan((x: Tensor): [Tensor, null] => [x.matmul(w).sin().matmul(w).cos().matmul(w).sin(), null], start, null, {
          length: turns,
        })[0],
    );
    const given = [rows(13, 4, 4), rows(14, 2, 4)] as const;
    await run(...given).data();
    const calls = await apiCalls(gpu(), async () => {
      await run(...given).data();
    });
    expect(calls.dispatchWorkgroups).toBeGreaterThan(4096);
    // One more submit copies the result.
    expect(calls.submit).toBe(1 + Math.ceil(calls.dispatchWorkgroups / 4096));
    expect(calls.mapAsync).toBe(1);
  });
});
