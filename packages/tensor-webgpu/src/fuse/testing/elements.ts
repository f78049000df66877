import type { DType } from '../../dtype/dtype.ts';
import type { Expression } from '../../kernels/expression.ts';
import type { Var } from '../../program/aval.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Affine } from '../../shape/affine.ts';
import type { Shape } from '../../shape/shape.ts';
import type { Frame } from './memory.ts';

export const placeAt = (place: Affine, index: readonly number[]): number =>
  place.strides.reduce((sum, stride, axis) => sum + stride * index[axis], place.offset);

/** Every index of a space whose first axis runs over [from, to), in order. */
export function* indicesOf(space: Shape, from = 0, to = space[0] ?? 1): Generator<number[]> {
  if (space.length === 0) {
    yield [];
    return;
  }
  const rest = space.slice(1);
  for (let i = from; i < to; i++) for (const inner of indicesOf(rest)) yield [i, ...inner];
}

/** A number as an array of this dtype holds it. */
export function held(dtype: DType, value: number): number {
  const data = refData(dtype, 1);
  data[0] = value;
  return data[0];
}

/** The values of expressions at one index; `ready` gives elements that are not in memory yet. */
export class Elements {
  private readonly frame: Frame;
  private readonly index: readonly number[];
  private readonly ready: ReadonlyMap<Var, number>;
  private readonly known = new Map<Expression, number>();

  constructor(frame: Frame, index: readonly number[], ready: ReadonlyMap<Var, number> = new Map()) {
    this.frame = frame;
    this.index = index;
    this.ready = ready;
  }

  of(node: Expression): number {
    let value = this.known.get(node);
    if (value === undefined) {
      value = this.compute(node);
      this.known.set(node, value);
    }
    return value;
  }

  private compute(node: Expression): number {
    if (node.kind === 'literal') return held(node.dtype, node.value);
    if (node.kind === 'index') return held(node.dtype, placeAt(node.place, this.index));
    if (node.kind === 'load') {
      const ready = this.ready.get(node.variable);
      if (ready !== undefined) return ready;
      let place = placeAt(node.place, this.index);
      for (const { index, limit, stride } of node.terms) {
        place += Math.min(Math.max(this.of(index), 0), limit) * stride;
      }
      const { data, at, step } = this.frame.viewOf(node.variable);
      return data[at + place * step];
    }
    const { eqn, output, args, dtype } = node;
    const avals = eqn.outputs.map((variable) => ({ shape: [], dtype: variable.dtype }));
    const operands = args.map((arg) => {
      const data = refData(arg.dtype, 1);
      data[0] = this.of(arg);
      return refArray([], arg.dtype, data);
    });
    return held(dtype, eqn.primitive.evaluate(operands, eqn.params, avals)[output].data[0]);
  }
}
