import { copyTree, type Ema } from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type Best, checkEmpty, readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts';
import { type MetricsRecord, metricsLog } from '../storage/metricsLog.ts';
import type { RunStorage } from '../storage/storage.ts';
import { type Chunk, compileChunk, type StepParts } from './chunk.ts';
import type { ProgressEvent, TrainEvent } from './events.ts';
import { PendingLosses } from './losses.ts';
import { Pacer } from './pacer.ts';
import { disposeTree, initialState, type TrainState } from './state.ts';

export interface TrainerOptions<P, B> extends Omit<StepParts<P, B>, 'ema'> {
  /** The first parameters; they stay the caller's. Their device is the device of the run. */
  readonly params: P;
  /** Updates in all. */
  readonly steps: number;
  /** Seed of batches and losses (default 0). */
  readonly seed?: number;
  /** Average the parameters; `validate` and `averaged` then use the average. */
  readonly ema?: Ema;
  /** Steps per device call (default 1). Every event waits for the end of such a chunk. */
  readonly innerSteps?: number;
  /** Read losses back and report every so many steps (default 100). */
  readonly logEvery?: number;
  /** Where checkpoints and the metrics log go; without it there are none. */
  readonly storage?: RunStorage;
  /** Write a checkpoint every so many steps (default: only when the run ends or is stopped). */
  readonly checkpointEvery?: number;
  /** A number to be low on held-out data; the parameters of the lowest are kept as `best`. */
  readonly validate?: (params: P, step: number) => number | Promise<number>;
  /** Validate every so many steps (default: when all steps are done). */
  readonly validateEvery?: number;
}

export interface RunOptions {
  /** Stops after the chunk under way; a checkpoint is written where there is a storage. */
  readonly signal?: AbortSignal;
}

/** The names of the options of a trainer. */
export const trainerOptionNames = [
  'loss',
  'optimizer',
  'batches',
  'params',
  'steps',
  'seed',
  'ema',
  'innerSteps',
  'logEvery',
  'storage',
  'checkpointEvery',
  'validate',
  'validateEvery',
] as const satisfies readonly (keyof TrainerOptions<unknown, unknown>)[];

/** Throws `ArgumentError` for a part of the step that lacks what it is called for. */
function checkParts<P, B>({ loss, optimizer, batches, params, ema, validate }: TrainerOptions<P, B>): void {
  const expect = (holds: boolean, expected: string): void => {
    if (!holds) throw new ArgumentError(`train: ${expected}.`);
  };
  expect(typeof loss === 'function', 'loss must be a function (params, batch, key) => scalar');
  expect(
    typeof optimizer?.update === 'function',
    'optimizer must have init and update. Use one of @flowfield/nn, such as adam',
  );
  expect(
    typeof batches?.batch === 'function' && typeof batches.host === 'function',
    'batches must be a stream with host and batch. Use generated, randomRows, shuffledRows or hostBatches',
  );
  const leaves = params ? tree.leaves<Tensor>(params) : [];
  expect(
    leaves.length > 0 && leaves.every((leaf) => Array.isArray(leaf?.shape)),
    'params must be a tree of tensors. Draw them with init(key) of a layer',
  );
  expect(
    ema === undefined || typeof ema?.update === 'function',
    'ema must be an average such as ema({ decay: 0.999 })',
  );
  expect(
    validate === undefined || typeof validate === 'function',
    'validate must be a function (params, step) => number',
  );
}

/**
 * A run of training: a state, a compiled step that overwrites it, and what happens between steps.
 * Make one with `createTrainer`.
 */
export class Trainer<P, B> {
  private readonly options: TrainerOptions<P, B>;
  private readonly seed: number;
  private readonly innerSteps: number;
  private readonly chunks = new Map<number, Chunk<P>>();
  private current: TrainState<P>;
  private done = 0;
  private lowest: Best<P> | null = null;
  private resumed = false;
  private running = false;
  private savedAt = -1;

  constructor(options: TrainerOptions<P, B>) {
    checkParts(checkedOptions('train', options, trainerOptionNames));
    checkedWhole('train: steps', options.steps, 0);
    for (const name of ['innerSteps', 'logEvery', 'checkpointEvery', 'validateEvery'] as const) {
      const count = options[name];
      if (count !== undefined) checkedWhole(`train: ${name}`, count);
    }
    this.options = options;
    this.seed = options.seed ?? 0;
    this.innerSteps = options.innerSteps ?? 1;
    this.current = initialState(options.params, options.optimizer, options.ema ?? null, this.seed);
  }

  /** Updates made so far. */
  get step(): number {
    return this.done;
  }

  /** The state. Its tensors are overwritten by the next chunk: copy (`copyTree`) what is to stay. */
  get state(): TrainState<P> {
    return this.current;
  }

  /** The parameters. Overwritten by the next chunk, as `state` is. */
  get params(): P {
    return this.current.params;
  }

  /** The averaged parameters, or the parameters where there is no average. Overwritten by the next chunk. */
  get averaged(): P {
    const { ema } = this.options;
    return ema && this.current.ema ? ema.value(this.current.ema) : this.current.params;
  }

  /** The lowest validation value so far, with its parameters; `null` before the first. */
  get best(): Best<P> | null {
    return this.lowest;
  }

  /**
   * Goes on from the checkpoint in the storage, if there is one: the following steps have the bits that they would have had
   * without the stop. Returns whether there was one.
   * @throws CheckpointError for a checkpoint of other settings or another seed.
   */
  async resume(): Promise<boolean> {
    const { storage } = this.options;
    if (!storage) throw new ArgumentError('train: resume needs the option storage, where the checkpoint is.');
    this.resumed = true;
    const found = await readCheckpoint(storage, this.seed, this.current);
    if (!found) return false;
    disposeTree(this.current);
    this.current = found.state;
    this.lowest = found.best;
    this.done = found.step;
    this.savedAt = found.step;
    return true;
  }

