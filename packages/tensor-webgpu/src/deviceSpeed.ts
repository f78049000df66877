import { DeviceError } from './errors/errors.ts';
import { lower } from './optimize/simplify.ts';
import { lax } from './primitives/lax.ts';
import type { Program } from './program/program.ts';
import type { Device, Executable, Storage } from './runtime/device.ts';
import { traceProgram } from './trace/builder.ts';

/** How long a network takes on a device, in milliseconds, as a line in the rows that go through it. */
export interface Speed {
  readonly start: number;
  readonly perRow: number;
}

/** What two devices take for the same network. */
export interface Comparison {
  readonly width: number;
  readonly cpu: Speed;
  readonly gpu: Speed;
  /** Rows from which on the GPU is clearly faster; infinite where it never is. */
  readonly paysFrom: number;
}

/** The two devices, and what measures the time on them. */
export interface Contest {
  readonly cpu: Device;
  readonly gpu: Device;
  /** Milliseconds on a clock that only goes forwards. */
  readonly now: () => number;
  /** Milliseconds that a driver may take for the kernels (default 400). */
  readonly patience?: number;
}

/** About the milliseconds of all timing. */
const BUDGET_MS = 100;
const PATIENCE_MS = 400;
/** A block of runs lasts so long at least: the clocks of pages are coarse. */
const BLOCK_MS = 3;
const MOST_RUNS = 1024;
/** Wider layers only favor the GPU more, and would take the CPU too long. */
const WIDEST = 1024;
/** Multiplications and additions of the larger of the two runs: some milliseconds of one core. */
const LARGE_RUN = 2 ** 28;
const MOST_ROWS = 2 ** 14;
/** The GPU must be so much faster: the CPU can be read at once, and gives the same bits everywhere. */
const LEAST_GAIN = 1.2;
/** Largest difference of two float32 results of the probe, whose elements are below 1. */
const AGREEMENT = 1e-3;

/**
 * Times a perceptron of two tanh layers of `width` and one output on the CPU and on a GPU, at few rows and at many, as a
 * loop would run it: runs handed over one after the other, and one number read at the end.
 *
 * @returns `null` when the driver takes too long for the kernels
 * @throws DeviceError when the GPU computes other numbers than the CPU
 */
export async function compareSpeeds(contest: Contest, width: number, rows: number): Promise<Comparison | null> {
  const { cpu, gpu, now, patience = PATIENCE_MS } = contest;
  const measured = Math.min(width, WIDEST);
  const largest = Math.min(MOST_ROWS, Math.max(16, Math.floor(LARGE_RUN / (4 * measured ** 2))));
  const many = Math.min(Math.max(rows, 16), largest);
  const few = Math.min(64, many >> 2);

  const programs = [probe(few, measured), probe(many, measured)];
  const timings: Timing[] = [];
  try {
    for (const device of [gpu, cpu]) {
      const compiled = await Promise.all(programs.map((program) => inTime(device.compile(program), patience)));
      compiled.forEach((executable, i) => {
        if (executable) timings.push(new Timing(device, executable, programs[i]));
      });
      if (compiled.includes(null)) return null;
    }
    const began = now();
    const speeds: number[] = [];
    for (const [i, timing] of timings.entries()) {
      // What one timing leaves of its share, the next ones may use.
      speeds.push(await timing.measure(now, began + ((i + 1) * BUDGET_MS) / timings.length));
    }
    checkAgreement(timings[0].result, timings[2].result);
    const gpuSpeed = line(few, speeds[0], many, speeds[1]);
    const cpuSpeed = line(few, speeds[2], many, speeds[3]);
    return { width: measured, cpu: cpuSpeed, gpu: gpuSpeed, paysFrom: crossing(cpuSpeed, gpuSpeed) };
  } finally {
    for (const timing of timings) timing.dispose();
  }
}

