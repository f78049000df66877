import { ArgumentError, checkedOptions, checkedWhole, type Tensor } from '@flowfield/tensor-webgpu';

/** What a validation returns: a number, or several by name. */
export type ValidationResult = number | Readonly<Record<string, number>>;

export interface BestOptions {
  /** Which of the named numbers decides (default: the first). */
  readonly metric?: string;
  /** Whether a low ('min', default) or a high number ('max') is good. */
  readonly mode?: 'min' | 'max';
}

export interface EarlyStoppingOptions {
  /** Ends the run after so many validations in a row without an improvement. */
  readonly patience: number;
  /** What counts as an improvement: better by more than this (default 0). */
  readonly minDelta?: number;
}

/** What early stopping remembers. Kept in checkpoints. */
export type PatienceState = { reference: number | null; waited: number };

/** One validation, read. */
export interface ReadValidation {
  /** The number that decides. */
  readonly value: number;
  /** All of them, where there are names. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Compares validations: which is the best, and when to give up. */
export class Judge {
  private readonly metric: string | undefined;
  private readonly sign: 1 | -1;
  private readonly patience: number;
  private readonly minDelta: number;
  private memory: PatienceState = { reference: null, waited: 0 };

  constructor(best: BestOptions = {}, stopping?: EarlyStoppingOptions) {
    const { metric, mode = 'min' } = checkedOptions('train: best', best, ['metric', 'mode']);
    if (mode !== 'min' && mode !== 'max') {
      throw new ArgumentError(`train: best.mode must be 'min' or 'max', got ${String(mode)}.`);
    }
    this.metric = metric;
    this.sign = mode === 'min' ? 1 : -1;
    if (stopping === undefined) {
      this.patience = Number.POSITIVE_INFINITY;
      this.minDelta = 0;
      return;
    }
    const { patience, minDelta = 0 } = checkedOptions('train: earlyStopping', stopping, ['patience', 'minDelta']);
    this.patience = checkedWhole('train: earlyStopping.patience', patience);
    if (!(minDelta >= 0 && Number.isFinite(minDelta))) {
      throw new ArgumentError(`train: earlyStopping.minDelta must be at least 0, got ${String(minDelta)}.`);
    }
    this.minDelta = minDelta;
  }

  get state(): PatienceState {
    return this.memory;
  }

  restore(state: PatienceState): void {
    this.memory = state;
  }

  /** Whether patience has run out. */
  get gaveUp(): boolean {
    return this.memory.waited >= this.patience;
  }

  isBetter(value: number, than: number | undefined): boolean {
    return than === undefined || this.sign * value < this.sign * than;
  }

  /** Counts the validations without an improvement. */
  observe(value: number): void {
    const { reference, waited } = this.memory;
    const improved = reference === null || this.sign * value < this.sign * reference - this.minDelta;
    this.memory = improved ? { reference: value, waited: 0 } : { reference, waited: waited + 1 };
  }

  /**
   * The numbers of what `validate` returned at a step.
   * @throws ArgumentError unless it is a number, or an object of numbers with the one that decides; NaN is none.
   */
  read(result: unknown, step: number): ReadValidation {
    if (typeof result === 'number' && !Number.isNaN(result)) {
      if (this.metric === undefined) return { value: result };
      throw new ArgumentError(
        `train: best.metric is '${this.metric}', but validate returned one number at step ${step}. Return { ${this.metric}: … }.`,
      );
    }
    const isRecord = typeof result === 'object' && result !== null && !Array.isArray((result as Tensor).shape);
    const entries = isRecord ? Object.entries(result) : [];
    const bad = entries.find(([, value]) => typeof value !== 'number' || Number.isNaN(value));
    if (entries.length === 0 || bad) {
      const given = bad ? `${kindOf(bad[1])} for '${bad[0]}'` : kindOf(result);
      throw new ArgumentError(
        `train: validate must return a number to be ${this.sign > 0 ? 'low' : 'high'}, got ${given} at step ${step}. Return { name: number } for several; read a tensor with .item(), and look for divisions by 0.`,
      );
    }
    const metrics = Object.fromEntries(entries) as Record<string, number>;
    const name = this.metric ?? entries[0][0];
    if (!Object.hasOwn(metrics, name)) {
      throw new ArgumentError(
        `train: best.metric '${name}' is not among what validate returned at step ${step}: ${Object.keys(metrics).join(', ')}.`,
      );
    }
    return { value: metrics[name], metrics };
  }
}

const kindOf = (value: unknown): string => (typeof value === 'number' ? 'NaN' : `a value of type ${typeof value}`);