  /** Writes a checkpoint now. Not while `run` is under way. */
  async save(): Promise<void> {
    const { storage } = this.options;
    if (!storage) throw new ArgumentError('train: save needs the option storage.');
    await writeCheckpoint(storage, this.done, this.seed, { state: this.current, best: this.lowest });
    this.savedAt = this.done;
  }

  /**
   * Trains up to `steps`, and tells by events. Leaving the loop early (`break`) stops the run where it is.
   * @throws NonFiniteLossError; ArgumentError when `validate` gives no number; CheckpointError when the storage holds a checkpoint and the run was not resumed.
   */
  async *run({ signal }: RunOptions = {}): AsyncGenerator<TrainEvent, void, undefined> {
    if (this.running) throw new ArgumentError('train: this trainer is running already. Wait for its last event.');
    this.running = true;
    try {
      yield* this.events(signal);
    } finally {
      this.running = false;
    }
  }

  private async *events(signal: AbortSignal | undefined): AsyncGenerator<TrainEvent, void, undefined> {
    const { steps, storage, logEvery = 100, checkpointEvery, validate, validateEvery = steps } = this.options;
    const log = storage ? metricsLog(storage) : null;
    if (storage && !this.resumed) await checkEmpty(storage);
    this.resumed = true;
    await log?.startAt(this.done);
    const pending = new PendingLosses(this.done);
    const pacer = new Pacer(this.done);

    while (this.done < steps && !signal?.aborted) {
      const before = this.done;
      await this.advance(pending);
      const passed = (every: number): boolean => Math.floor(this.done / every) > Math.floor(before / every);
      const atEnd = this.done === steps;
      const validates = validate !== undefined && (passed(validateEvery) || atEnd);
      const saves = storage !== undefined && checkpointEvery !== undefined && passed(checkpointEvery) && !atEnd;
      // Before a checkpoint or a validation, so that neither sees parameters after a loss that was not finite.
      if (passed(logEvery) || atEnd || validates || saves) {
        const event = await this.report(pending, pacer);
        await log?.append(toRecord(event));
        yield event;
      }
      if (validates) {
        const event = await this.validated(validate);
        await log?.append({ step: event.step, validation: event.value });
        yield event;
      }
      if (saves) {
        await this.save();
        yield { kind: 'checkpoint', step: this.done };
      }
      if (validates || saves) pacer.restart(this.done);
      await pacer.breathe();
    }

    const kind = this.done >= steps ? 'done' : 'stopped';
    if (!pending.isEmpty) {
      const event = await this.report(pending, pacer);
      await log?.append(toRecord(event));
      yield event;
    }
    if (storage && this.savedAt !== this.done) {
      await this.save();
      yield { kind: 'checkpoint', step: this.done };
    }
    yield { kind, step: this.done };
  }

  /** One chunk: as many steps as lie before the next multiple of `innerSteps`, or one by one where they do not fill it. */
  private async advance(pending: PendingLosses): Promise<void> {
    const { batches, steps } = this.options;
    const whole = this.done % this.innerSteps === 0 && this.done + this.innerSteps <= steps;
    const count = whole ? this.innerSteps : 1;
    const parts = await batches.host(this.done, count);
    const [next, outputs] = this.chunkOf(count)(this.current, parts);
    disposeTree(parts);
    this.current = next;
    this.done += count;
    pending.push(outputs);
  }

  private chunkOf(count: number): Chunk<P> {
    let chunk = this.chunks.get(count);
    if (!chunk) {
      const { loss, optimizer, ema = null, batches } = this.options;
      chunk = compileChunk({ loss, optimizer, ema, batches }, count, this.innerSteps > 1);
      this.chunks.set(count, chunk);
    }
    return chunk;
  }

  private async report(pending: PendingLosses, pacer: Pacer): Promise<ProgressEvent> {
    const { steps } = this.options;
    const read = await pending.read();
    const stepsPerSecond = pacer.lap(this.done);
    return {
      kind: 'progress',
      step: this.done,
      steps,
      ...read,
      stepsPerSecond,
      etaSeconds: (steps - this.done) / stepsPerSecond,
    };
  }

  private async validated(validate: NonNullable<TrainerOptions<P, B>['validate']>) {
    const params = this.averaged;
    const value = await validate(params, this.done);
    if (typeof value !== 'number' || Number.isNaN(value)) {
      const given = typeof value === 'number' ? 'NaN' : `a value of type ${typeof value}`;
      throw new ArgumentError(
        `train: validate must return a number to be low, got ${given} at step ${this.done}. Read a tensor with .item(), and look for divisions by 0.`,
      );
    }
    const best = value < (this.lowest?.value ?? Number.POSITIVE_INFINITY);
    if (best) {
      if (this.lowest) disposeTree(this.lowest.params);
      this.lowest = { step: this.done, value, params: copyTree(params) };
    }
    return { kind: 'validation', step: this.done, value, best } as const;
  }
}

const toRecord = ({ step, loss, metrics, stepsPerSecond }: ProgressEvent): MetricsRecord => ({
  step,
  loss,
  ...metrics,
  stepsPerSecond,
});

/**
 * A run of training that goes step by step under `run`, may be stopped and resumed, and depends on nothing but its options
 * and its seed.
 * @throws ArgumentError for unknown options, counts that are not whole numbers of at least 1, and parts that are not what they should be.
 */
export const createTrainer = <P, B>(options: TrainerOptions<P, B>): Trainer<P, B> => new Trainer(options);
