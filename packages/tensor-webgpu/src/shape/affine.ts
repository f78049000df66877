import type { Shape } from './shape.ts';

/**
 * An integer that depends linearly on the coordinates of an index space:
 * `offset + Σ strides[i]·index[i]`. The space itself is kept beside it by whoever uses it.
 */
export interface Affine {
  readonly offset: number;
  readonly strides: readonly number[];
}

export const constantAffine = (offset: number, rank: number): Affine => ({
  offset,
  strides: new Array<number>(rank).fill(0),
});

/** The coordinates of a space as functions of themselves. */
export const identityCoordinates = (rank: number): Affine[] =>
  Array.from({ length: rank }, (_, axis) => ({
    offset: 0,
    strides: Array.from({ length: rank }, (_, i) => (i === axis ? 1 : 0)),
  }));

/** `factor·form + shift`. */
export const scaled = (form: Affine, factor: number, shift = 0): Affine => ({
  offset: form.offset * factor + shift,
  strides: form.strides.map((stride) => stride * factor),
});

const sumOf = (a: Affine, b: Affine): Affine => ({
  offset: a.offset + b.offset,
  strides: a.strides.map((stride, i) => stride + b.strides[i]),
});

/** Row-major position of the element at `coordinates` in an array of this shape. */
export function flatten(coordinates: readonly Affine[], shape: Shape, rank: number): Affine {
  let flat = constantAffine(0, rank);
  for (let axis = 0; axis < shape.length; axis++) {
    flat = shape[axis] === 1 ? flat : sumOf(scaled(flat, shape[axis]), coordinates[axis]);
  }
  return flat;
}

/** The coordinates before axes were put in another order: axis `i` of the result was axis `permutation[i]`. */
export function unpermuted(coordinates: readonly Affine[], permutation: readonly number[]): Affine[] {
  const source = new Array<Affine>(permutation.length);
  permutation.forEach((from, to) => {
    source[from] = coordinates[to];
  });
  return source;
}

/** Smallest and largest value over a space; [0, 0] for its varying part when the space is empty. */
export function bounds(form: Affine, space: Shape): [number, number] {
  let low = form.offset;
  let high = form.offset;
  for (let i = 0; i < space.length; i++) {
    const span = form.strides[i] * Math.max(0, space[i] - 1);
    if (span < 0) low += span;
    else high += span;
  }
  return [low, high];
}

/**
 * Quotient and remainder of a form by a constant, when both are linear over the space: the terms that the divisor
 * divides make the quotient, and the others must stay within [0, divisor). `null` when they do not.
 */
export function divide(form: Affine, divisor: number, space: Shape): { quotient: Affine; remainder: Affine } | null {
  const quotient: number[] = [];
  const remainder: number[] = [];
  for (let i = 0; i < space.length; i++) {
    const stride = space[i] <= 1 ? 0 : form.strides[i];
    const divides = stride % divisor === 0;
    quotient.push(divides ? stride / divisor : 0);
    remainder.push(divides ? 0 : stride);
  }
  const whole = Math.floor(form.offset / divisor);
  const rest = { offset: form.offset - whole * divisor, strides: remainder };
  const [low, high] = bounds(rest, space);
  if (low < 0 || high >= divisor) return null;
  return { quotient: { offset: whole, strides: quotient }, remainder: rest };
}

/** Coordinates in an array of this shape of the element at a row-major position; `null` when they are not linear. */
export function unflatten(flat: Affine, shape: Shape, space: Shape): Affine[] | null {
  const coordinates = new Array<Affine>(shape.length);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) {
      coordinates[axis] = constantAffine(0, space.length);
      continue;
    }
    const parts = divide(rest, shape[axis], space);
    if (!parts) return null;
    coordinates[axis] = parts.remainder;
    rest = parts.quotient;
  }
  return coordinates;
}

/** A form over coordinates that are forms over another space themselves: a form over that space, of so many axes. */
export const composed = (form: Affine, coordinates: readonly Affine[], rank: number): Affine =>
  coordinates.reduce(
    (sum, coordinate, axis) => sumOf(sum, scaled(coordinate, form.strides[axis])),
    constantAffine(form.offset, rank),
  );

/**
 * The coordinates of a space over an array of shape `target` whose elements it walks through at `place`, each once and in
 * another order of axes; `null` when it does not.
 */
export function turnedCoordinates(place: Affine, space: Shape, target: Shape): Affine[] | null {
  if (place.offset !== 0) return null;
  const coordinates: Affine[] = [];
  const free = new Set(target.keys());
  for (let axis = 0; axis < space.length; axis++) {
    const form = constantAffine(0, target.length);
    coordinates.push(form);
    if (space[axis] === 1) continue;
    let stride = 1;
    let along = -1;
    for (let i = target.length - 1; i >= 0; i--) {
      if (free.has(i) && target[i] === space[axis] && stride === place.strides[axis]) along = i;
      stride *= target[i];
    }
    if (along < 0) return null;
    free.delete(along);
    coordinates[axis] = { offset: 0, strides: form.strides.map((_, i) => (i === along ? 1 : 0)) };
  }
  return [...free].every((axis) => target[axis] === 1) ? coordinates : null;
}

export const sameAffine = (a: Affine, b: Affine): boolean =>
  a.offset === b.offset && a.strides.length === b.strides.length && a.strides.every((s, i) => s === b.strides[i]);

export const affineKey = (form: Affine): string => `${form.offset}:${form.strides.join()}`;