/** tanh(tanh(x·W)·W)·v for rows x. */
function probe(rows: number, width: number): Program {
  const f32 = (...shape: number[]) => ({ shape, dtype: 'f32' as const });
  const { program } = traceProgram([f32(rows, width), f32(width, width), f32(width, 1)], (x, w, v) => {
    const dot = (a: typeof x, b: typeof x) => lax.dotGeneral(a, b, { contract: [[1], [0]], batch: [[], []] });
    return [dot(lax.tanh(dot(lax.tanh(dot(x, w)), w)), v)];
  });
  return lower(program);
}

/** What was compiled, or `null` when it took too long; then it is thrown away once it is there. */
async function inTime(compiled: Executable | Promise<Executable>, milliseconds: number): Promise<Executable | null> {
  if (!(compiled instanceof Promise)) return compiled;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((settle) => {
    timer = setTimeout(() => settle(null), milliseconds);
  });
  const first = await Promise.race([compiled, late]).finally(() => clearTimeout(timer));
  if (first === null) compiled.then((executable) => executable.dispose()).catch(() => undefined);
  return first;
}

/** The probe on one device at one number of rows. */
class Timing {
  /** What the first run gave. */
  result: ArrayLike<number> = [];
  private readonly device: Device;
  private readonly executable: Executable;
  private readonly program: Program;
  private inputs: Storage[] = [];

  constructor(device: Device, executable: Executable, program: Program) {
    this.device = device;
    this.executable = executable;
    this.program = program;
  }

  /** Milliseconds of a run, the best of a few blocks; of one when the time is over. */
  async measure(now: () => number, until: number): Promise<number> {
    for (const { shape } of this.program.inputs) {
      const [, width] = shape;
      const scale = 1 / Math.sqrt(width);
      const data = Float32Array.from({ length: shape[0] * width }, (_, i) => scale * Math.sin(1.37 * i));
      this.inputs.push(await this.device.put(data, 'f32'));
    }
    // The first run starts threads and sets buffers up.
    const first = await this.last(1);
    this.result = await this.device.read(first);
    first.dispose();
    let best = Infinity;
    let runs = 1;
    let blocks = 0;
    do {
      const began = now();
      const output = await this.last(runs);
      await this.device.read(output);
      const ran = now();
      // Reading again takes what reading took, without the runs.
      await this.device.read(output);
      const milliseconds = Math.max(0, ran - began - (now() - ran));
      output.dispose();
      best = Math.min(best, milliseconds / runs);
      if (milliseconds >= BLOCK_MS || runs === MOST_RUNS) blocks++;
      else runs *= 2;
    } while (blocks < 3 && now() < until);
    return best;
  }

  /** The output of the last of some runs. */
  private async last(runs: number): Promise<Storage> {
    let output: Storage | null = null;
    for (let run = 0; run < runs; run++) {
      output?.dispose();
      const made = this.executable.run(this.inputs);
      [output] = made instanceof Promise ? await made : made;
    }
    return output as Storage;
  }

  dispose(): void {
    for (const input of this.inputs) input.dispose();
    this.inputs = [];
    this.executable.dispose();
  }
}

function checkAgreement(gpu: ArrayLike<number>, cpu: ArrayLike<number>): void {
  for (let i = 0; i < cpu.length; i++) {
    if (Math.abs(gpu[i] - cpu[i]) <= AGREEMENT) continue;
    throw new DeviceError(
      `The GPU computes ${gpu[i]} where the CPU computes ${cpu[i]}. This is a fault of the library or of the driver; use the device \`cpu\` and report it.`,
    );
  }
}

/** The line through two times. Time does not fall with the rows, nor is it negative: that is noise. */
function line(few: number, atFew: number, many: number, atMany: number): Speed {
  const perRow = Math.max(0, (atMany - atFew) / (many - few));
  return { start: Math.max(0, atFew - perRow * few), perRow };
}

/** From how many rows on the GPU is faster by `LEAST_GAIN`. */
function crossing(cpu: Speed, gpu: Speed): number {
  const gain = cpu.perRow / LEAST_GAIN - gpu.perRow;
  if (gain <= 0) return Infinity;
  return Math.max(1, Math.ceil((gpu.start - cpu.start / LEAST_GAIN) / gain));
}
