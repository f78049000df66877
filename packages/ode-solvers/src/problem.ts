import type { Tensor } from '@flowfield/tensor-webgpu';
import type { Polynomial } from './interpolation.ts';
import type { OdeSolver } from './rungeKutta.ts';
import type { Field, FloatType, State } from './state.ts';

/** An initial value problem on leaves, as the loops see it. */
export interface LeafProblem {
  readonly field: Field;
  readonly solver: OdeSolver;
  readonly state: State;
  readonly project: ((state: State) => State) | null;
  /** What is stored along the way. */
  readonly keep: 'end' | 'steps' | 'dense';
  readonly timeType: FloatType;
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
  /** The states at the times asked for, where the loop computed them itself. */
  readonly saved: State | null;
}

export interface LeafDense {
  readonly starts: Tensor;
  readonly sizes: Tensor;
  readonly count: Tensor;
  readonly polynomial: Polynomial;
}
