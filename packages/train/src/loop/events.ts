/** What a run tells while it goes on. Plain data: it may be printed, drawn, sent between threads, or written as JSON. */
export type TrainEvent = ResumedEvent | ProgressEvent | ValidationEvent | CheckpointEvent | WarningEvent | EndEvent;

/** The first event of a run that goes on from a checkpoint. */
export interface ResumedEvent {
  readonly kind: 'resumed';
  /** Updates made before. */
  readonly step: number;
  /** Updates in all. */
  readonly steps: number;
}

/** Means over the steps since the last progress event. */
export interface ProgressEvent {
  readonly kind: 'progress';
  /** Updates made so far, and in all. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** With turns: the mean loss of each that had a step. */
  readonly lossByTurn?: Readonly<Record<string, number>>;
  /** The loss of every step in order, the last one of step `step - 1`. */
  readonly losses: Float64Array;
  readonly stepsPerSecond: number;
  /** Seconds that the remaining steps take at this speed. */
  readonly etaSeconds: number;
}

export interface ValidationEvent {
  readonly kind: 'validation';
  readonly step: number;
  /** The number that decides which parameters are the best. */
  readonly value: number;
  /** Whether it is the best value so far. */
  readonly best: boolean;
  /** All numbers of the validation, where it returned them by name. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
}

/** The mean loss has risen far above the first losses, though it is finite. Told once, when it begins. */
export interface WarningEvent {
  readonly kind: 'warning';
  readonly reason: 'divergence';
  readonly step: number;
  readonly loss: number;
  /** The median of the first five losses. */
  readonly firstLoss: number;
  /** What happened and what to try, for people. */
  readonly message: string;
}

/** The last event: all steps are done (or further ones would not help), or the signal stopped the run, which can be resumed. */
export interface EndEvent {
  readonly kind: 'done' | 'stopped';
  readonly step: number;
  /** Why a run ended before all steps were done. */
  readonly reason?: 'earlyStopping';
  /** Set where the last losses were far above the first; see `WarningEvent`. */
  readonly diverged?: true;
}
