import type { Affine } from '../../../shape/affine.ts';
import type { Shape } from '../../../shape/shape.ts';
import { u32 } from './wgsl-types.ts';

/** A space with as few axes as what is read and written in it allows. */
export class Walk {
  readonly extents: readonly number[];
  /** The last axis of the space in each of the merged ones. */
  private readonly axes: readonly number[];

  /** Neighbouring axes in `[from, to)` of the space that every place walks in one stride become one. */
  constructor(space: Shape, places: readonly Affine[], from = 0, to: number = space.length) {
    const axes: number[] = [];
    const extents: number[] = [];
    for (let axis = from; axis < to; axis++) {
      if (space[axis] === 1) continue;
      const last = axes.at(-1);
      if (last !== undefined && places.every((place) => place.strides[last] === place.strides[axis] * space[axis])) {
        axes[axes.length - 1] = axis;
        extents[extents.length - 1] *= space[axis];
      } else {
        axes.push(axis);
        extents.push(space[axis]);
      }
    }
    this.axes = axes;
    this.extents = extents;
  }

  /** Elements from one step to the next of a merged axis. */
  stride(place: Affine, axis: number): number {
    return place.strides[this.axes[axis]];
  }

  get size(): number {
    return this.extents.reduce((product, extent) => product * extent, 1);
  }

  /** Declares the steps along each axis, `${name}0`, `${name}1`, …, of the position in variable `position`. */
  declare(name: string, position: string): string {
    const lines: string[] = [];
    let inner = 1;
    for (let axis = this.extents.length - 1; axis >= 0; axis--) {
      const above = inner === 1 ? position : `${position} / ${u32(inner)}`;
      lines.push(`let ${name}${axis} = ${axis === 0 ? above : `(${above}) % ${u32(this.extents[axis])}`};`);
      inner *= this.extents[axis];
    }
    return lines.join('\n');
  }

  /** The part of a place that these axes make. */
  terms(name: string, place: Affine): string[] {
    return this.axes.flatMap((axis, i) => term(place.strides[axis], `${name}${i}`));
  }
}

const term = (stride: number, step: string): string[] =>
  stride === 0 ? [] : [stride === 1 ? step : `${step} * ${u32(stride)}`];

/** A sum of terms and a constant, in wrapping arithmetic. */
export function sumOf(terms: readonly string[], constant = 0): string {
  const all = constant === 0 && terms.length > 0 ? terms : [...terms, u32(constant)];
  return all.join(' + ');
}

/** The steps of a space whose position is not divided: each axis by a given name. */
export const placeBy = (names: readonly string[], place: Affine): string =>
  sumOf(
    place.strides.flatMap((stride, axis) => (names[axis] === '0u' ? [] : term(stride, names[axis]))),
    place.offset,
  );
