import type { Tensor } from '@flowfield/tensor-webgpu';
import type { EventRecord, LeafEvent } from './events.ts';
import type { Polynomial } from './polynomial.ts';
import type { OdeSolver } from './solver.ts';
import type { Field, FloatType, State } from './state.ts';

/** What a caller's functions and matrices make of a problem, on leaves. */
export interface LeafFunctions {
  readonly field: Field;
  readonly project: ((state: State) => State) | null;
  readonly mass: Tensor | null;
  readonly events: readonly LeafEvent[];
}

/** An initial value problem on leaves, as the loops see it. */
export interface LeafProblem extends LeafFunctions {
  readonly solver: OdeSolver;
  readonly state: State;
  /** What is stored along the way. */
  readonly keep: 'end' | 'steps' | 'dense';
  readonly timeType: FloatType;
  readonly maxEvents: number;
}

/** What the loops return, on leaves. */
export interface LeafSolution {
  readonly state: State;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly code: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  readonly nfe: Tensor;
  /** Every accepted state, the first included; rows after `accepted` repeat the last. */
  readonly trajectory: { readonly times: Tensor; readonly states: State } | null;
  readonly dense: LeafDense | null;
  /** The states at the times asked for, and how many of the times were reached. */
  readonly saved: { readonly states: State; readonly count: Tensor } | null;
  readonly events: EventRecord | null;
}

export interface LeafDense {
  readonly origin: Tensor;
  readonly starts: Tensor;
  readonly offsets: Tensor;
  readonly sizes: Tensor;
  readonly count: Tensor;
  readonly polynomial: Polynomial;
}
