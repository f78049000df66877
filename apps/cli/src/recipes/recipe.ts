import type { Ema, GradientTransform } from '@flowfield/nn';
import type { random, Tensor } from '@flowfield/tensor-webgpu';
import type { BatchStream, MetricsRecord } from '@flowfield/train';
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
  /** Reads the data and builds the model. */
  open(context: RecipeContext): Promise<Experiment>;
}

export interface RecipeContext {
  /** Values that passed `settings`. */
  readonly settings: SettingValues;
  readonly seed: number;
  /** What `--data` was. */
  readonly data: string;
}

/** A tree of parameters. */
export type Parameters = Record<string, unknown>;

/** A recipe with its data and settings in place. */
export interface Experiment<P = Parameters, B = unknown> {
  readonly data: { readonly name: string; readonly sha256: string; readonly rows: number };
  readonly split: { readonly seed: number; readonly train: number; readonly validation: number; readonly test: number };
  /** One line on the model. */
  readonly model: string;
  readonly training: Training<P, B>;
  /** Held-out figures of parameters. */
  evaluate(params: P, work: EvaluateOptions): Promise<Evaluation>;
  /** Samples of the model: unit vectors, row-major (count, 3). */
  sample(params: P, work: SampleOptions): Promise<Float64Array>;
  /** SVG pictures by name. */
  pictures(results: Results<P>, work: Work): Promise<Record<string, string>>;
}

/** What the training loop needs (see `@flowfield/train`). */
export interface Training<P, B> {
  readonly steps: number;
  /** Steps per device call. */
  readonly innerSteps: number;
  init(key: random.Key): P;
  loss(params: P, batch: B, key: random.Key): Tensor;
  readonly batches: BatchStream<B>;
  readonly optimizer: GradientTransform;
  readonly ema: Ema;
  /** Steps between two looks at the validation part; none when left out. */
  readonly validateEvery?: number;
  /** The lower, the better. */
  validate(params: P): Promise<number>;
  /** Whether the parameters with the best validation value become the model, and not the last ones. */
  readonly keepBest: boolean;
}

/** Work that takes a while: it tells how far it is and stops when asked to. */
export interface Work {
  readonly signal: AbortSignal;
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
  /** What the figures of the table are. */
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
