import { type Comparison, type Contest, compareSpeeds } from './deviceSpeed.ts';
import { FlowfieldError } from './errors/errors.ts';
import type { Device } from './runtime/device.ts';
import { deviceInfo } from './runtime/registry.ts';

/** How large the work of a program is, roughly. */
export interface Work {
  /** Extent of the matrices, such as the width of the layers. */
  readonly width: number;
  /** Rows that go through them at once, such as a batch. */
  readonly rows: number;
}

/** A device, and why it was chosen, in words for people. */
export interface Choice {
  readonly device: string;
  readonly reason: string;
}

/** A GPU, real or played by a processor. */
export interface OpenedGpu extends Device {
  readonly emulated: boolean;
}

export interface AutoOptions {
  readonly work: Work | undefined;
  /** The least work that a GPU gains by, where a person says so. */
  readonly gpuFrom: Work | undefined;
  readonly cpu: Device;
  readonly open: () => Promise<OpenedGpu>;
  readonly now?: () => number;
}

/**
 * Multiplications and additions of a layer that any core does (some 20 µs) before a GPU was handed three dispatches and their
 * submit, at the 5 to 7 µs that each costs the host.
 */
const SURELY_SMALL = 1e6;
/** Where there was no time to measure: not measured anywhere, and on the side of the CPU. */
const UNMEASURED: Work = { width: 96, rows: 256 };

/** What was measured in this process, by the devices and the size: it is not measured twice. */
const measured = new Map<string, Promise<Comparison | null>>();

/**
 * The device for some work: the GPU where it is one and faster than the CPU at that work, by a measurement of about 0.1 s
 * unless the person said from which size on it is.
 */
export async function autoDevice({ work, gpuFrom, cpu, open, now }: AutoOptions): Promise<Choice> {
  const onCpu = (why: string): Choice => ({ device: cpu.name, reason: `Chosen by auto: ${why}` });
  if (!work) return onCpu('no `work` was given, and only large work gains by a GPU.');
  if (gpuFrom && !reaches(work, gpuFrom)) return onCpu(`${text(work)} is less than gpuFrom, ${text(gpuFrom)}.`);
  if (!gpuFrom && 2 * work.rows * work.width ** 2 <= SURELY_SMALL)
    return onCpu(`${text(work)} takes it less time than any GPU takes to begin.`);
  try {
    const gpu = await open();
    const onGpu = (why: string): Choice => ({ device: gpu.name, reason: `Chosen by auto: ${why}` });
    if (gpu.emulated) return onCpu('the GPU of this machine is emulated on the CPU.');
    if (gpuFrom) return onGpu(`${text(work)} reaches gpuFrom, ${text(gpuFrom)}.`);
    const found = await comparison({ cpu, gpu, now: now ?? (() => performance.now()) }, work);
    if (found === null) {
      const choose = reaches(work, UNMEASURED) ? onGpu : onCpu;
      return choose(`there was no time to measure; ${text(UNMEASURED)} or more is taken to gain by a GPU.`);
    }
    return (work.rows >= found.paysFrom ? onGpu : onCpu)(verdict(found, work));
  } catch (error) {
    if (error instanceof FlowfieldError) return onCpu(error.message);
    throw error;
  }
}

function comparison(contest: Contest, { width, rows }: Work): Promise<Comparison | null> {
  const info = deviceInfo(contest.cpu);
  const key = [info.threads, deviceInfo(contest.gpu).numerics, width, rows].join(' ');
  let found = measured.get(key);
  if (!found) {
    found = compareSpeeds(contest, width, rows);
    measured.set(key, found);
    // What failed or had no time may be tried again.
    found.then((result) => result ?? measured.delete(key)).catch(() => measured.delete(key));
  }
  return found;
}

const reaches = (work: Work, least: Work): boolean => work.width >= least.width && work.rows >= least.rows;

const text = ({ width, rows }: Work): string => `work of width ${width} on ${rows} rows`;

function verdict({ width, cpu, gpu, paysFrom }: Comparison, { rows }: Work): string {
  const time = ({ start, perRow }: Comparison['cpu']): string =>
    `${(start + perRow * rows).toPrecision(2)} ms on ${rows} rows`;
  const from = Number.isFinite(paysFrom) ? `the GPU pays from ${paysFrom} rows on` : 'the GPU does not pay';
  return `at width ${width} ${from} (two layers: ${time(cpu)} on the CPU, ${time(gpu)} on the GPU, as measured).`;
}
