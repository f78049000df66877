import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Affine,
  bounds,
  composed,
  divide,
  flatten,
  identityCoordinates,
  turnedCoordinates,
  unflatten,
} from './affine.ts';
import { type Shape, sizeOf } from './shape.ts';

/** Every index of a space. */
function* indices(space: Shape): Generator<number[]> {
  const size = sizeOf(space);
  for (let flat = 0; flat < size; flat++) {
    let rest = flat;
    const index = new Array<number>(space.length);
    for (let axis = space.length - 1; axis >= 0; axis--) {
      index[axis] = rest % space[axis];
      rest = Math.floor(rest / space[axis]);
    }
    yield index;
  }
}

const at = (form: Affine, index: readonly number[]): number =>
  form.strides.reduce((sum, stride, i) => sum + stride * index[i], form.offset);

const spaces = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
const forms = spaces.chain((space) =>
  fc.record({
    space: fc.constant(space),
    form: fc.record({
      offset: fc.integer({ min: -20, max: 20 }),
      strides: fc.array(fc.integer({ min: -6, max: 12 }), { minLength: space.length, maxLength: space.length }),
    }),
  }),
);

describe('linear index forms', () => {
  it('have tight bounds', () => {
    fc.assert(
      fc.property(forms, ({ space, form }) => {
        const values = [...indices(space)].map((index) => at(form, index));
        expect(bounds(form, space)).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });

  it('divide as integers do wherever the parts are linear', () => {
    let divided = 0;
    fc.assert(
      fc.property(forms, fc.integer({ min: 1, max: 6 }), ({ space, form }, divisor) => {
        const parts = divide(form, divisor, space);
        if (!parts) return;
        divided++;
        for (const index of indices(space)) {
          const value = at(form, index);
          expect(at(parts.quotient, index)).toBe(Math.floor(value / divisor));
          expect(at(parts.remainder, index)).toBe(value - divisor * Math.floor(value / divisor));
        }
      }),
      { numRuns: 500, seed: 3 },
    );
    expect(divided).toBeGreaterThan(20);
  });

  it('go from coordinates to a position and back', () => {
    fc.assert(
      fc.property(spaces, (space) => {
        const flat = flatten(identityCoordinates(space.length), space, space.length);
        const back = unflatten(flat, space, space);
        expect(back).not.toBeNull();
        for (const index of indices(space)) expect(back!.map((form) => at(form, index))).toEqual(index);
      }),
    );
  });

  it('find the order in which a space walks through an array, and put forms together', () => {
    const orders = spaces.chain((target) =>
      fc.record({
        target: fc.constant(target),
        order: fc.shuffledSubarray([...target.keys()], { minLength: target.length }),
      }),
    );
    fc.assert(
      fc.property(orders, ({ target, order }) => {
        const space = order.map((axis) => target[axis]);
        const strides = flatten(identityCoordinates(target.length), target, target.length).strides;
        const place = { offset: 0, strides: order.map((axis) => strides[axis]) };
        const coordinates = turnedCoordinates(place, space, target);
        expect(coordinates).not.toBeNull();
        const back = composed(place, coordinates!, target.length);
        for (const index of indices(target)) expect(at(back, index)).toBe(at({ offset: 0, strides }, index));
        if (sizeOf(space) > 1) expect(turnedCoordinates({ ...place, offset: 1 }, space, target)).toBeNull();
      }),
    );
    // A part of an array, and rows that overlap, are not the array in another order.
    expect(turnedCoordinates({ offset: 0, strides: [1, 4] }, [2, 3], [3, 4])).toBeNull();
    expect(turnedCoordinates({ offset: 0, strides: [1, 1] }, [3, 3], [3, 3])).toBeNull();
  });
});
