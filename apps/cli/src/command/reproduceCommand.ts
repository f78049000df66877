import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Effort, paperNamed, papers, partNamed } from '@flowfield/recipes';
import type { Command } from 'commander';
import { GateMissed, UsageError } from '../failures/failures.ts';
import { sourceCommit } from '../reproduce/commit.ts';
import { runSideBySide } from '../reproduce/jobs.ts';
import { planLines, planOf } from '../reproduce/plan.ts';
import { allPassed, type Result, resultOf } from '../reproduce/result.ts';
import { readResults } from '../reproduce/resultFiles.ts';
import { type Circumstances, runUnit } from '../reproduce/runUnit.ts';
import { resultsPage } from '../reproduce/table.ts';
import { byPart, readOutcome, resultName, seedsOf, type Unit, unitFolder, unitTitle } from '../reproduce/unit.ts';
import { writeJson } from '../runs/runFolder.ts';
import { chooseDevice, type DeviceArguments, gpuDevice } from './device.ts';
import { addOptions } from './options.ts';
import { quieted, stoppable, type Terminal, writeLine } from './terminal.ts';

interface ReproduceArguments extends DeviceArguments {
  part?: string;
  seeds?: number[];
  quick?: boolean;
  preset?: 'best';
  jobs: number;
  out: string;
  runs: string;
  again?: boolean;
  plan?: boolean;
  table?: boolean;
  unit?: boolean;
  quiet?: boolean;
  json?: boolean;
}

/** The word for every paper. */
const ALL = 'all';
const PAGE = 'RESULTS.md';

/** `flowfield reproduce <paper>`: runs the benchmarks of a paper and keeps what they came to. */
export function addReproduceCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('reproduce')
    .description("run a paper's benchmark end to end; goes on where it was stopped")
    .argument('[paper]', `${papers.map(({ name }) => name).join(', ')}, or ${ALL}`);
  addOptions(
    command,
    ...(['part', 'seeds', 'quick', 'effort', 'jobs', 'results', 'runs', 'again', 'plan', 'table'] as const),
    ...(['unit', 'device', 'threads', 'wideVectors', 'noWideVectors', 'quiet', 'json'] as const),
  ).action((paper: string | undefined, options: ReproduceArguments) =>
    reproduce(paper, options, quieted(terminal, options.quiet)),
  );
}

async function reproduce(paper: string | undefined, options: ReproduceArguments, terminal: Terminal): Promise<void> {
  const { stdout } = terminal;
  if (options.table) {
    const results = await readResults(options.out);
    await writeFile(PAGE, resultsPage(results));
    if (options.json) writeLine(stdout, JSON.stringify({ page: PAGE, results: results.length }));
    else writeLine(stdout, `${PAGE} shows ${results.length} results`);
    return;
  }
  const units = unitsOf(paper, options);
  if (options.plan) {
    const plan = await planOf(units, options.runs, await readResults(options.out), allPassed);
    if (options.json) writeLine(stdout, JSON.stringify({ plan }));
    else for (const line of planLines(plan)) writeLine(stdout, line);
    return;
  }
  const able = unitsOnDevice(units, options, terminal);
  const call = `${terminal.call} reproduce ${paper}${options.part === undefined ? '' : ` --part ${options.part}`}`;
  await stoppable(terminal, () => runUnits(able, options, terminal), `Stopped. Go on with the same command: ${call}`);
  if (options.unit) return;
  const results = await writeResults(able, options, terminal);
  if (options.json) writeLine(stdout, JSON.stringify({ results }));
  else for (const line of results.flatMap(resultLines)) writeLine(stdout, line);
  const missed = results.filter((result) => !allPassed(result));
  if (missed.length > 0)
    throw new GateMissed(`gate missed: ${missed.map((one) => `${one.paper} ${one.part}`).join(', ')}`);
}

function unitsOf(name: string | undefined, { part, seeds, quick, preset, plan }: ReproduceArguments): Unit[] {
  if (name === undefined && !plan) {
    throw new UsageError(`reproduce expects a paper: ${papers.map((one) => one.name).join(', ')}, or ${ALL}`);
  }
  if (quick && preset !== undefined) throw new UsageError('--quick and --preset best exclude each other; give one');
  const effort: Effort = preset ?? (quick ? 'quick' : 'plain');
  const chosen = name === undefined || name === ALL ? papers : [paperNamed(name)];
  if (part !== undefined && chosen.length > 1) throw new UsageError('--part needs the paper whose part it is');
  const parts = chosen.flatMap((paper) =>
    (part === undefined ? paper.parts : [partNamed(paper, part)]).map((one) => ({ paper, part: one })),
  );
  const able = parts.filter((one) => effort === 'plain' || one.part.efforts?.includes(effort));
  if (able.length === 0) {
    throw new UsageError(
      `${name}${part === undefined ? '' : ` ${part}`} has no ${effort} setting; leave out ${quick ? '--quick' : '--preset'}`,
    );
  }
  return able.flatMap((one) => seedsOf(one.part, effort, seeds).map((seed) => ({ ...one, effort, seed })));
}

