import { afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { LaterDevice } from '../backends/testing/laterDevice.ts';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

beforeAll(async () => {
  await ff.init({ device: new LaterDevice() });
});
afterEach(() => {
  ff.defaultDevice('later');
});

describe('knownData', () => {
  it('has the elements of memory and of constants, and none of what is traced or elsewhere', async () => {
    const seen: unknown[] = [];
    ff.jit((x: Tensor) => {
      seen.push(ff.knownData(x), ff.knownData(ff.tensor(2)));
      return x;
    })(ff.tensor([1, 2], { device: 'cpu' }));
    expect(seen).toEqual([null, Float32Array.of(2)]);
    expect(ff.knownData(ff.tensor([1, 2], { device: 'cpu' }))).toEqual(Float32Array.of(1, 2));
    const away = ff.tensor([1, 2]).add(1);
    expect(ff.knownData(away)).toBeNull();
    const coming = away.to('cpu');
    expect(ff.knownData(coming)).toBeNull();
    await coming.data();
    expect(ff.knownData(coming)).toEqual(Float32Array.of(2, 3));
  });

  it('tells of a tensor that was disposed', () => {
    const x = ff.tensor([1], { device: 'cpu' });
    x.dispose();
    expect(() => ff.knownData(x)).toThrow(ff.DisposedError);
  });
});

describe('checkData', () => {
  const positive = (x: Tensor) =>
    ff.checkData([x], (data) => {
      if (data.some((value) => value <= 0)) throw new ff.ArgumentError(`expected positive numbers, got ${data.join()}`);
    });

  it('throws at once where data are known, and looks at nothing inside a trace', () => {
    expect(() => positive(ff.tensor([1, 0], { device: 'cpu' }))).toThrow('got 1,0');
    positive(ff.tensor([1, 2], { device: 'cpu' }));
    ff.jit((x: Tensor) => {
      positive(x);
      return x;
    })(ff.tensor([-1]));
  });

  it('fails the reads that are asked for next, once, and none that passes', async () => {
    const x = ff.tensor([1, 2]);
    positive(x);
    positive(x.sub(1));
    const [first, second] = [x.mul(2), x.mul(3)].map((y) => y.data());
    await expect(first).rejects.toThrow('expected positive numbers, got 0,1');
    await expect(second).rejects.toThrow(ff.ArgumentError);
    expect([...(await x.mul(2).data())]).toEqual([2, 4]);
  });

  it('finds it too where a result goes to the CPU, and takes tensors of two devices', async () => {
    const [here, there] = [ff.tensor([2], { device: 'cpu' }), ff.tensor([1])];
    ff.checkData([here, there], (a, b) => {
      if (a[0] > b[0]) throw new ff.ArgumentError(`${a[0]} > ${b[0]}`);
    });
    await expect(ff.toHost(there.mul(2))).rejects.toThrow('2 > 1');
  });
});

describe('toHost', () => {
  it('brings the tensors of a tree to where they can be read, and leaves the rest', async () => {
    const run = () => 7;
    const given = { x: ff.tensor([1, 2]).mul(2), rest: [ff.tensor(3, { device: 'cpu' }), 'text', run, null] as const };
    const { x, rest } = await ff.toHost(given);
    expect([x.toArray(), rest[0].item(), ...rest.slice(1)]).toEqual([[2, 4], 3, 'text', run, null]);
    expect((await ff.toHost(ff.tensor([5]))).item()).toBe(5);
    const own = { x: ff.tensor([1], { device: 'cpu' }), y: [1, { run }] };
    expect(await ff.toHost(own)).toBe(own);
  });

  it('does not ask properties that compute themselves', async () => {
    let asked = 0;
    const lazy = {
      x: ff.tensor([2]),
      get size() {
        return ++asked;
      },
    };
    const { x, ...rest } = Object.getOwnPropertyDescriptors(await ff.toHost(lazy));
    expect([x?.value?.item(), asked, typeof rest.size.get]).toEqual([2, 0, 'function']);
  });
});

test('what is no tensor, and no list of them, is named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
  const loose = ff as any;
  expect(() => loose.knownData(3)).toThrow(/knownData: expected x/);
  expect(() => loose.checkData(ff.tensor(1), () => {})).toThrow(/checkData: expected the tensors/);
  expect(() => loose.checkData([3], () => {})).toThrow(ff.ArgumentError);
  expect(() => loose.checkData([], 3)).toThrow(/checkData: expected a function/);
});

describe('onHost', () => {
  it('runs a function that reads and needs f64, with new tensors beside its arguments', async () => {
    const spread = (x: Tensor, { shift }: { shift: number }): number =>
      x
        .astype('f64')
        .add(ff.tensor([shift, -shift]))
        .max()
        .item();
    expect(await ff.onHost(spread)(ff.tensor([1, 2]), { shift: 0.5 })).toBe(1.5);
    expect(ff.defaultDevice().name).toBe('later');
  });

  it('gives the device back after an error, and refuses what goes on later', async () => {
    const fails = (): number => {
      throw new RangeError('mine');
    };
    await expect(ff.onHost(fails)()).rejects.toThrow(RangeError);
    expect(ff.defaultDevice().name).toBe('later');
    await expect(ff.onHost(async () => 1)()).rejects.toThrow('got a promise');
    expect(() => ff.onHost(1 as never)).toThrow(ff.ArgumentError);
  });
});
