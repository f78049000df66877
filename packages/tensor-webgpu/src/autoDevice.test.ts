import { describe, expect, it } from 'vitest';
import { type AutoOptions, autoDevice, type OpenedGpu, type Work } from './autoDevice.ts';
import { NoAdapterError } from './errors/errors.ts';
import * as ff from './index.ts';
import { lax } from './primitives/lax.ts';
import type { Program } from './program/program.ts';
import type { Device, Storage } from './runtime/device.ts';
import { traceProgram } from './trace/builder.ts';

const tracing = { trace: traceProgram, lax };

/** A clock that only devices move. */
class FakeClock {
  time = 0;
  now = (): number => this.time;
}

interface FakeSpeed {
  readonly start: number;
  readonly perRow: number;
  /** Milliseconds to read a result. */
  readonly read: number;
  /** What it computes. */
  readonly value?: number;
  /** Never has its kernels ready. */
  readonly stuck?: boolean;
}

/** A device that takes the given time for rows; what it makes is counted. */
function fakeDevice(name: string, clock: FakeClock, { start, perRow, read, value = 0, stuck }: FakeSpeed) {
  const counts = { runs: 0, live: 0, compiled: 0 };
  const store = (size: number): Storage => {
    counts.live++;
    const dispose = (): void => void counts.live--;
    return { kind: 'stored', device, dtype: 'f32', size, memory: { device, release: dispose }, dispose };
  };
  const device: Device & { emulated: boolean } = {
    name,
    emulated: false,
    dtypes: ['f32'],
    async compile(program: Program) {
      if (stuck) await new Promise(() => undefined);
      const [rows] = program.inputs[0].shape;
      counts.compiled++;
      return {
        run: async () => {
          counts.runs++;
          clock.time += start + perRow * rows;
          return [store(rows)];
        },
        dispose: () => void counts.compiled--,
        bytes: 0,
        report: { program, kernels: [], arenaBytes: 0, codeBytes: 0 },
      };
    },
    put: (data) => store(data.length),
    async read({ size }) {
      clock.time += read;
      return new Float32Array(size).fill(value);
    },
    memory: () => ({ liveTensors: counts.live, liveBytes: 0, arenaBytes: 0, reservedBytes: 0 }),
    info: () => ({ numerics: `${name} ${serial}`, threads: 1, notes: [] }),
  };
  return { device: device as OpenedGpu, counts };
}

/** What was measured of one machine is kept, so that each test is a machine of its own. */
let serial = 0;

function machine(cpuSpeed: FakeSpeed, gpuSpeed: FakeSpeed) {
  serial++;
  const clock = new FakeClock();
  const cpu = fakeDevice('cpu', clock, cpuSpeed);
  const gpu = fakeDevice('webgpu', clock, gpuSpeed);
  const choose = (work?: Work, more: Partial<AutoOptions> = {}) =>
    autoDevice({
      work,
      gpuFrom: undefined,
      cpu: cpu.device,
      open: async () => gpu.device,
      now: clock.now,
      ...tracing,
      ...more,
    });
  return { clock, cpu, gpu, choose };
}

const slowCpu: FakeSpeed = { start: 0.01, perRow: 0.012, read: 0 };
/** Begins late, then hardly takes longer for more rows; reading takes its time, which is no part of a run. */
const largeGpu: FakeSpeed = { start: 0.51, perRow: 0.001, read: 2 };

