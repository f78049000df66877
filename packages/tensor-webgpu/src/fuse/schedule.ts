import type { Eqn, Program, Var } from '../program/program.ts';
import type { Shape } from '../shape/shape.ts';
import type { Affine } from './affine.ts';
import type { Expression, IndexTerm } from './expression.ts';

/** Writes `value` at `place` of a variable's buffer for every index of the space. */
export interface Store {
  readonly variable: Var;
  readonly place: Affine;
  readonly value: Expression;
}

/** A loop nest over `space` with any number of results. */
export interface LoopStage {
  readonly kind: 'loops';
  readonly space: Shape;
  stores: Store[];
}

export type ReduceOperation = 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'argMax' | 'argMin';

/** A reduction of `value` over the last `space.length - kept` axes of the space. */
export interface ReduceStage {
  readonly kind: 'reduce';
  readonly operation: ReduceOperation;
  readonly space: Shape;
  readonly kept: number;
  readonly value: Expression;
  readonly variable: Var;
}

/** An operand of a contraction in memory: strides in elements for its batch, free and contracted axis. */
export interface ContractionOperand {
  readonly variable: Var;
  readonly offset: number;
  readonly batch: number;
  readonly free: number;
  readonly contract: number;
}

/** `C[b] = A[b]·B[b]` for `batch` matrices; C lies row-major in the variable's buffer. */
export interface ContractionStage {
  readonly kind: 'contraction';
  readonly variable: Var;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lhs: ContractionOperand;
  readonly rhs: ContractionOperand;
}

/** A position given by an index value, beside the place in a buffer that the loops walk through. */
export interface UpdateTerm extends IndexTerm {
  /** Whether an index outside 0 … limit moves to the nearest end; otherwise the update is dropped. */
  readonly clamp: boolean;
}

export type UpdateMode = 'add' | 'set' | 'mul' | 'min' | 'max';

/** Combines `value` into elements of a variable's buffer at places that depend on index values, in the order of the space. */
export interface UpdateStage {
  readonly kind: 'update';
  readonly mode: UpdateMode;
  readonly space: Shape;
  readonly variable: Var;
  readonly place: Affine;
  readonly terms: readonly UpdateTerm[];
  readonly value: Expression;
}

export type Stage = LoopStage | ReduceStage | ContractionStage | UpdateStage;

/**
 * Stages that run one after the other on a block of rows. Axis 0 of every stage's space is the row, and what a stage
 * reads of an earlier stage lies in the rows of its own block: blocks need no barrier between them.
 */
export interface RowPart {
  readonly kind: 'rows';
  readonly rows: number;
  readonly stages: Stage[];
}

/** An equation with a routine of its own; it runs on one thread. */
export interface CallPart {
  readonly kind: 'call';
  readonly eqn: Eqn;
  /** The variables in memory that hold the operands row-major (literals stay in the equation). */
  readonly operands: readonly (Var | null)[];
}

/** Scan, while or cond: runs the schedules of its sub-programs. */
export interface ControlPart {
  readonly kind: 'control';
  readonly eqn: Eqn;
  readonly operands: readonly (Var | null)[];
}

export type Part = RowPart | CallPart | ControlPart;

/** Parts that do not depend on each other; all of them end before the next group starts. */
export interface Group {
  readonly parts: Part[];
}

export interface Schedule {
  readonly program: Program;
  readonly inputs: readonly Var[];
  readonly groups: readonly Group[];
  /** One distinct computed variable per output of the program. */
  readonly outputs: readonly Var[];
}
