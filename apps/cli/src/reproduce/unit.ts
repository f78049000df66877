import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Effort, Paper, Part } from '@flowfield/recipes';

/** The smallest piece of a reproduction: one seed of a part. */
export interface Unit {
  readonly paper: Paper;
  readonly part: Part;
  readonly effort: Effort;
  readonly seed: number;
}

/** What a finished unit leaves behind, in `outcome.json`. */
export interface UnitOutcome {
  readonly figures: Readonly<Record<string, number>>;
  /** Names of the pictures beside it. */
  readonly pictures: readonly string[];
  readonly commit: string;
  readonly device: string;
  readonly threads: number;
  readonly wide: boolean;
  readonly seconds: number;
}

/** The file with the outcome of a unit, in its folder. */
export const OUTCOME = 'outcome.json';
/** Seeds of a part that names none. */
const SEEDS = [0, 1, 2];

/** Where a unit keeps its work: `<runs>/<paper>/<part>[-<effort>]/seed-<seed>`. */
export function unitFolder(runs: string, { paper, part, effort, seed }: Unit): string {
  return join(runs, paper.name, resultName(part, effort), `seed-${seed}`);
}

/** The name of the result of a part at an effort: `checkerboard`, `checkerboard.quick`. */
export const resultName = (part: Part, effort: Effort): string =>
  effort === 'plain' ? part.name : `${part.name}.${effort}`;

/** The seeds of a part: those asked for, else its own; a quick look takes one. */
export function seedsOf(part: Part, effort: Effort, asked?: readonly number[]): readonly number[] {
  if (asked !== undefined) return asked;
  const all = part.seeds ?? SEEDS;
  return effort === 'quick' ? all.slice(0, 1) : all;
}

/** The outcome of a unit, or `null` when it has not come to its end. */
export async function readOutcome(runs: string, unit: Unit): Promise<UnitOutcome | null> {
  try {
    return JSON.parse(await readFile(join(unitFolder(runs, unit), OUTCOME), 'utf8')) as UnitOutcome;
  } catch {
    // Missing, or cut off: the unit goes on from its checkpoints.
    return null;
  }
}

/** Units of one part each, in their order. */
export function byPart(units: readonly Unit[]): Unit[][] {
  const groups = new Map<Part, Unit[]>();
  for (const unit of units) groups.set(unit.part, [...(groups.get(unit.part) ?? []), unit]);
  return [...groups.values()];
}

/** For people: `rfm earthquake, seed 1`. */
export const unitTitle = ({ paper, part, effort, seed }: Unit): string =>
  `${paper.name} ${part.name}${effort === 'plain' ? '' : ` (${effort})`}, seed ${seed}`;
