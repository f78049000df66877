import type { Tensor } from '@flowfield/tensor-webgpu';
import type { MetricsRecord, TrainerOptions } from '@flowfield/train';
import type { DataFiles } from './files.ts';
import type { Presets, SettingsSchema, SettingValues } from './settings/schema.ts';
import type { Work } from './work.ts';

/** An experiment by name: a model that a person trains, samples and measures. */
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
    /** What a person can put after `--data` to use data of their own, where they can. */
    readonly own?: string;
  };
  /** The model alone, untrained, on the default device: enough to sample with parameters that were trained before. */
  model(settings: SettingValues, seed: number, stored?: StoredData): Model;
  /** Whether `model` depends on the data too, such as their dimension, and is given those that the run keeps. */
  readonly modelReadsData?: boolean;
  /** Reads the data and makes the model ready to be trained on them. */
  open(context: RecipeContext): Promise<Experiment>;
}

export interface RecipeContext {
  /** Values that passed `settings`. */
  readonly settings: SettingValues;
  readonly seed: number;
  /** What `--data` was. */
  readonly data: string;
  /** How to read a file of data, where it needs saying. */
  readonly table?: TableOptions;
  /** The data of an earlier opening, which are used instead of reading them anew. */
  readonly stored?: StoredData;
  readonly files: DataFiles;
}

/** How to read a table that a person has. */
export interface TableOptions {
  /** The columns of the coordinates, by name or by number from 1: latitude and longitude for places. */
  readonly columns?: readonly string[];
  /** Leaves out rows that cannot be read. */
  readonly skipBad?: boolean;
}

/** Data that a run keeps, so that it can be measured after the file they came from has moved. */
export interface StoredData {
  readonly name: string;
  readonly sha256: string;
  /** Row-major (rows, width). */
  readonly values: Float64Array;
  readonly width: number;
  /** What a person calls the columns, and the classes of a last column of labels. */
  readonly names?: readonly string[];
  readonly classes?: readonly string[];
}

/** A network as a function: `apply(params, ...inputs)`, with inputs of shape [batch, ...shape]. */
export interface Network<P> {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly output: string;
  apply(params: P, ...inputs: readonly Tensor[]): Tensor;
}

/** A network and what it draws. `P` is its tree of parameters. */
// biome-ignore lint/suspicious/noExplicitAny: who runs a model does not look into its parameters.
export interface Model<P = any> {
  /** One line on the network. */
  readonly model: string;
  /** Parameters before training. */
  readonly initial: P;
  /** Samples, row-major (count, sampleWidth). */
  sample(params: P, work: SampleOptions): Promise<Float64Array>;
  /** The network as a function of batches, for other programs. */
  readonly network: Network<P>;
  /** Numbers in one sample. */
  readonly sampleWidth: number;
  /** Samples as columns of a table that a person reads, such as latitude and longitude. */
  table(samples: Float64Array): Readonly<Record<string, ArrayLike<number>>>;
}

/** What is trained: for `@flowfield/train`, without what the one who runs it adds. */
export type Training<P, B> = Omit<TrainerOptions<P, B>, 'storage' | 'seed'>;

/** A model with data and settings in place. `P` is its tree of parameters, `B` a batch. */
// biome-ignore lint/suspicious/noExplicitAny: who runs an experiment does not look into its parameters.
export interface Experiment<P = any, B = any> extends Model<P> {
  /** Where the data are finite, their rows, and what a run keeps of them. */
  readonly data: {
    readonly name: string;
    readonly sha256: string;
    readonly rows?: number;
    readonly names?: readonly string[];
    readonly classes?: readonly string[];
    readonly stored?: StoredData;
    /** What a person should know of them, such as rows that were left out. */
    readonly notes?: readonly string[];
  };
  /** Rows of each part, where the data are split. */
  readonly split?: {
    readonly seed: number;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
  };
  readonly training: Training<P, B>;
  /** Whether the parameters with the lowest validation value become the model, instead of the last ones. */
  readonly keepBest: boolean;
  /** Held-out figures of parameters. */
  evaluate(params: P, work: EvaluateOptions): Promise<Evaluation>;
  /** SVG pictures by name. */
  pictures(results: Results<P>, work: Work): Promise<Record<string, string>>;
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
