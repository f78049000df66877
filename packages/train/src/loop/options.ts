import type { Ema, GradientTransform } from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, type Tensor, tree } from '@flowfield/tensor-webgpu';
import type { RunStorage } from '../storage/storage.ts';
import type { BatchSource } from '../streams/source.ts';
import type { LossFunction } from './loss.ts';
import { expectThat, type Turn } from './turns.ts';
import type { BestOptions, EarlyStoppingOptions, ValidationResult } from './validation.ts';

export interface TrainerOptions<P, B, S = null> {
  /** The first parameters; they stay the caller's. Their device is the device of the run. */
  readonly params: P;
  /** What is lowered; may be left out where every turn has its own. */
  readonly loss?: LossFunction<P, B, S>;
  /** How it is lowered; left out where there are `turns`. */
  readonly optimizer?: GradientTransform;
  /**
   * Groups of parameters that are trained in turn, by name and in order, such as an encoder and a decoder: each for its `steps`, by
   * its optimizer, on its loss. Parameters that no turn trains stay as they are.
   */
  readonly turns?: Readonly<Record<string, Turn<P, B, S>>>;
  /** A stream (`randomRows`, `shuffledRows`, `generated`, …), or an iterable of batches, asynchronous or not. */
  readonly batches: BatchSource<B>;
  /** The first state of layers with state, such as batch norm: a tree of tensors that the loss takes and returns. */
  readonly modelState?: S;
  /** Updates in all. */
  readonly steps: number;
  /** Seed of batches and losses (default 0). */
  readonly seed?: number;
  /** Average the parameters; `validate` and `averaged` then use the average. */
  readonly ema?: Ema;
  /** Steps per device call (default 1). Every event waits for the end of such a call. Calls that take over a second are cut shorter. */
  readonly innerSteps?: number;
  /** Read losses back and report every so many steps (default 100). */
  readonly logEvery?: number;
  /** Where checkpoints and the metrics log go; without it there are none. */
  readonly storage?: RunStorage;
  /** Write a checkpoint every so many steps. One is also written when the run ends or is stopped. */
  readonly checkpointEvery?: number;
  /** Write a checkpoint when so many seconds have passed since the last (default 30; Infinity for none). */
  readonly checkpointSeconds?: number;
  /** A number to be low on held-out data, or several by name; the parameters of the best are kept as `best`. */
  readonly validate?: (params: P, step: number, modelState: S) => ValidationResult | Promise<ValidationResult>;
  /** Validate every so many steps (default: when all steps are done). */
  readonly validateEvery?: number;
  /** Which number of the validation decides, and whether it is to be low or high. */
  readonly best?: BestOptions;
  /** Ends the run when validations do not get better any more. */
  readonly earlyStopping?: EarlyStoppingOptions;
  /** A mean loss more than so many times as high as the first ones is a divergence, of which an event warns (default 10). */
  readonly divergenceFactor?: number;
}

/** The names of the options of a trainer. */
export const trainerOptionNames = [
  'loss',
  'optimizer',
  'turns',
  'batches',
  'params',
  'modelState',
  'steps',
  'seed',
  'ema',
  'innerSteps',
  'logEvery',
  'storage',
  'checkpointEvery',
  'checkpointSeconds',
  'validate',
  'validateEvery',
  'best',
  'earlyStopping',
  'divergenceFactor',
] as const satisfies readonly (keyof TrainerOptions<unknown, unknown>)[];

const isTree = (value: unknown): boolean => {
  const leaves = value ? tree.leaves<Tensor>(value) : [];
  return leaves.length > 0 && leaves.every((leaf) => Array.isArray(leaf?.shape));
};

/** Throws `ArgumentError` unless `value` is a number above 0; infinity is one. */
function checkAboveZero(name: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  throw new ArgumentError(
    `train: ${name} must be a number above 0, got ${String(value)}. Leave it out for the default.`,
  );
}

/**
 * The options of a trainer, checked.
 * @throws ArgumentError for unknown options, counts that are not whole numbers of at least 1, and parts that lack what they are
 *   called for. Optimizers and losses are checked with the turns.
 */
export function checkedTrainerOptions<P, B, S>(options: TrainerOptions<P, B, S>): TrainerOptions<P, B, S> {
  const { params, ema, validate, storage, modelState, earlyStopping, seed } = checkedOptions(
    'train',
    options,
    trainerOptionNames as readonly (keyof TrainerOptions<P, B, S>)[],
  );
  expectThat(isTree(params), 'params must be a tree of tensors. Draw them with init(key) of a layer');
  expectThat(
    modelState === undefined || modelState === null || isTree(modelState),
    'modelState must be a tree of tensors, such as initState() of a layer',
  );
  expectThat(
    ema === undefined || typeof ema?.update === 'function',
    'ema must be an average such as ema({ decay: 0.999 })',
  );
  expectThat(
    validate === undefined || typeof validate === 'function',
    'validate must be a function (params, step) => number',
  );
  expectThat(
    storage === undefined || (typeof storage?.read === 'function' && typeof storage.write === 'function'),
    'storage must have read and write. Use memoryStorage(), folderStorage(path) or browserStorage(name)',
  );
  expectThat(
    earlyStopping === undefined || validate !== undefined,
    'earlyStopping needs validate, whose numbers it looks at',
  );
  expectThat(seed === undefined || Number.isSafeInteger(seed), `seed must be a whole number, got ${String(seed)}`);
  checkedWhole('train: steps', options.steps, 0);
  for (const name of ['innerSteps', 'logEvery', 'checkpointEvery', 'validateEvery'] as const) {
    const count = options[name];
    if (count !== undefined) checkedWhole(`train: ${name}`, count);
  }
  checkAboveZero('checkpointSeconds', options.checkpointSeconds);
  checkAboveZero('divergenceFactor', options.divergenceFactor);
  return options;
}
