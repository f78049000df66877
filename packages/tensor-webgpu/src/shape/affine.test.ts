import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Affine, bounds, divide, flatten, identityCoordinates, unflatten } from './affine.ts';
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
});
