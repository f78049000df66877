import type { MetricsRecord, TrainerOptions } from '@flowfield/train';
import type { Presets, SettingsSchema, SettingValues } from '../settings/settings.ts';

/** An experiment by name. One file of this folder holds one. */
export interface Recipe {
  readonly name: string;
  /** One line: the method, and on what. */
  readonly summary: string;
  readonly settings: SettingsSchema;
  readonly presets: Presets;
  readonly data: {
    readonly fallback: string;
    /** What `--data` takes. */
    readonly help: string;
    /** Known names and what they are. */
    readonly names: Readonly<Record<string, string>>;
  };
  /** Reads the data and builds the model, on the default device. */
  open(context: RecipeContext): Promise<Experiment>;
}

export interface RecipeContext {
  /** Values that passed `settings`. */
  readonly settings: SettingValues;
  readonly seed: number;
  /** What `--data` was. */
  readonly data: string;
}

/** A recipe with its data and settings in place. `P` is its tree of parameters, `B` a batch. */
// biome-ignore lint/suspicious/noExplicitAny: the command handles experiments without looking into their parameters.
export interface Experiment<P = any, B = any> {
  readonly data: { readonly name: string; readonly sha256: string; readonly rows: number };
  readonly split: { readonly seed: number; readonly train: number; readonly validation: number; readonly test: number };
  /** One line on the model. */
  readonly model: string;
  /** For `@flowfield/train`; the command adds storage, seed and signal. */
  readonly training: Omit<TrainerOptions<P, B>, 'storage' | 'seed'>;
  /** Whether the parameters with the lowest validation value become the model, instead of the last ones. */
  readonly keepBest: boolean;
  /** Held-out figures of parameters. */
  evaluate(params: P, work: EvaluateOptions): Promise<Evaluation>;
  /** Samples of the model: unit vectors, row-major (count, 3). */
  sample(params: P, work: SampleOptions): Promise<Float64Array>;
  /** SVG pictures by name. */
  pictures(results: Results<P>, work: Work): Promise<Record<string, string>>;
}

/** Work that takes a while: it tells how far it is, and stops when asked to. */
export interface Work {
  readonly signal: AbortSignal;
  /** `done` of `total` rows of the part called `title`. */
  progress(title: string, done: number, total: number): void;
}

export interface EvaluateOptions extends Work {
  /** Steps of the ODE solver; those of the settings when left out. */
  readonly odeSteps?: number;
}

export interface SampleOptions extends EvaluateOptions {
  readonly count: number;
  readonly seed: number;
}

/** Figures for `metrics.json`, and those among them that a person wants to see first. */
export interface Evaluation {
  readonly figures: Readonly<Record<string, number>>;
  /** What the values of the table are. */
  readonly title: string;
  readonly table: readonly { readonly label: string; readonly value: number; readonly note?: string }[];
}

export interface Results<P> {
  readonly params: P;
  readonly evaluation: Evaluation;
  /** From `sample`. */
  readonly samples: Float64Array;
  /** The lines of `metrics.jsonl`. */
  readonly history: readonly MetricsRecord[];
}