describe('auto', () => {
  it('takes the GPU from the rows on from which it is 1.2 times as fast', async () => {
    const { choose } = machine(slowCpu, largeGpu);
    // 0.51 + 0.001 r = (0.01 + 0.012 r) / 1.2 at r = 55.7.
    expect(await choose({ width: 128, rows: 54 })).toMatchObject({ device: 'cpu' });
    const { device, reason } = await choose({ width: 128, rows: 60 });
    expect(device).toBe('webgpu');
    expect(reason).toMatch(
      /^Chosen by auto: at width 128 the GPU pays from 56 rows on .*0\.73 ms on 60 rows on the CPU, 0\.57/,
    );
    expect((await choose({ width: 128, rows: 1 << 20 })).device).toBe('webgpu');
  });

  it('measures a size once a process, in about 0.1 s, and keeps nothing', async () => {
    const { choose, clock, cpu, gpu } = machine(slowCpu, largeGpu);
    await Promise.all([choose({ width: 128, rows: 100_000 }), choose({ width: 128, rows: 100_000 })]);
    const { runs } = gpu.counts;
    // A block of the CPU, with the larger run in it, may be under way when the time is over.
    expect(clock.time).toBeLessThan(100 + 4 * 0.012 * 4096);
    await choose({ width: 128, rows: 100_000 });
    expect(gpu.counts.runs).toBe(runs);
    for (const { counts } of [cpu, gpu]) expect(counts).toMatchObject({ live: 0, compiled: 0 });
  });

  it('stays on the CPU where the GPU is slower, at few rows and at many', async () => {
    const { choose } = machine({ start: 0.01, perRow: 0.001, read: 0 }, { start: 0.5, perRow: 0.002, read: 1 });
    const { device, reason } = await choose({ width: 256, rows: 1 << 20 });
    expect(device).toBe('cpu');
    expect(reason).toContain('the GPU does not pay');
  });

  it('does not open a GPU without work, for little work, or below gpuFrom', async () => {
    const { choose } = machine(slowCpu, largeGpu);
    const open = () => {
      throw new Error('opened');
    };
    for (const work of [undefined, { width: 32, rows: 256 }, { width: 1, rows: 1000 }])
      expect((await choose(work, { open })).device).toBe('cpu');
    const gpuFrom = { width: 512, rows: 1024 };
    expect(await choose({ width: 256, rows: 4096 }, { open, gpuFrom })).toMatchObject({
      device: 'cpu',
      reason: expect.stringContaining('less than gpuFrom'),
    });
  });

  it('believes gpuFrom without measuring', async () => {
    const { choose, clock } = machine(slowCpu, largeGpu);
    expect((await choose({ width: 8, rows: 8 }, { gpuFrom: { width: 8, rows: 8 } })).device).toBe('webgpu');
    expect(clock.time).toBe(0);
  });

  it('does not measure an emulated GPU, and says why there is none', async () => {
    const { choose, gpu, clock } = machine(slowCpu, largeGpu);
    const work = { width: 512, rows: 4096 };
    const emulated = { ...gpu.device, emulated: true };
    expect(await choose(work, { open: async () => emulated })).toMatchObject({
      device: 'cpu',
      reason: expect.stringContaining('emulated'),
    });
    const open = () => Promise.reject(new NoAdapterError('WebGPU found no adapter.'));
    expect((await choose(work, { open })).reason).toBe('Chosen by auto: WebGPU found no adapter.');
    expect(clock.time).toBe(0);
  });

  it('does not take a GPU that computes other numbers', async () => {
    const { choose } = machine(slowCpu, { ...largeGpu, value: 0.5 });
    const { device, reason } = await choose({ width: 512, rows: 4096 });
    expect(device).toBe('cpu');
    expect(reason).toContain('The GPU computes 0.5 where the CPU computes 0');
  });

  it('goes by a fixed size where the driver takes too long for the kernels', async () => {
    const { choose } = machine(slowCpu, { ...largeGpu, stuck: true });
    const large = await choose({ width: 512, rows: 4096 });
    expect(large).toMatchObject({ device: 'webgpu', reason: expect.stringContaining('no time to measure') });
    expect((await choose({ width: 64, rows: 1 << 20 })).device).toBe('cpu');
  });

  it('is explained by deviceInfo until a person chooses', async () => {
    await ff.init({ device: 'auto' });
    expect(ff.deviceInfo().notes.at(-1)).toMatch(/^Chosen by auto: no `work` was given/);
    await ff.init({ device: 'cpu' });
    expect(ff.deviceInfo().notes.join()).not.toContain('auto');
  });
});
