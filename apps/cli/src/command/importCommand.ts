import { readFile } from 'node:fs/promises';
import { recipeNamed, recipes } from '@flowfield/recipes';
import { encodeTree } from '@flowfield/train';
import type { Command } from 'commander';
import { differences, differencesLine } from '../exchange/differences.ts';
import { decodeTorch } from '../exchange/torchNames.ts';
import { UsageError } from '../failures/failures.ts';
import { localFiles } from '../runs/dataFiles.ts';
import { writeRunFile } from '../runs/manifest.ts';
import { claimNewRun, jsonText, runFiles } from '../runs/runFolder.ts';
import { storeData } from '../runs/storedData.ts';
import { chooseDevice } from './device.ts';
import { addOptions } from './options.ts';
import { configOf } from './runConfig.ts';
import { newRun, type TrainArguments } from './runPlan.ts';
import { quoted, type Terminal, writeLine } from './terminal.ts';

/** `flowfield import <recipe> <file>`: parameters of another program as a run that can be sampled and measured. */
export function addImportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('import')
    .description('make a run from parameters in a safetensors file, named and laid out as PyTorch does')
    .argument('<recipe>', recipes.map(({ name }) => name).join(', '))
    .argument('<file>', 'a safetensors file');
  addOptions(command, 'out', 'seed', 'device', 'data', 'columns', 'skipBad', 'set', 'json').action(
    (name: string, file: string, options: TrainArguments) => importParams(name, file, options, terminal),
  );
}

async function importParams(name: string, file: string, options: TrainArguments, terminal: Terminal): Promise<void> {
  const recipe = recipeNamed(name);
  const bytes = new Uint8Array(await readFile(file));
  const plan = await newRun(recipe, options);
  const device = await chooseDevice(plan);
  const experiment = await recipe.open({ ...plan, files: localFiles });
  const line = differencesLine(differences(bytes, experiment.initial));
  if (line !== null) {
    throw new UsageError(`${file} does not fit ${name} with these settings: ${line}; give its settings with --set`);
  }
  const params = decodeTorch(bytes, experiment.initial, file);
  const { folder, release } = await claimNewRun(options.out, name);
  try {
    const { stored, notes = [] } = experiment.data;
    for (const note of notes) writeLine(terminal.stderr, note);
    const config = configOf(recipe, plan, device, experiment, terminal.version);
    if (stored) await storeData(folder, stored);
    await writeRunFile(folder, runFiles.config, jsonText(config));
    await writeRunFile(folder, runFiles.model, await encodeTree(params));
  } finally {
    release();
  }
  if (options.json) writeLine(terminal.stdout, JSON.stringify({ recipe: name, folder }));
  else writeLine(terminal.stdout, `${folder} holds the model; next: ${terminal.call} sample ${quoted(folder)}`);
}