/** The units that the device can run: a GPU leaves some to the CPU, which is said. */
function unitsOnDevice(units: readonly Unit[], { device }: ReproduceArguments, { stderr }: Terminal): readonly Unit[] {
  if (device !== gpuDevice) return units;
  const able = units.filter(({ part }) => part.onlyCpu === undefined);
  const left = byPart(units.filter(({ part }) => part.onlyCpu !== undefined)).map(
    ([{ paper, part }]) => `${paper.name} ${part.name}: --device ${gpuDevice} cannot run it, since ${part.onlyCpu}`,
  );
  if (able.length === 0) throw new UsageError(`${left.join('; ')}; leave out --device`);
  for (const line of left) writeLine(stderr, `${line}; it is left out`);
  return able;
}

async function runUnits(units: readonly Unit[], options: ReproduceArguments, terminal: Terminal): Promise<void> {
  const { stderr, signal } = terminal;
  const { runs } = options;
  if (options.again) {
    for (const unit of units) await rm(unitFolder(runs, unit), { recursive: true, force: true });
  }
  const outcomes = await Promise.all(units.map((unit) => readOutcome(runs, unit)));
  const open = units.filter((_, i) => outcomes[i] === null);
  let done = units.length - open.length;
  if (done > 0 && !options.unit) writeLine(stderr, `${done} of ${units.length} were done before`);
  const ended = (unit: Unit): void => writeLine(stderr, `[${++done}/${units.length}] ${unitTitle(unit)}: done`);
  if (options.jobs > 1 && open.length > 1) {
    const argumentsOf = ({ paper, part, effort, seed }: Unit): string[] => [
      ...['reproduce', paper.name, '--part', part.name, '--seeds', `${seed}`, '--runs', runs, '--unit'],
      ...(effort === 'quick' ? ['--quick'] : effort === 'best' ? ['--preset', 'best'] : []),
      ...['--device', options.device, '--threads', `${options.threads ?? 1}`],
      ...(options.wideVectors === undefined ? [] : [options.wideVectors ? '--wide-vectors' : '--no-wide-vectors']),
    ];
    writeLine(stderr, `${open.length} to do, ${options.jobs} side by side`);
    await runSideBySide(runs, open, options.jobs, { signal, argumentsOf, onEnd: ended });
    return;
  }
  const circumstances: Circumstances = {
    commit: await sourceCommit(terminal.version),
    device: await chooseDevice(options),
  };
  for (const unit of open) {
    if (!options.unit) writeLine(stderr, `${unitTitle(unit)} (about ${Math.ceil(unit.part.minutes)} min)`);
    await runUnit(runs, unit, circumstances, terminal);
    ended(unit);
  }
}

/** Gathers the outcomes of the units into one result a part, and copies the pictures of its first seed beside it. */
async function writeResults(
  units: readonly Unit[],
  { out, runs, seeds, device }: ReproduceArguments,
  { call }: Terminal,
): Promise<Result[]> {
  return Promise.all(
    byPart(units).map(async (group) => {
      const [first] = group;
      const { paper, part, effort } = first;
      const outcomes = await Promise.all(
        group.map(async (unit) => ({ ...(await readOutcome(runs, unit))!, seed: unit.seed })),
      );
      const folder = join(out, paper.name);
      const name = resultName(part, effort);
      await mkdir(folder, { recursive: true });
      // A quick look leaves figures alone: its pictures would only stand beside the real ones.
      const shown = effort === 'quick' ? [] : outcomes[0].pictures;
      for (const picture of shown) {
        await copyFile(join(unitFolder(runs, first), `${picture}.png`), join(folder, `${name}-${picture}.png`));
      }
      const effortFlag = { plain: '', quick: ' --quick', best: ' --preset best' }[effort];
      const seedFlag = seeds === undefined ? '' : ` --seeds ${seeds.join(',')}`;
      const deviceFlag = device === gpuDevice ? ` --device ${device}` : '';
      const result = resultOf(paper, part, effort, outcomes, {
        command: `${call} reproduce ${paper.name} --part ${part.name}${effortFlag}${seedFlag}${deviceFlag}`,
        pictures: shown.map((picture) => `${name}-${picture}.png`),
      });
      await writeJson(folder, `${name}.json`, result);
      return result;
    }),
  );
}

function resultLines({ paper, part, metrics, baselines, seeds }: Result): string[] {
  const figures = [...metrics, ...baselines];
  const width = Math.max(...figures.map(({ label }) => label.length));
  return [
    '',
    `${paper} ${part}, seed${seeds.length === 1 ? '' : 's'} ${seeds.join(', ')}`,
    ...figures.map(({ label, value, spread, values, digits, gate, passed }) => {
      const number = `${value.toFixed(digits)}${values.length > 1 ? ` ± ${spread.toFixed(digits)}` : ''}`;
      const bound = [
        ...(gate?.atLeast === undefined ? [] : [`at least ${gate.atLeast}`]),
        ...(gate?.atMost === undefined ? [] : [`at most ${gate.atMost}`]),
      ].join(', ');
      const verdict = passed === undefined ? '' : `  gate: ${bound}, ${passed ? 'passed' : 'MISSED'}`;
      return `  ${label.padEnd(width)}  ${number}${verdict}`;
    }),
  ];
}
