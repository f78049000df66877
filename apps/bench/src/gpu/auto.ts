// From which size on a GPU beats the CPU of the same machine in whole training steps, and what `auto` would choose.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deviceInfo, init } from '@flowfield/tensor-webgpu';
import { regression } from './rows.ts';
import { timeJob } from './timing.ts';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'auto.json' },
    /** Seconds after which no further size begins. */
    seconds: { type: 'string', default: '100' },
    block: { type: 'string', default: '40' },
    tiny: { type: 'boolean', default: false },
  },
});
const WIDTHS = options.tiny ? [8] : [16, 32, 64, 96, 128, 256, 512];
const ROWS = options.tiny ? [16] : [64, 256, 1024, 4096];

await init({ device: 'webgpu' });
const { threads } = deviceInfo('cpu');
const began = performance.now();
const sizes: { width: number; rows: number; cpuMs: number; gpuMs: number; auto: string; reason: string }[] = [];
console.log(
  `training step of 3-w-w-w-1, milliseconds on the CPU (${threads} threads) / on the GPU, and what auto takes\n`,
);
for (const width of WIDTHS) {
  const cells: string[] = [];
  for (const rows of ROWS) {
    if (performance.now() - began > 1000 * Number(options.seconds)) break;
    const time = async (device: string): Promise<number> => {
      const job = regression([3, width, width, width, 1], rows, device);
      const { fastest } = await timeJob(job, Number(options.block));
      job.dispose();
      return fastest;
    };
    const [cpuMs, gpuMs] = [await time('cpu'), await time('webgpu')];
    const [auto] = await init({ device: 'auto', work: { width, rows } });
    sizes.push({ width, rows, cpuMs, gpuMs, auto, reason: deviceInfo(auto).notes.at(-1) ?? '' });
    cells.push(`${rows}: ${cpuMs.toPrecision(3)} / ${gpuMs.toPrecision(3)}, ${auto}`.padEnd(34));
  }
  console.log(`width ${String(width).padEnd(4)} ${cells.join(' ')}`);
}
writeFileSync(options.out, `${JSON.stringify({ threads, sizes }, null, 1)}\n`);
// Dawn keeps a process alive.
process.exit(0);
