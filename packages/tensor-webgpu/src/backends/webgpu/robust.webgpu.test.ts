import { beforeEach, describe, expect, it } from 'vitest';
import { compareSpeeds } from '../../deviceSpeed.ts';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';
import { deviceNamed } from '../../runtime/registry.ts';
import type { WebGpuDevice } from './device.ts';

const device = (): WebGpuDevice => deviceNamed('webgpu') as WebGpuDevice;

beforeEach(async () => {
  await ff.init({ device: 'webgpu' });
});

const failure = async (run: () => unknown): Promise<Error> => {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('a GPU that is lost', () => {
  const doubled = ff.jit((x: Tensor) => x.mul(2).add(1));

  it('says so, and serves again after init', async () => {
    const x = ff.tensor([1, 2, 3]);
    expect([...(await doubled(x).data())]).toEqual([3, 5, 7]);
    device().connection.device.destroy();
    await device().connection.device.lost;
    await Promise.resolve();
    for (const run of [() => x.data(), () => doubled(x).data(), () => ff.tensor([4]).data()]) {
      const error = await failure(run);
      expect(error).toBeInstanceOf(ff.DeviceLostError);
      expect(error.message).toMatch(/init\(\{ device: 'webgpu' \}\)/);
    }
    await ff.init({ device: 'webgpu' });
    // What was there before is gone; what comes after is whole, also in programs compiled before.
    expect(await failure(() => x.data())).toBeInstanceOf(ff.DeviceLostError);
    expect([...(await doubled(ff.tensor([1, 2, 3])).data())]).toEqual([3, 5, 7]);
    x.dispose();
  });

  it('fails the reads that are under way, and never answers zeros', async () => {
    const x = ff.tensor([1, 2, 3]).mul(2);
    await x.data();
    const reads = [x.data(), x.data()];
    const { device: destroyed } = device().connection;
    destroyed.destroy();
    for (const read of reads) {
      const found = await read.then(
        (data) => [...data],
        (error) => error,
      );
      if (Array.isArray(found)) expect(found).toEqual([2, 4, 6]);
      else expect(found).toBeInstanceOf(ff.DeviceError);
    }
    await destroyed.lost;
  });
});

describe('memory', () => {
  it('a tensor beyond what can be bound is an error with figures', async () => {
    const most = device().connection.limits.maxStorageBufferBindingSize;
    const error = await failure(() => ff.zeros([most / 4 + 1]).data());
    expect(error).toBeInstanceOf(ff.OutOfMemoryError);
    expect(error.message).toContain(`${most + 4} bytes`);
    expect(error.message).toContain(`${most} bytes;`);
  });

  it('of results that are dropped is used again', async () => {
    const step = ff.jit((x: Tensor) => x.mul(0.5).add(1));
    let x = ff.ones([1000]);
    const turn = async (): Promise<void> => {
      const next = step(x);
      await next.data();
      x.dispose();
      x = next;
    };
    for (let i = 0; i < 3; i++) await turn();
    const before = device().memory();
    for (let i = 0; i < 20; i++) await turn();
    expect(device().memory()).toEqual(before);
  });

  it('is given back by dispose', async () => {
    const x = ff.ones([100]);
    await x.data();
    const { liveTensors, liveBytes } = device().memory();
    x.dispose();
    expect(device().memory()).toMatchObject({ liveTensors: liveTensors - 1, liveBytes: liveBytes - 400 });
  });
});

describe('what is kept for later', () => {
  it('is given back by clearCaches, and programs are made anew', async () => {
    const f = ff.jit((x: Tensor) => x.matmul(x).sin().sum());
    const x = ff.ones([40, 40]);
    const first = f(x);
    const [expected] = await first.data();
    first.dispose();
    const { liveTensors } = device().memory();
    ff.clearCaches();
    const { arenaBytes, reservedBytes, liveBytes } = device().memory();
    expect(arenaBytes).toBe(0);
    // Sizes of buffers are rounded up.
    expect(reservedBytes).toBeLessThanOrEqual(2 * liveBytes + 256 * liveTensors);
    expect([...(await f(x).data())]).toEqual([expected]);
  });
});

describe('what a GPU does not have', () => {
  it('float64 is refused by the name of what asks for it', async () => {
    const cast = await failure(() => ff.tensor([1, 2]).astype('f64').data());
    expect(cast).toBeInstanceOf(ff.DeviceError);
    expect(cast.message).toMatch(/no f64, which cast asks for.*f32.*cpu/);
    const made = await failure(() => ff.tensor([1], { dtype: 'f64', device: 'webgpu' }).data());
    expect(made).toBeInstanceOf(ff.DeviceError);
  });

  it('reading at once says what to do instead', () => {
    expect(() => ff.tensor([1]).dataSync()).toThrow(/await x\.data\(\)/);
  });
});

describe('a kernel that is not valid', () => {
  it('is an error with the line, and the device goes on', async () => {
    const { connection } = device();
    const error = await failure(() =>
      connection.pipelines.take({
        source: '@compute @workgroup_size(1) fn main() { nonsense(); }',
        label: 'wrong',
        storages: 0,
        turns: 0,
      }),
    );
    expect(error).toBeInstanceOf(ff.ValidationError);
    expect(error.message).toMatch(/kernel \(wrong\).*line 1.*nonsense.*`cpu`/s);
    expect([...(await ff.tensor([1, 2]).add(1).data())]).toEqual([2, 3]);
  });

  it('is told at the next call, when only the queue meets it', async () => {
    const { connection } = device();
    connection.device.queue.writeBuffer(connection.device.createBuffer({ size: 4, usage: 4 }), 0, new Uint32Array(1));
    await connection.device.queue.onSubmittedWorkDone();
    const error = await failure(() => ff.tensor([1, 2]).add(1).data());
    expect(error).toBeInstanceOf(ff.ValidationError);
    expect([...(await ff.tensor([1, 2]).add(1).data())]).toEqual([2, 3]);
  });
});

describe('results', () => {
  it('may be read many at once, in any order', async () => {
    const xs = Array.from({ length: 20 }, (_, i) => ff.full([50 + i], i).mul(2));
    const read = await Promise.all([...xs].reverse().map((x) => x.data()));
    read.reverse().forEach((data, i) => expect([...data]).toEqual(new Array(50 + i).fill(2 * i)));
  });

  it('of one tensor given twice are right', async () => {
    const f = ff.jit((x: Tensor, y: Tensor) => x.add(y.mul(2)));
    const x = ff.tensor([1, 2, 3]);
    expect([...(await f(x, x).data())]).toEqual([3, 6, 9]);
  });

  it('come from loops that go on by their values', async () => {
    const doubled = ff.whileLoop(
      (x: Tensor) => x.sum().less(100),
      (x: Tensor) => x.mul(2),
      ff.tensor([1, 2]),
    );
    expect([...(await doubled.data())]).toEqual([64, 128]);
  });
});

describe('auto', () => {
  it('takes the CPU for small work, and instead of a GPU that a processor plays', async () => {
    expect((await ff.init({ device: 'auto' }))[0]).toBe('cpu');
    expect((await ff.init({ device: 'auto', work: { width: 64, rows: 1 << 20 } }))[0]).toBe('cpu');
    const large = (await ff.init({ device: 'auto', work: { width: 512, rows: 4096 } }))[0];
    expect(large).toBe(device().emulated ? 'cpu' : 'webgpu');
    expect(ff.deviceInfo().notes.at(-1)).toMatch(device().emulated ? /emulated/ : /the GPU pays from \d+ rows on/);
  });

  it('finds by measuring that an emulated GPU does not pay, and gives all back', async (context) => {
    if (!device().emulated) context.skip('this GPU is one, and may pay');
    const [cpu, gpu] = [deviceNamed('cpu'), device()];
    const before = [cpu, gpu].map((each) => each.memory().liveTensors);
    const found = await compareSpeeds({ cpu, gpu, now: () => performance.now(), patience: 60_000 }, 128, 512);
    expect(found?.gpu.perRow).toBeGreaterThan(0);
    expect(found?.cpu.perRow).toBeGreaterThan(0);
    expect(found?.paysFrom).toBe(Infinity);
    expect([cpu, gpu].map((each) => each.memory().liveTensors)).toEqual(before);
  });

  it('rejects work that is none', async () => {
    await expect(ff.init({ device: 'auto', work: { width: -1, rows: 2 } })).rejects.toThrow(ff.ArgumentError);
    await expect(ff.init({ device: 'auto', work: { widht: 1 } as never })).rejects.toThrow(/width/);
  });
});
