import type { DType } from '../../dtype/dtype.ts';
import type { MemoryPlan, Place } from '../../plan/memory.ts';
import type { Var } from '../../program/aval.ts';
import { type RefArray, refArray, refData } from '../../program/refArray.ts';
import { sizeOf } from '../../shape/shape.ts';

/** Bytes that one number of the arena stands for. */
const UNIT = 4;

/** Numbers of a buffer: element `i` is `data[at + i * step]`. */
export interface View {
  readonly data: Float64Array;
  readonly at: number;
  readonly step: number;
}

export const own = (size: number): View => ({ data: new Float64Array(size).fill(Number.NaN), at: 0, step: 1 });

export const copied = (from: View, to: View, size: number): void => {
  for (let i = 0; i < size; i++) to.data[to.at + i * to.step] = from.data[from.at + i * from.step];
};

/** Where the variables of one schedule lie while it runs. */
export class Frame {
  readonly arena: View;
  private readonly plan: MemoryPlan;
  private readonly inputs: readonly View[];
  private readonly outputs: readonly View[];
  private readonly bytesPerElement: (dtype: DType) => number;

  constructor(
    plan: MemoryPlan,
    arena: View,
    inputs: readonly View[],
    outputs: readonly View[],
    bytesPerElement: (dtype: DType) => number,
  ) {
    this.plan = plan;
    this.arena = arena;
    this.inputs = inputs;
    this.outputs = outputs;
    this.bytesPerElement = bytesPerElement;
  }

  viewOf(variable: Var): View {
    const place = this.plan.places.get(variable);
    if (!place) throw new Error(`the plan gives variable ${variable.id} no place`);
    return this.at(place, variable.dtype);
  }

  private at(place: Place, dtype: DType): View {
    if (place.in === 'input') return this.inputs[place.index];
    if (place.in === 'output') return this.outputs[place.index];
    return { data: this.arena.data, at: this.arena.at + place.offset / UNIT, step: this.bytesPerElement(dtype) / UNIT };
  }

  /** The arena of a sub-program whose area begins `bytes` into this one. */
  within(bytes: number): View {
    return { ...this.arena, at: this.arena.at + bytes / UNIT };
  }

  read(variable: Var): RefArray {
    const { data, at, step } = this.viewOf(variable);
    const size = sizeOf(variable.shape);
    const array = refData(variable.dtype, size);
    for (let i = 0; i < size; i++) array[i] = data[at + i * step];
    return refArray(variable.shape, variable.dtype, array);
  }

  write(variable: Var, array: RefArray): void {
    const { data, at, step } = this.viewOf(variable);
    for (let i = 0; i < array.data.length; i++) data[at + i * step] = array.data[i];
  }
}

export const arenaOf = (bytes: number): View => own(Math.ceil(bytes / UNIT));
