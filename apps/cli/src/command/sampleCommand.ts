import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { shownWork } from '../progress/work.ts';
import { makeFolder } from '../runs/makeFolder.ts';
import { writeWhole } from '../runs/runFolder.ts';
import { drawnSamples, writeSamples } from '../runs/writeSamples.ts';
import type { DeviceArguments } from './device.ts';
import { openModel } from './openedRun.ts';
import { addOptions } from './options.ts';
import { quieted, stoppable, type Terminal, writeLine } from './terminal.ts';

interface SampleArguments extends DeviceArguments {
  out?: string;
  count: number;
  seed?: number;
  steps?: number;
  quiet?: boolean;
  json?: boolean;
}

/** `flowfield sample <run>`: draws samples and writes them as npy and csv beside those of the run. */
export function addSampleCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('sample')
    .description('draw samples from a trained run')
    .argument('<run>', 'the folder of the run');
  addOptions(
    command,
    'count',
    'outSamples',
    'seed',
    'odeSteps',
    'device',
    'threads',
    'wideVectors',
    'noWideVectors',
    'quiet',
    'json',
  ).action((folder: string, options: SampleArguments) =>
    stoppable(terminal, () => sampleRun(folder, options, quieted(terminal, options.quiet))),
  );
}

async function sampleRun(folder: string, options: SampleArguments, terminal: Terminal): Promise<void> {
  const { config, model, params } = await openModel(folder, options);
  const { count, steps: odeSteps, seed = config.seed, out = folder } = options;
  const name = drawnSamples({ seed, count, odeSteps });
  await expectWritable(out, name);
  terminal.nothingToLose?.('Stopped.');
  const work = shownWork(terminal.stderr, terminal.signal);
  try {
    const data = await model.sample(params, { ...work, count, seed, odeSteps });
    terminal.nothingToLose?.(null);
    const write = (file: string, content: string | Uint8Array) => writeWhole(join(out, file), content);
    await writeSamples(write, name, { data, width: model.sampleWidth, table: model.table(data) });
    const files = { npy: join(out, `${name}.npy`), csv: join(out, `${name}.csv`) };
    if (options.json) writeLine(terminal.stdout, JSON.stringify({ run: folder, count, seed, files }));
    else writeLine(terminal.stdout, `${count.toLocaleString('en')} samples: ${files.npy}, ${files.csv}`);
  } finally {
    work.end();
  }
}

/** Fails before the work rather than after it. */
async function expectWritable(folder: string, name: string): Promise<void> {
  await makeFolder(folder);
  const probe = join(folder, `${name}.${process.pid}.tmp`);
  await writeFile(probe, '');
  await rm(probe);
}
