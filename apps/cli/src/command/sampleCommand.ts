import { mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { shownWork } from '../progress/work.ts';
import { drawnSamples, writeSamples } from '../runs/writeSamples.ts';
import type { DeviceArguments } from './device.ts';
import { openRun } from './openedRun.ts';
import { addOptions } from './options.ts';
import { stoppable, type Terminal, writeLine } from './terminal.ts';

interface SampleArguments extends DeviceArguments {
  out?: string;
  count: number;
  seed?: number;
  steps?: number;
  json?: boolean;
}

/** `flowfield sample <run>`: draws samples and writes them as npy and csv beside those of the run. */
export function addSampleCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sample')
    .description('draw samples from a trained run')
    .argument('<run>', 'the folder of the run');
  addOptions(command, 'count', 'outSamples', 'seed', 'odeSteps', 'device', 'wideVectors', 'json').action(
    (folder: string, options: SampleArguments) => stoppable(terminal, () => sampleRun(folder, options, terminal)),
  );
}

async function sampleRun(folder: string, options: SampleArguments, terminal: Terminal): Promise<void> {
  const { config, experiment, params } = await openRun(folder, options);
  const { count, steps: odeSteps, seed = config.seed, out = folder } = options;
  const work = shownWork(terminal.stderr, terminal.signal);
  try {
    const samples = await experiment.sample(params, { ...work, count, seed, odeSteps });
    await mkdir(out, { recursive: true });
    const files = await writeSamples(out, drawnSamples({ seed, count, odeSteps }), {
      data: samples,
      width: experiment.sampleWidth,
      table: experiment.table(samples),
    });
    if (options.json) writeLine(terminal.stdout, JSON.stringify({ run: folder, count, seed, files }));
    else writeLine(terminal.stdout, `${count.toLocaleString('en')} samples: ${files.npy}, ${files.csv}`);
  } finally {
    work.end();
  }
}
