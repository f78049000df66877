import { copyTree } from '@flowfield/nn';
import { ArgumentError, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type Best, checkEmpty, readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts';
import { type MetricsLog, metricsLog } from '../storage/metricsLog.ts';
import { streamOf } from '../streams/source.ts';
import type { BatchStream, HostPart } from '../streams/stream.ts';
import { type Chunk, compileChunk } from './chunk.ts';
import { DivergenceWatch } from './divergence.ts';
import type { EndEvent, ProgressEvent, TrainEvent, ValidationEvent, WarningEvent } from './events.ts';
import { PendingLosses } from './losses.ts';
import { checkedTrainerOptions, type TrainerOptions } from './options.ts';
import { Pacer } from './pacer.ts';
import { toRecord } from './records.ts';
import { disposeTree, initialState, type TrainState } from './state.ts';
import { type SettledTurn, SOLE, settledTurns } from './turns.ts';
import { Judge } from './validation.ts';

export interface RunOptions {
  /** Stops after the device call under way; a checkpoint is written where there is a storage. */
  readonly signal?: AbortSignal;
}

/** Seconds between checkpoints, unless the options say otherwise. */
const CHECKPOINT_SECONDS = 30;

/** How many times as high as the first losses a divergence is, unless the options say otherwise. */
const DIVERGENCE_FACTOR = 10;

/** Steps between progress events, unless the options say otherwise. */
const LOG_EVERY = 100;

/**
 * A run of training: a state, a compiled step that overwrites it, and what happens between steps.
 * Make one with `createTrainer`.
 */
export class Trainer<P, B, S = null> {
  private readonly options: TrainerOptions<P, B, S>;
  private readonly seed: number;
  private readonly innerSteps: number;
  private readonly turns: readonly SettledTurn<P, B, S>[];
  private readonly batches: BatchStream<B>;
  private readonly metricsOf = new Map<string, readonly string[]>();
  private readonly chunks = new Map<number, Chunk<P, S>>();
  private readonly judge: Judge;
  private readonly watch: DivergenceWatch;
  private current: TrainState<P, S>;
  private done = 0;
  private leading: Best<P, S> | null = null;
  private resumed = false;
  private goesOn = false;
  private running = false;
  private savedAt = -1;

  constructor(options: TrainerOptions<P, B, S>) {
    this.options = checkedTrainerOptions(options);
    this.turns = settledTurns(options);
    this.batches = streamOf(options.batches);
    this.judge = new Judge(options.best, options.earlyStopping);
    this.watch = new DivergenceWatch(options.divergenceFactor ?? DIVERGENCE_FACTOR);
    this.seed = options.seed ?? 0;
    this.innerSteps = options.innerSteps ?? 1;
    const { params, ema = null, modelState = null } = options;
    this.current = initialState({ params, turns: this.turns, ema, modelState: modelState as S, seed: this.seed });
  }

  /** Updates made so far. */
  get step(): number {
    return this.done;
  }

  /** The state. Its tensors are overwritten by the next device call: copy (`copyTree`) what is to stay. */
  get state(): TrainState<P, S> {
    return this.current;
  }

  /** The parameters. Overwritten by the next device call, as `state` is. */
  get params(): P {
    return this.current.params;
  }

  /** What layers with state carry; `null` for a run without. Overwritten by the next device call. */
  get modelState(): S {
    return this.current.model;
  }

  /** The averaged parameters, or the parameters where there is no average. Overwritten by the next device call. */
  get averaged(): P {
    const { ema } = this.options;
    return ema && this.current.ema ? ema.value(this.current.ema) : this.current.params;
  }

  /** The best validation value so far, with its parameters; `null` before the first. */
  get best(): Best<P, S> | null {
    return this.leading;
  }

  /** Whether the last losses were far above the first ones; see `WarningEvent`. */
  get diverged(): boolean {
    return this.watch.diverged;
  }

  /**
   * Goes on from the checkpoint in the storage, if there is one: the following steps have the bits that they would have had
   * without the stop. Returns whether there was one.
   * @throws CheckpointError for a checkpoint that is damaged, or of other settings or another seed.
   */
  async resume(): Promise<boolean> {
    const { storage } = this.options;
    if (!storage) throw new ArgumentError('train: resume needs the option storage, where the checkpoint is.');
    if (this.running) throw new ArgumentError('train: this trainer is running already. Resume before run.');
    const found = await readCheckpoint(storage, this.seed, this.current);
    this.resumed = true;
    if (!found) return false;
    disposeTree(this.current);
    this.current = found.state;
    this.leading = found.best;
    this.judge.restore(found.memory.patience);
    this.watch.restore(found.memory.divergence);
    this.done = found.step;
    this.savedAt = found.step;
    this.goesOn = true;
    return true;
  }

  /** Writes a checkpoint now. Not while `run` is under way. */
  async save(): Promise<void> {
    const { storage } = this.options;
    if (!storage) throw new ArgumentError('train: save needs the option storage.');
    const memory = { divergence: this.watch.state, patience: this.judge.state };
    await writeCheckpoint(storage, this.done, this.seed, { state: this.current, best: this.leading, memory });
    this.savedAt = this.done;
  }

  /**
   * Trains up to `steps`, and tells by events. Leaving the loop early (`break`) stops the run where it is.
   * @throws NonFiniteError for a loss, a gradient or a parameter that is not finite; ArgumentError when `validate` gives no number;
   *   CheckpointError when the storage holds a checkpoint and the run was not resumed; what the storage throws.
   */
  async *run({ signal }: RunOptions = {}): AsyncGenerator<TrainEvent, void, undefined> {
    if (this.running) throw new ArgumentError('train: this trainer is running already. Wait for its last event.');
    this.running = true;
    try {
      const { storage } = this.options;
      const log = storage ? metricsLog(storage) : null;
      if (storage && !this.resumed) await checkEmpty(storage);
      this.resumed = true;
      await log?.startAt(this.done);
      for await (const event of this.events(signal)) {
        await this.record(log, event);
        yield event;
      }
    } finally {
      await this.batches.close?.();
      this.running = false;
    }
  }

  private async record(log: MetricsLog | null, event: TrainEvent): Promise<void> {
    const record = log && toRecord(event);
    if (record) await log.append(record);
  }

  private async *events(signal: AbortSignal | undefined): AsyncGenerator<TrainEvent, void, undefined> {
    const { steps, storage, logEvery = LOG_EVERY, checkpointEvery, validate, validateEvery = steps } = this.options;
    const { checkpointSeconds = CHECKPOINT_SECONDS } = this.options;
    const paths = tree.paths(this.current.params);
    const pending = new PendingLosses(this.done, { paths, turns: this.turns, metricsOf: this.metricsOf });
    const pacer = new Pacer(this.done);
    if (this.goesOn) yield { kind: 'resumed', step: this.done, steps };
    this.goesOn = false;

    while (this.done < steps && !signal?.aborted && !this.judge.gaveUp) {
      const before = this.done;
      await this.advance(pending, pacer);
      const passed = (every: number): boolean => Math.floor(this.done / every) > Math.floor(before / every);
      const atEnd = this.done === steps;
      const validates = validate !== undefined && (passed(validateEvery) || atEnd);
      const isDue =
        (checkpointEvery !== undefined && passed(checkpointEvery)) || pacer.secondsUnsaved >= checkpointSeconds;
      const saves = storage !== undefined && isDue && !atEnd;
      // Before a checkpoint or a validation, so that neither sees parameters after a loss that was not finite.
      if (passed(logEvery) || atEnd || validates || saves) yield* this.reported(pending, pacer);
      if (validates) yield await this.validated(validate);
      if (saves) {
        await this.save();
        pacer.saved();
        yield { kind: 'checkpoint', step: this.done };
      }
      if (validates || saves) pacer.restart(this.done);
      await pacer.breathe();
    }

    if (!pending.isEmpty) yield* this.reported(pending, pacer);
    if (storage && this.savedAt !== this.done) {
      await this.save();
      yield { kind: 'checkpoint', step: this.done };
    }
    yield this.ending(steps);
  }

  private ending(steps: number): EndEvent {
    const early = this.done < steps && this.judge.gaveUp;
    return {
      kind: this.done >= steps || early ? 'done' : 'stopped',
      step: this.done,
      ...(early ? { reason: 'earlyStopping' as const } : {}),
      ...(this.watch.diverged ? { diverged: true as const } : {}),
    };
  }

  /** One device call: as many steps as lie before the next multiple of its length, or one where they do not fill it. */
  private async advance(pending: PendingLosses, pacer: Pacer): Promise<void> {
    const length = Math.min(this.innerSteps, pacer.longestCall);
    const whole = this.done % length === 0 && this.done + length <= this.options.steps;
    const count = whole ? length : 1;
    const parts = this.onDevice(await this.batches.host(this.done, count));
    const isCompiled = this.chunks.has(count);
    const chunk = this.chunkOf(count);
    const start = performance.now();
    const [next, outputs] = chunk(this.current, parts);
    if (isCompiled) pacer.called(count, performance.now() - start);
    disposeTree(parts);
    this.current = next;
    this.done += count;
    pending.push(outputs);
  }

  /** Parts on the device of the run, where the host made them elsewhere. */
  private onDevice(parts: HostPart): HostPart {
    const device = this.current.step.device?.name;
    const away = tree.leaves<Tensor>(parts).filter((leaf) => leaf.device?.name !== device);
    if (away.length === 0 || device === undefined) return parts;
    const moved = tree.map((leaf: Tensor) => (away.includes(leaf) ? leaf.to(device) : leaf), parts) as HostPart;
    for (const leaf of away) leaf.dispose();
    return moved;
  }

  private chunkOf(count: number): Chunk<P, S> {
    let chunk = this.chunks.get(count);
    if (!chunk) {
      const { turns, batches, metricsOf } = this;
      const { ema = null } = this.options;
      const onMetrics = (turn: string, names: readonly string[]): void => void metricsOf.set(turn, names);
      chunk = compileChunk({ turns, ema, batches, onMetrics }, count, this.innerSteps > 1);
      this.chunks.set(count, chunk);
    }
    return chunk;
  }

  /** The losses since the last report, and a warning where they have begun to be far too high. */
  private async *reported(pending: PendingLosses, pacer: Pacer): AsyncGenerator<ProgressEvent | WarningEvent> {
    const { steps } = this.options;
    const { byTurn, lossesOf, ...read } = await pending.read();
    const stepsPerSecond = pacer.lap(this.done);
    yield {
      kind: 'progress',
      step: this.done,
      steps,
      ...read,
      ...(this.turns[0].name === SOLE ? {} : { lossByTurn: byTurn }),
      stepsPerSecond,
      etaSeconds: (steps - this.done) / stepsPerSecond,
    };
    for (const [turn, loss] of Object.entries(byTurn)) {
      const found = this.watch.observe(turn, lossesOf[turn], loss);
      if (found) yield this.warning(found.turn, loss, found.firstLoss);
    }
  }

  private warning(turn: string, loss: number, firstLoss: number): WarningEvent {
    const what = turn === SOLE ? 'The loss' : `The loss of turn '${turn}'`;
    return {
      kind: 'warning',
      reason: 'divergence',
      step: this.done,
      loss,
      firstLoss,
      message: `${what} has diverged: its mean is ${loss.toPrecision(4)} at step ${this.done}, and began at ${firstLoss.toPrecision(4)}. Lower the learning rate, clip gradients (clipByGlobalNorm), or warm up.`,
    };
  }

  private async validated(validate: NonNullable<TrainerOptions<P, B, S>['validate']>): Promise<ValidationEvent> {
    const params = this.averaged;
    const { model } = this.current;
    const { value, metrics } = this.judge.read(await validate(params, this.done, model), this.done);
    const best = this.judge.isBetter(value, this.leading?.value);
    if (best) {
      if (this.leading) disposeTree([this.leading.params, this.leading.modelState]);
      this.leading = { step: this.done, value, params: copyTree(params), modelState: copyTree(model) };
    }
    this.judge.observe(value);
    return { kind: 'validation', step: this.done, value, best, ...(metrics ? { metrics } : {}) };
  }
}

/**
 * A run of training that goes step by step under `run`, may be stopped and resumed, and depends on nothing but its options
 * and its seed.
 * @throws ArgumentError for unknown options, counts that are not whole numbers of at least 1, and parts that are not what they should be.
 */
export const createTrainer = <P, B, S = null>(options: TrainerOptions<P, B, S>): Trainer<P, B, S> =>
  new Trainer(options);
