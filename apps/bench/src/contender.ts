import type { ProductProblem, TrainingProblem } from './problem.ts';

/** One computation set up in one library, ready to be repeated. */
export interface Job {
  /** Called before each timed block. */
  before?(): Promise<void>;
  /** Does the work once: when it returns (or its promise resolves) the numbers exist. */
  run(): void | Promise<void>;
  /** Training: the loss before the last step, then every parameter in order. Product: the matrix. */
  outputs(): Promise<Float32Array[]>;
  dispose(): void;
}

/** A library that takes part. Each builds its jobs the way its own documentation advises for speed. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** Steps of gradient descent; each `run` is one step. */
  training(problem: TrainingProblem): Job;
  /**
   * The same steps with `∇ₓf` of the eikonal loss written out as a formula, where the library's own derivative of a
   * derivative may be wrong.
   */
  trainingByHand?(problem: TrainingProblem): Job;
  /** The product of two matrices; each `run` computes it anew. */
  product(problem: ProductProblem): Job;
}
