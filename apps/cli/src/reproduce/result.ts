import { type Effort, type Gate, type Metric, measuredIn, type Paper, type Part } from '@flowfield/recipes';
import type { UnitOutcome } from './unit.ts';

/** A figure over the seeds of a result. */
export interface Figure {
  readonly metric: string;
  readonly label: string;
  /** The mean over the seeds. */
  readonly value: number;
  /** The standard deviation over the seeds; 0 for one seed. */
  readonly spread: number;
  /** The figure of each seed, in their order. */
  readonly values: readonly number[];
  readonly digits: number;
  readonly paperValue?: number | string;
  readonly gate?: Gate;
  /** Whether the gate is passed; absent where none holds. */
  readonly passed?: boolean;
}

/** What `results/<paper>/<part>.json` says: the head figure, then all of them, and where they came from. */
export interface Result extends Figure {
  readonly paper: string;
  readonly part: string;
  readonly effort: Effort;
  readonly summary: string;
  readonly seeds: readonly number[];
  readonly metrics: readonly Figure[];
  readonly baselines: readonly Figure[];
  /** Files beside the result. */
  readonly pictures: readonly string[];
  readonly command: string;
  readonly commit: string;
  readonly device: string;
  readonly threads: number;
  readonly wide: boolean;
  /** Of one seed: the mean. */
  readonly seconds: number;
}

export interface SeedOutcome extends UnitOutcome {
  readonly seed: number;
}

/** The result of a part from the outcomes of its seeds. */
export function resultOf(
  paper: Paper,
  part: Part,
  effort: Effort,
  outcomes: readonly SeedOutcome[],
  { command, pictures }: { command: string; pictures: readonly string[] },
): Result {
  const figures = measuredIn(part, effort).map((metric) => ({ metric, figure: figureOf(metric, effort, outcomes) }));
  const own = figures.filter(({ metric }) => !metric.baseline).map(({ figure }) => figure);
  const [first] = outcomes;
  return {
    paper: paper.name,
    part: part.name,
    effort,
    summary: part.summary,
    ...own[0],
    seeds: outcomes.map(({ seed }) => seed),
    metrics: own,
    baselines: figures.filter(({ metric }) => metric.baseline).map(({ figure }) => figure),
    pictures,
    command,
    commit: [...new Set(outcomes.map(({ commit }) => commit))].join(', '),
    device: first.device,
    threads: first.threads,
    wide: first.wide,
    seconds: Math.round(10 * mean(outcomes.map(({ seconds }) => seconds))) / 10,
  };
}

/** Whether every gate of a result is passed. */
export const allPassed = ({ metrics, baselines }: Result): boolean =>
  [...metrics, ...baselines].every(({ passed }) => passed !== false);

function figureOf(
  { name, label, paper, gate, digits = 3 }: Metric,
  effort: Effort,
  outcomes: readonly SeedOutcome[],
): Figure {
  const values = outcomes.map(({ figures }) => figures[name]);
  const value = mean(values);
  const held = gateIn(gate, effort);
  return {
    metric: name,
    label,
    value,
    spread:
      values.length < 2 ? 0 : Math.sqrt(values.reduce((sum, v) => sum + (v - value) ** 2, 0) / (values.length - 1)),
    values,
    digits,
    ...(paper !== undefined && { paperValue: paper }),
    ...(held && { gate: held, passed: passes(held, values, value) }),
  };
}

/** The gate that a run of that effort is held to: quick runs may have bounds of their own, longer ones are reported apart. */
function gateIn(gate: Gate | undefined, effort: Effort): Gate | undefined {
  if (gate === undefined || effort === 'plain') return gate;
  if (effort === 'best' || !gate.quick) return undefined;
  return gate.quick === true ? gate : gate.quick;
}

function passes(
  { atMost = Infinity, atLeast = -Infinity, of = 'each' }: Gate,
  values: readonly number[],
  average: number,
) {
  return (of === 'mean' ? [average] : values).every((value) => value <= atMost && value >= atLeast);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
