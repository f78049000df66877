import type { MetricsRecord } from '@flowfield/train';
import type { DataFiles } from './files.ts';
import type { Training } from './recipe.ts';
import type { Work } from './work.ts';

/** How much of a part is run: as gated, in a minute, or with more time for a better number. */
export type Effort = 'plain' | 'quick' | 'best';

/** Between what a figure must lie. */
export interface Bounds {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What a figure must reach. A part that misses a gate has failed. */
export interface Gate extends Bounds {
  /** Whether every seed must pass (the default) or their mean. */
  readonly of?: 'each' | 'mean';
  /** Whether quick runs are held to it too, or to which bounds of their own (default: no). */
  readonly quick?: boolean | Bounds;
}

/** A figure of a part: how it is called, what it must reach, and what others reached. */
export interface Metric {
  /** The key of the outcome's figures. */
  readonly name: string;
  /** For people: what it is, and in what unit. */
  readonly label: string;
  readonly gate?: Gate;
  /** What the paper reports, where it reports it; a text says under which other circumstances. */
  readonly paper?: number | string;
  /** Belongs to something to compare with, not to the method itself. */
  readonly baseline?: boolean;
  /** Digits after the point in tables; 3 when left out. */
  readonly digits?: number;
  /** False where quick runs leave it out (default true). */
  readonly quick?: boolean;
}

/** One seed of a part. */
export interface Outcome {
  /** A number for each metric, in a quick run for those that it has. */
  readonly figures: Readonly<Record<string, number>>;
  /** SVG pictures by name. */
  readonly pictures?: Readonly<Record<string, string>>;
}

/** The metrics that a run of that effort measures. */
export const measuredIn = ({ metrics }: Part, effort: Effort): readonly Metric[] =>
  effort === 'quick' ? metrics.filter(({ quick }) => quick !== false) : metrics;

/** A benchmark of a paper: one file, which reads from top to bottom. */
export interface Part {
  readonly name: string;
  /** One line: what is done to what. */
  readonly summary: string;
  /** Minutes of one core for one seed, as measured. */
  readonly minutes: number;
  /** Why no other device than the CPU can run it, where that is so. */
  readonly onlyCpu?: string;
  /** Files of the benchmark data that it reads. */
  readonly data?: readonly string[];
  /** What it can be run with beside the plain effort. */
  readonly efforts?: readonly Exclude<Effort, 'plain'>[];
  /** Seeds that the gates are about; 0, 1 and 2 when left out. */
  readonly seeds?: readonly number[];
  /** What a reader of its figures should know: why a gate was missed, or what a protocol leaves open. Whole sentences. */
  readonly remark?: string;
  /** The first is the head of the table. */
  readonly metrics: readonly Metric[];
  run(context: PartContext): Promise<Outcome>;
}

/** What a part is run with. Work that was done is not done again when a stopped part goes on. */
export interface PartContext {
  readonly seed: number;
  readonly effort: Effort;
  readonly files: DataFiles;
  readonly work: Work;
  /** Trains a model under a name of its own, or goes on with it, or gives it back once it is trained. */
  trained<P, B>(name: string, training: Training<P, B> & { readonly keepBest?: boolean }): Promise<Trained<P>>;
  /** A JSON value that takes long, computed once. */
  kept<T>(name: string, compute: () => Promise<T> | T): Promise<T>;
}

export interface Trained<P> {
  /** The averaged parameters, or the best where they are kept. */
  readonly params: P;
  /** The lines of `metrics.jsonl`. */
  readonly history: readonly MetricsRecord[];
}

/** A paper and its parts. */
export interface Paper {
  /** As `reproduce` calls it. */
  readonly name: string;
  /** Authors, title, year. */
  readonly reference: string;
  readonly parts: readonly Part[];
}
