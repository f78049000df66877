import type { Command } from 'commander';
import { shownWork } from '../progress/work.ts';
import type { DeviceArguments } from './device.ts';
import { openRun } from './openedRun.ts';
import { addOptions } from './options.ts';
import { evaluationLines } from './summary.ts';
import { quieted, stoppable, type Terminal, writeLine } from './terminal.ts';

interface EvalArguments extends DeviceArguments {
  steps?: number;
  data?: string;
  columns?: string[];
  skipBad?: boolean;
  quiet?: boolean;
  json?: boolean;
}

/** `flowfield eval <run>`: measures the model of a run on its held-out data again. */
export function addEvalCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('eval')
    .description('measure a trained run on its held-out data')
    .argument('<run>', 'the folder of the run');
  addOptions(
    command,
    'odeSteps',
    'data',
    'columns',
    'skipBad',
    'device',
    'threads',
    'wideVectors',
    'noWideVectors',
    'quiet',
    'json',
  ).action((folder: string, options: EvalArguments) =>
    stoppable(terminal, () => evaluateRun(folder, options, quieted(terminal, options.quiet))),
  );
}

async function evaluateRun(folder: string, options: EvalArguments, terminal: Terminal): Promise<void> {
  const { steps, json } = options;
  const { config, model, params } = await openRun(folder, options, options);
  terminal.nothingToLose?.('Stopped.');
  const work = shownWork(terminal.stderr, terminal.signal);
  try {
    const evaluation = await model.evaluate(params, { ...work, odeSteps: steps });
    if (json) {
      writeLine(
        terminal.stdout,
        JSON.stringify({ run: folder, recipe: config.recipe, seed: config.seed, figures: evaluation.figures }),
      );
    } else for (const line of evaluationLines(evaluation)) writeLine(terminal.stdout, line);
  } finally {
    work.end();
  }
}
