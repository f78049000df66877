import type { Command } from 'commander';
import { shownWork } from '../progress/work.ts';
import { openRun } from './openedRun.ts';
import { addOptions } from './options.ts';
import { evaluationLines } from './summary.ts';
import { stoppable, type Terminal, writeLine } from './terminal.ts';

interface EvalArguments {
  steps?: number;
  device: string;
  json?: boolean;
}

/** `flowfield eval <run>`: measures the model of a run on its held-out data again. */
export function addEvalCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('eval')
    .description('measure a trained run on its held-out data')
    .argument('<run>', 'the folder of the run');
  addOptions(command, 'odeSteps', 'device', 'json').action((folder: string, options: EvalArguments) =>
    stoppable(terminal, () => evaluateRun(folder, options, terminal)),
  );
}

async function evaluateRun(folder: string, { steps, device, json }: EvalArguments, terminal: Terminal): Promise<void> {
  const { config, experiment, params } = await openRun(folder, device);
  const work = shownWork(terminal.stderr, terminal.signal);
  try {
    const evaluation = await experiment.evaluate(params, { ...work, odeSteps: steps });
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
