import { type DType, toDType } from '../dtype/dtype.ts';
import type { Shape } from '../shape/shape.ts';

/** What a program knows of a value before it runs. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

let nextId = 0;

/** A value inside a program; assigned once. Identity, not the id, tells two variables apart. */
export class Var implements Aval {
  readonly id = nextId++;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(aval: Aval) {
    this.shape = aval.shape;
    this.dtype = aval.dtype;
  }
}

/**
 * A number written into a program. It has rank 0, and an elementwise primitive takes it beside operands
 * of any shape, so that `x * 2` needs no broadcast. It is the number as its dtype holds it, on every device.
 */
export class Literal implements Aval {
  readonly value: number;
  readonly dtype: DType;
  readonly shape: Shape = [];

  constructor(value: number, dtype: DType) {
    this.value = toDType(dtype, value);
    this.dtype = dtype;
  }
}

export type Atom = Var | Literal;

/** Static arguments of a primitive: numbers, strings, flags, lists of them, and sub-programs. */
// biome-ignore lint/suspicious/noExplicitAny: each primitive narrows its own parameters.
export type Params = any;
