import type { Var } from '../program/aval.ts';
import type { ReduceOperation, UpdateMode } from '../program/placing.ts';
import type { Control, Eqn, Program } from '../program/program.ts';
import type { Affine } from '../shape/affine.ts';
import type { Shape } from '../shape/shape.ts';
import type { Expression, IndexTerm } from './expression.ts';

/** Writes `value` at `place` of a variable's buffer for every index of the space. */
export interface Store {
  readonly variable: Var;
  readonly place: Affine;
  readonly value: Expression;
}

/** A loop nest over `space` with any number of results; at each index all values are read before any is written. */
export interface LoopStage {
  readonly kind: 'loops';
  readonly space: Shape;
  readonly stores: readonly Store[];
}

/**
 * A reduction of `value` over the last `space.length - kept` axes of the space; the result lies row-major, from element `at`
 * of the variable's buffer on (default 0).
 */
export interface ReduceStage {
  readonly kind: 'reduce';
  readonly operation: ReduceOperation;
  readonly space: Shape;
  readonly kept: number;
  readonly value: Expression;
  readonly variable: Var;
  readonly at?: number;
  /** Whether the terms are long sums themselves: then rounding may take nothing more from them. */
  readonly ofSums?: boolean;
}

/** An operand of a contraction in memory: strides in elements for its batch, free and contracted axis. */
export interface MemoryOperand {
  readonly kind: 'memory';
  readonly variable: Var;
  readonly offset: number;
  readonly batch: number;
  readonly free: number;
  readonly contract: number;
}

/** A prologue: elements of the operand over the space [batch, free, contracted] are computed as they are read. */
export interface ComputedOperand {
  readonly kind: 'computed';
  readonly space: Shape;
  readonly value: Expression;
}

export type ContractionOperand = MemoryOperand | ComputedOperand;

/**
 * `C[b] = A[b]·B[b]` for `batch` matrices; C lies row-major in the variable's buffer, from element `at` on. With an epilogue, loops over C run
 * as its elements are finished: a load of `variable` there is the finished element, and C itself is written only when
 * `keeps` says so.
 */
export interface ContractionStage {
  readonly kind: 'contraction';
  readonly variable: Var;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lhs: ContractionOperand;
  readonly rhs: ContractionOperand;
  readonly keeps: boolean;
  readonly epilogue: LoopStage | null;
  readonly at?: number;
  /** Terms of the whole sum, where this is a piece of one (default k). */
  readonly terms?: number;
}

/** A position given by an index value, beside the place in a buffer that the loops walk through. */
export interface UpdateTerm extends IndexTerm {
  /** Whether an index outside 0 … limit moves to the nearest end; otherwise the update is dropped. */
  readonly clamp: boolean;
}

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

/** What a part needs of memory: every variable that it reads and writes, once each. */
interface Access {
  readonly reads: readonly Var[];
  readonly writes: readonly Var[];
}

/**
 * Stages that run one after the other on a block of rows. Axis 0 of every stage's space is the row (or a whole number of
 * its steps), and what a stage reads of an earlier stage lies in the rows of its own block: the part may be cut in up to
 * `rows` blocks that need no barrier between them.
 */
export interface RowPart extends Access {
  readonly kind: 'rows';
  readonly rows: number;
  readonly stages: readonly Stage[];
}

/** An equation with a routine of its own; it cannot be cut. */
export interface CallPart extends Access {
  readonly kind: 'call';
  readonly eqn: Eqn;
  /** The variables in memory that hold the operands row-major (literals stay in the equation). */
  readonly operands: readonly (Var | null)[];
}

/** Runs the schedules of sub-programs as `control` says. */
export interface ControlPart extends Access {
  readonly kind: 'control';
  readonly eqn: Eqn;
  readonly operands: readonly (Var | null)[];
  readonly control: Control;
  /** Of `scan` the body, of `while` the condition and the body, else the branches. */
  readonly regions: readonly Schedule[];
}

export type Part = RowPart | CallPart | ControlPart;

/** Parts that do not depend on each other; all of them end before the next group starts. */
export interface Group {
  readonly parts: readonly Part[];
}

/** The kernels of a program, and within its control parts those of its sub-programs. */
export interface Schedule {
  readonly program: Program;
  readonly inputs: readonly Var[];
  readonly groups: readonly Group[];
  /** One distinct computed variable per output of the program. */
  readonly outputs: readonly Var[];
}

/** A schedule and all below it. */
export function allSchedules(schedule: Schedule): Schedule[] {
  const all = [schedule];
  for (let i = 0; i < all.length; i++) {
    for (const { parts } of all[i].groups)
      for (const part of parts) if (part.kind === 'control') all.push(...part.regions);
  }
  return all;
}
