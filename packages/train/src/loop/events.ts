/** What a run tells while it goes on. */
export type TrainEvent = ProgressEvent | ValidationEvent | CheckpointEvent | EndEvent;

/** Means over the steps since the last progress event. */
export interface ProgressEvent {
  readonly kind: 'progress';
  /** Updates made so far, and in all. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** The loss of every step in order, the last one of step `step - 1`. */
  readonly losses: Float64Array;
  readonly stepsPerSecond: number;
  /** Seconds that the remaining steps take at this speed. */
  readonly etaSeconds: number;
}

export interface ValidationEvent {
  readonly kind: 'validation';
  readonly step: number;
  readonly value: number;
  /** Whether it is the lowest value so far. */
  readonly best: boolean;
}

export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
}

/** The last event: all steps are done, or the signal stopped the run, which can be resumed. */
export interface EndEvent {
  readonly kind: 'done' | 'stopped';
  readonly step: number;
}
