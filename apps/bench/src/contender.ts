import type { Problem } from './problem.ts';

/** Milliseconds on the clock, and of the processor. */
export interface Spent {
  readonly elapsed: number;
  readonly used: number;
}

/** One computation set up in one library, ready to be repeated. */
export interface Job {
  /** Does the work once: when it returns (or its promise resolves) the numbers exist. */
  run(): void | Promise<void>;
  /** Times so many runs, where another process does the work. */
  block?(runs: number): Promise<Spent>;
  /** Training: the loss before the last step, then every parameter in order. Else: the result. */
  outputs(): Promise<Float32Array[]>;
  dispose(): void | Promise<void>;
}

/** A library that takes part. Each builds its jobs the way its own documentation advises for speed. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /**
   * Sets a problem up; `null` for a problem that it does not take part in. `byHand`: with `∇ₓf` of the eikonal loss written out as
   * a formula, where the library's own derivative of a derivative may be wrong.
   */
  start(problem: Problem, byHand?: boolean): Promise<Job | null> | Job | null;
  /** The most GFLOP/s of multiply-adds on registers, with the vectors that it has. */
  peak?(): Promise<number>;
  /** Ends what it started. */
  close?(): void;
}
