import { didYouMean } from '@flowfield/recipes';
import { Command, CommanderError } from 'commander';
import { UsageError } from '../failures/failures.ts';
import { exitCodes, reportFailure } from '../failures/report.ts';
import { addDoctorCommand } from './doctorCommand.ts';
import { addEvalCommand } from './evalCommand.ts';
import { addExportCommand } from './exportCommand.ts';
import { addImportCommand } from './importCommand.ts';
import { addListCommand } from './listCommand.ts';
import { addReproduceCommand } from './reproduceCommand.ts';
import { addSampleCommand } from './sampleCommand.ts';
import { type Terminal, writeLine } from './terminal.ts';
import { addTrainCommand } from './trainCommand.ts';

/**
 * Runs the command line `flowfield <args>`.
 *
 * @returns the exit code: 0 done, 1 failed, 2 a fault of the call, 130 stopped by Ctrl-C
 */
export async function flowfield(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('flowfield')
    .description('Trains flow models, draws samples from them, measures them, and reproduces the papers behind them.')
    .version(terminal.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.stdout.write(text), writeErr: () => {} });
  // Subcommands take over the settings above when they are made.
  for (const add of [
    addTrainCommand,
    addSampleCommand,
    addEvalCommand,
    addReproduceCommand,
    addListCommand,
    addExportCommand,
    addImportCommand,
    addDoctorCommand,
  ])
    add(program, terminal);

  try {
    if (args[0] === 'help' && args[1] !== undefined) expectCommand(program, args[1]);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    const { message, code } = reportFailure(
      error instanceof CommanderError ? asUsageError(error, program, args) : error,
    );
    writeLine(terminal.stderr, message);
    return code;
  }
}

/** `help` for a command that there is not. */
function expectCommand(program: Command, name: string): void {
  const names = program.commands.map((command) => command.name());
  if (!names.includes(name)) throw new UsageError(`unknown command '${name}'${didYouMean(name, names)}`);
}

/** Commander's complaint in one line, with the nearest name among those that fit. */
function asUsageError(error: CommanderError, program: Command, args: readonly string[]): UsageError {
  const [first] = error.message.replace(/^error: /, '').split('\n');
  const given = /'([^' ]+)/.exec(first)?.[1] ?? '';
  const subcommand = program.commands.find((command) => command.name() === args[0]);
  if (error.code === 'commander.unknownCommand') {
    return new UsageError(
      `${first}${didYouMean(
        given,
        program.commands.map((command) => command.name()),
      )}`,
    );
  }
  if (error.code === 'commander.unknownOption') {
    const flags = [...(subcommand ?? program).options.map((option) => option.long ?? ''), '--help'];
    return new UsageError(`${first}${didYouMean(given.split('=')[0], flags)}`);
  }
  return new UsageError(`${first} (flowfield ${subcommand?.name() ?? ''} --help shows the options)`.replace('  ', ' '));
}
