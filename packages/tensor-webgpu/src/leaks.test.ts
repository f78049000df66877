import { beforeEach, describe, expect, it } from 'vitest';
import type { Tensor } from './index.ts';
import * as ff from './index.ts';

interface Params {
  readonly w1: Tensor;
  readonly b1: Tensor;
  readonly w2: Tensor;
}

const STEPS = 1000;
/** Steps until buffers have found their places. */
const WARM_UP = 20;

const keys = [...ff.random.split(ff.random.key(7), 4)];
const start = (): Params => ({
  w1: ff.random.normal(keys[0], [3, 16]),
  b1: ff.zeros([16]),
  w2: ff.random.normal(keys[1], [16, 1]),
});
const x = ff.random.normal(keys[2], [32, 3]);
const y = ff.random.normal(keys[3], [32, 1]);

const loss = (p: Params, input: Tensor, target: Tensor): Tensor =>
  input.matmul(p.w1).add(p.b1).tanh().matmul(p.w2).sub(target).square().mean();

const step = (p: Params, input: Tensor, target: Tensor, rate: Tensor | number): [Params, Tensor] => {
  const [value, slopes] = ff.valueAndGrad(loss)(p, input, target);
  return [ff.tree.map((w, g: Tensor) => w.sub(g.mul(rate)), p, slopes), value];
};

const free = (tree: unknown): void => {
  for (const leaf of ff.tree.leaves(tree)) (leaf as Tensor).dispose();
};

/** Runs `round` a thousand times; the memory report after the warm-up and at the end. */
function memoryAround(round: () => void): { before: ff.MemoryReport; after: ff.MemoryReport } {
  const device = ff.defaultDevice();
  for (let i = 0; i < WARM_UP; i++) round();
  const before = device.memory();
  for (let i = 0; i < STEPS; i++) round();
  return { before, after: device.memory() };
}

describe.each(['cpu', 'reference'])('memory on %s', (device) => {
  beforeEach(() => {
    ff.defaultDevice('cpu');
  });
  const on = (params: Params): Params => ff.tree.map((w) => w.to(device), params);
  const batch = (): [Tensor, Tensor] => [x.to(device), y.to(device)];

  /** A thousand training steps with each way of giving memory back. */
  function train(donate: boolean, rate: () => Tensor | number): void {
    ff.defaultDevice(device);
    const compiled = ff.jit(step, donate ? { donate: [0] } : {});
    const [input, target] = batch();
    let params = on(start());
    let first: number | undefined;
    let last = 0;
    const { before, after } = memoryAround(() => {
      const [next, value] = compiled(params, input, target, rate());
      if (!donate) free(params);
      params = next;
      last = value.item();
      first ??= last;
      value.dispose();
    });
    expect(after).toEqual(before);
    expect(last).toBeLessThan(first as number);
  }

  it('is the same after a thousand training steps that free the old parameters', { timeout: 60_000 }, () => {
    const rate = ff.tensor(0.01, { device });
    train(false, () => rate);
  });

  it('is the same after a thousand training steps that donate them', { timeout: 60_000 }, () => {
    const rate = ff.tensor(0.01, { device });
    train(true, () => rate);
  });

  it('is the same when a plain number is an argument', { timeout: 60_000 }, () => {
    train(true, () => 0.01);
    train(false, () => 0.01);
  });

  it('is the same after a thousand steps without jit, in scopes', { timeout: 60_000 }, () => {
    ff.defaultDevice(device);
    const [input, target] = batch();
    let params = on(start());
    const { before, after } = memoryAround(() => {
      const [next, value] = ff.scope(() => step(params, input, target, 0.01));
      free(params);
      params = next;
      value.dispose();
    });
    expect(after).toEqual(before);
  });

  it('holds a thousand steps written operation by operation', { timeout: 60_000 }, () => {
    ff.defaultDevice(device);
    const [input, target] = batch();
    const params = on(start());
    const { before, after } = memoryAround(() => {
      expect(
        ff.scope(() =>
          loss(params, input, target)
            .add(ff.sum([1, 2]))
            .item(),
        ),
      ).toBeGreaterThan(0);
    });
    expect(after).toEqual(before);
  });
});

describe('a checkpoint', () => {
  it('lowers the peak of the arena, for one more evaluation', () => {
    ff.defaultDevice('cpu');
    const [rows, width, layers, inner] = [256, 64, 8, 4];
    const weights = ff.random.normal(keys[0], [width, width]).mul(1 / 8);
    const at = ff.random.normal(keys[1], [rows, width]);
    /** A layer of several products, whose activations are all needed by its derivative. */
    const layer = (h: Tensor, w: Tensor): Tensor => {
      for (let i = 0; i < inner; i++) h = h.matmul(w).tanh();
      return h;
    };
    const network = (run: typeof layer) => (w: Tensor) => {
      let h = at;
      for (let i = 0; i < layers; i++) h = run(h, w);
      return h.square().sum();
    };
    const explain = (run: typeof layer) => ff.explain(ff.grad(network(run)))(weights);
    const [plain, checkpointed] = [explain(layer), explain(ff.checkpoint(layer))];
    const activation = 4 * rows * width;
    // Without: every activation. With: one for each layer, and those of one layer at a time.
    expect(plain.arenaBytes).toBeGreaterThanOrEqual(activation * layers * inner * 0.9);
    expect(checkpointed.arenaBytes).toBeLessThan(plain.arenaBytes / 2);
    expect(checkpointed.flops).toBeGreaterThan(plain.flops * 1.2);
    expect(checkpointed.flops).toBeLessThan(plain.flops * 1.5);
    const slopes = (run: typeof layer): ff.TypedArray =>
      ff
        .jit(ff.grad(network(run)))(weights)
        .dataSync();
    const [a, b] = [slopes(layer), slopes(ff.checkpoint(layer))];
    a.forEach((value, i) => {
      expect(Math.abs(value - b[i])).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
  });
});
