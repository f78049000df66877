import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LaterDevice } from './backends/testing/laterDevice.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import type { Tensor } from './index.ts';
import * as ff from './index.ts';

const later = new LaterDevice();

beforeAll(async () => {
  expect(await ff.init({ device: later })).toEqual(['later', 'cpu', 'reference']);
});
afterAll(() => {
  ff.defaultDevice('cpu');
});

/** Runs `f` on both devices; every tensor of the results must have the same bits. */
async function agree(f: (x: Tensor, n: Tensor) => unknown): Promise<void> {
  const results: unknown[] = [];
  for (const device of ['cpu', 'later']) {
    ff.defaultDevice(device);
    const x = ff.tensor([0.5, -1.25, 2], { device });
    const n = ff.tensor(3, { device });
    const tensors = ff.tree.leaves<Tensor>(f(x, n));
    for (const tensor of tensors) expect(tensor.device?.name).toBe(device);
    results.push(await Promise.all(tensors.map((tensor) => tensor.data())));
  }
  ff.defaultDevice('later');
  expect(results[1]).toEqual(results[0]);
}

describe('a device that answers by promises', () => {
  it('runs eager calls, with numbers and new tensors among them', async () => {
    await agree((x) => [x.add(1).mul(x), x.exp().sum(), x.matmul(ff.ones([3, 2])), ff.arange(4), ff.zeros([2, 2])]);
    await agree((x) => ff.random.normal(ff.random.key(1), [4]).mul(x.sum()));
  });

  it('runs jit, also on numbers, again, and with donation', async () => {
    const f = ff.jit((x: Tensor, rate: Tensor | number) => ({ next: x.sub(x.mul(rate)), sum: x.sum() }), {
      donate: [0],
    });
    await agree((x) => {
      let state = x.mul(1);
      const sums: Tensor[] = [];
      for (let i = 0; i < 4; i++) {
        const { next, sum } = f(state, 0.25);
        expect(() => state.mul(2)).toThrow(ff.DisposedError);
        state = next;
        sums.push(sum);
      }
      return [state, sums];
    });
  });

  it('runs every transform', async () => {
    const f = (x: Tensor): Tensor => x.tanh().mul(x).sum();
    await agree((x) => [ff.grad(f)(x), ff.valueAndGrad(f)(x), ff.hessian(f)(x), ff.jvp(f, [x], [x]), ff.vjp(f, x)[0]]);
    await agree((x) => [ff.vmap((v: Tensor) => v.sin())(x), ff.jacrev((v: Tensor) => v.square())(x)]);
    await agree((x) => ff.jit(ff.grad(ff.checkpoint(f)))(x));
  });

  it('loops and branches as its values say, inside each other too', async () => {
    const doubling = (x: Tensor) =>
      ff.whileLoop(
        (c) => c.sum().less(100),
        (c) => c.mul(2),
        x,
      );
    await agree((x) => [doubling(x.abs()), ff.jit(doubling)(x.abs()), doubling(x.abs().add(1000))]);
    await agree((x, n) => ff.foriLoop(0, n.astype('i32'), (_i, c) => c.mul(2), x));
    await agree((x) =>
      [-1, 1].map((s) =>
        ff.cond(
          x.sum().mul(s).greater(0),
          (v) => v.sin(),
          (v) => v.cos(),
          x,
        ),
      ),
    );
    await agree((x) => ff.scan((c: Tensor, v: Tensor) => [c.add(v), c.mul(v)], ff.tensor(0), x));
    await agree((x) =>
      ff.scan((c: Tensor, v: Tensor) => [c.add(1), doubling(v.abs().add(c))], ff.tensor(1), x, { reverse: true }),
    );
    await agree((x) =>
      ff.scan((c: Tensor) => [doubling(c), null] as [Tensor, null], x.abs().sum(), null, { length: 0 }),
    );
    await agree((x) => ff.grad((v: Tensor) => ff.foriLoop(0, 3, (_i, c) => c.mul(v.sum()), v).sum())(x));
    await agree((x) => ff.jvp((v: Tensor) => doubling(v), [x.abs()], [x]));
  });

  it('frees what is disposed while a call on it is under way, after that call', async () => {
    const before = later.memory().liveTensors;
    const x = ff.tensor([1, 2, 3]);
    const y = x.mul(2);
    const reading = y.data();
    x.dispose();
    y.dispose();
    expect(Array.from(await reading)).toEqual([2, 4, 6]);
    expect(() => y.add(1)).toThrow(ff.DisposedError);
    ff.scope(() => void ff.tensor([1]).exp());
    await ff.tensor([1]).data();
    await new Promise((next) => setTimeout(next, 20));
    expect(later.memory().liveTensors).toBeLessThanOrEqual(before + 1);
  });

  it('copies to and from other devices', async () => {
    const there = ff.tensor([1, 2, 3], { device: 'cpu' }).to('later').mul(2);
    const back = there.to('cpu');
    expect(() => back.item()).toThrow(ff.ShapeError);
    expect(() => back.dataSync()).toThrow('the elements are still on their way');
    const sum = back.add(1).sum();
    expect(await sum.data()).toEqual(Float32Array.of(15));
    expect(sum.item()).toBe(15);
    expect(back.toArray()).toEqual([2, 4, 6]);
    // What does not depend on it is there at once.
    there.to('cpu');
    expect(ff.tensor([1, 2], { device: 'cpu' }).add(1).toArray()).toEqual([2, 3]);
  });

  it('a donating call waits for those that still read what it overwrites', async () => {
    const step = ff.jit((x: Tensor) => x.mul(10), { donate: [0] });
    const x = ff.tensor([1, 2], { device: 'cpu' });
    const coming = ff.tensor([1, 1]).to('cpu');
    const sum = x.add(coming);
    const tens = step(x);
    expect([await sum.data(), await tens.data()]).toEqual([Float32Array.of(2, 3), Float32Array.of(10, 20)]);
  });

  it('cannot be read at once, and says so', async () => {
    const x = ff.tensor([1]);
    for (const read of ['dataSync', 'toArray', 'item', 'toJSON'] as const) {
      expect(() => x[read]()).toThrow(ff.DeviceError);
      expect(() => x[read]()).toThrow(
        `${read}: device 'later' answers by promises and cannot be read at once. Use \`await x.data()\``,
      );
    }
    expect(String(x)).toContain('later');
  });

  it('explains a function once it has run', async () => {
    const f = (x: Tensor): Tensor => x.sinh().sum();
    const x = ff.tensor([1, 2]);
    expect(() => ff.explain(f)(x)).toThrow('compiles in its own time');
    await ff.jit(f)(x).data();
    expect(ff.explain(f)(x).program).toContain('sinh');
  });

  it('hands a failure to whoever awaits the result, and works on', async () => {
    const broken = new LaterDevice('broken');
    broken.compile = async () => {
      throw new ff.DeviceError('the device was lost');
    };
    const x = ff.tensor([1], { device: 'cpu' }).to(broken);
    const y = x.add(1).mul(2);
    await expect(y.data()).rejects.toThrow('the device was lost');
    expect(Array.from(await x.data())).toEqual([1]);
  });

  it('goes on after its caches were cleared, in the middle of calls too', async () => {
    const f = ff.jit((x: Tensor) => x.mul(3).sum());
    const first = f(ff.tensor([1, 2]));
    ff.clearCaches();
    const second = f(ff.tensor([1, 2]));
    expect([await first.data(), await second.data()]).toEqual([Float32Array.of(9), Float32Array.of(9)]);
  });
});

