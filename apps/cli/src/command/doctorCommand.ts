import { availableParallelism, totalmem } from 'node:os';
import { papers } from '@flowfield/recipes';
import { deviceInfo, init, jit, matmul, random, type Tensor, valueAndGrad } from '@flowfield/tensor-webgpu';
import type { Command } from 'commander';
import { dataFolderVariable, hasBenchmarkFile } from '../runs/dataFiles.ts';
import { autoDevice, chooseDevice } from './device.ts';
import { addOptions } from './options.ts';
import { type Terminal, writeLine } from './terminal.ts';

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do where it is not as it could be. */
  readonly advice?: string;
}

/** The oldest Node that the packages support. */
const OLDEST_NODE = 22;
/** Side of the matrices of the self-test. */
const SIDE = 256;
/** Milliseconds that a measurement goes on. */
const MEASURED = 500;

/** `flowfield doctor`: what this machine has, a self-test, and what to do about what is missing. */
export function addDoctorCommand(program: Command, { stdout }: Terminal): void {
  const command = program
    .command('doctor')
    .description('look at this machine: devices, speed, data; a test of 5 seconds');
  addOptions(command, 'json').action(async ({ json }: { json?: boolean }) => {
    const findings = await examine();
    if (json) writeLine(stdout, JSON.stringify({ findings }));
    else {
      const width = Math.max(...findings.map(({ name }) => name.length));
      for (const { name, ok, found, advice } of findings) {
        writeLine(stdout, `${ok ? 'ok' : '--'}  ${name.padEnd(width)}  ${found}`);
        if (advice !== undefined) writeLine(stdout, `    ${' '.repeat(width)}  ${advice}`);
      }
    }
  });
}

async function examine(): Promise<Finding[]> {
  await chooseDevice({ device: autoDevice });
  const devices = await init();
  return [
    node(),
    machine(),
    { name: 'devices', ok: true, found: devices.join(', ') },
    { name: 'SIMD', ok: true, found: `WebAssembly vectors of 128 bits; arithmetic ${deviceInfo('cpu').numerics}` },
    threads(),
    await arithmetic(),
    derivatives(),
    await wideVectors(),
    await data(),
  ];
}

function node(): Finding {
  const [major] = process.versions.node.split('.').map(Number);
  const ok = major >= OLDEST_NODE;
  return {
    name: 'Node',
    ok,
    found: `${process.versions.node}, V8 ${process.versions.v8}`,
    ...(!ok && { advice: `Install Node ${OLDEST_NODE} or newer.` }),
  };
}

function machine(): Finding {
  const gigabytes = totalmem() / 2 ** 30;
  return {
    name: 'machine',
    ok: true,
    found: `${process.platform} ${process.arch}, ${availableParallelism()} cores, ${gigabytes.toFixed(0)} GiB of memory`,
  };
}

function threads(): Finding {
  const { threads: count, notes } = deviceInfo('cpu');
  const why = notes.find((note) => note.startsWith('One thread'));
  return {
    name: 'threads',
    ok: why === undefined,
    found: why ?? `${count}, for work that is large enough; --threads or FLOWFIELD_THREADS says how many`,
  };
}

/** Products on the device against plain loops, then their speed. */
async function arithmetic(): Promise<Finding> {
  const [a, b] = [0, 1].map((seed) => random.normal(random.key(seed), [SIDE, SIDE]));
  const product = jit((x: Tensor, y: Tensor) => matmul(x, y));
  const [left, right, made] = await Promise.all([a.data(), b.data(), product(a, b).data()]);
  let worst = 0;
  for (let k = 0; k < 50; k++) {
    const [i, j] = [(k * 37) % SIDE, (k * 91) % SIDE];
    let sum = 0;
    for (let m = 0; m < SIDE; m++) sum += Number(left[i * SIDE + m]) * Number(right[m * SIDE + j]);
    worst = Math.max(worst, Math.abs(sum - Number(made[i * SIDE + j])));
  }
  const gigaflops = (2 * SIDE ** 3 * perSecond(() => product(a, b).dispose())) / 1e9;
  const ok = worst < 1e-3;
  return {
    name: 'products',
    ok,
    found: `right to ${worst.toExponential(0)}; ${gigaflops.toFixed(0)} GFLOP/s`,
    ...(!ok && {
      advice: 'The device computes wrong numbers. Please report it, with the processor and the version of Node.',
    }),
  };
}

/** The gradient of sum tanh(x)^2 against its closed form. */
function derivatives(): Finding {
  const x = random.normal(random.key(2), [64]);
  const [, gradient] = valueAndGrad((at: Tensor) => at.tanh().square().sum())(x);
  const values = x.dataSync();
  const slopes = gradient.dataSync();
  const worst = Math.max(
    ...Array.from(slopes, (slope, i) => {
      const t = Math.tanh(Number(values[i]));
      return Math.abs(Number(slope) - 2 * t * (1 - t * t));
    }),
  );
  return { name: 'derivatives', ok: worst < 1e-5, found: `right to ${worst.toExponential(0)}` };
}

async function wideVectors(): Promise<Finding> {
  try {
    await init({ wideVectors: true });
    return {
      name: 'wide vectors',
      ok: true,
      found: 'joined where a program has large products: faster, with the same bits (--no-wide-vectors: never)',
    };
  } catch (error) {
    return { name: 'wide vectors', ok: false, found: (error as Error).message };
  }
}

/** Files that the benchmarks read. */
async function data(): Promise<Finding> {
  const name = 'benchmark data';
  const files = [...new Set(papers.flatMap(({ parts }) => parts.flatMap((part) => part.data ?? [])))];
  const there = await Promise.all(files.map(hasBenchmarkFile));
  const missing = files.filter((_, i) => !there[i]);
  const folder = process.env[dataFolderVariable];
  if (folder === undefined) {
    return {
      name,
      ok: false,
      found: `${dataFolderVariable} is not set`,
      advice: 'Set it to the folder of the data; everything else works without.',
    };
  }
  if (missing.length === 0) return { name, ok: true, found: folder };
  return {
    name,
    ok: false,
    found: `${folder} lacks ${missing.join(', ')}`,
    advice: 'reproduce --plan says which parts need them.',
  };
}

/** How often a call ends in a second. */
function perSecond(call: () => void): number {
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < MEASURED; calls++) call();
  return (1000 * calls) / (performance.now() - start);
}