describe('a device that only reads by promises', () => {
  it('starts every call at once', async () => {
    const prompt: ff.Device = cpuDevice();
    const readNow = (prompt.readSync as NonNullable<ff.Device['readSync']>).bind(prompt);
    Object.defineProperties(prompt, {
      name: { value: 'prompt' },
      readSync: { value: undefined },
      read: { value: async (...args: Parameters<typeof readNow>) => readNow(...args) },
    });
    let x = ff.tensor([1, 2], { device: 'cpu' }).to(prompt);
    const step = ff.jit((v: Tensor) => v.mul(2), { donate: [0] });
    for (let i = 0; i < 5; i++) x = step(x);
    expect(prompt.memory().liveTensors).toBe(1);
    const large = ff.whileLoop(
      (v) => v.sum().less(1000),
      (v) => v.mul(2),
      x,
    );
    expect(() => large.toArray()).toThrow(ff.DeviceError);
    const [bytes, copy] = [large.data(), large.to('cpu')];
    large.dispose();
    expect([await bytes, await copy.data()]).toEqual([Float32Array.of(512, 1024), Float32Array.of(512, 1024)]);
    x.dispose();
    expect(prompt.memory().liveTensors).toBe(0);
  });
});

describe('init', () => {
  it('takes devices by name, and no two of one name', async () => {
    expect(await ff.init({ device: 'cpu' })).toEqual(['cpu', 'reference', 'later']);
    await expect(ff.init({ device: new LaterDevice() })).rejects.toThrow("There is a device 'later' already");
    await expect(ff.init({ device: 'gpu' })).rejects.toThrow("There is no device 'gpu'");
  });
});
