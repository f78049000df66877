import { jit, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { euclidean, InvalidPointError, type Manifold, sphere, wrappedNormal } from './index.ts';

const [north, east] = [tensor([0, 0, 1]), tensor([1, 0, 0])];
const pair = (bad: readonly number[]): Tensor => tensor([[1, 0, 0], bad]);

/** Every function that takes points, with a bad row 1 in each of its arguments. */
const calls: readonly (readonly [string, (manifold: Manifold, bad: Tensor) => Tensor])[] = [
  ['exp', (m, bad) => m.exp(bad, [0, 1, 0])],
  ['log', (m, bad) => m.log(bad, north)],
  ['log', (m, bad) => m.log(north, bad)],
  ['dist', (m, bad) => m.dist(bad, north)],
  ['dist', (m, bad) => m.dist(north, bad)],
  ['geodesic', (m, bad) => m.geodesic(bad, north, 0.5)],
  ['geodesic', (m, bad) => m.geodesic(north, bad, 0.5)],
  ['transport', (m, bad) => m.transport(bad, north, [0, 1, 0])],
  ['transport', (m, bad) => m.transport(north, bad, [1, 0, 0])],
  ['isAtCutLocus', (m, bad) => m.isAtCutLocus(bad, north)],
  ['logBase', (m, bad) => m.logBase(bad)],
];

describe('an eager call on the sphere', () => {
  test.each(calls)('%s names the row of a point with NaN or infinity', (name, call) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const run = () => call(sphere(2), pair([0, bad, 0]));
      expect(run).toThrow(InvalidPointError);
      expect(run).toThrow(new RegExp(`^sphere\\(2\\)\\.${name}: expected finite .* got ${bad} in row 1\\.`));
    }
  });

  test.each(calls)('%s names the row of a point off the sphere', (name, call) => {
    const run = () => call(sphere(2), pair([0, 1.002, 0]));
    expect(run).toThrow(InvalidPointError);
    expect(run).toThrow(new RegExp(`^sphere\\(2\\)\\.${name}: .* norm 1 .* in row 1\\. .*projectPoint`));
    expect(() => call(sphere(2), pair([0, 1.0005, 0]))).not.toThrow();
  });

  test('the norm of float64 points is held to 1e-6', () => {
    const at = (length: number) => tensor([length, 0, 0], { dtype: 'f64' });
    expect(() => sphere(2).log(at(1 + 2e-6), north)).toThrow(InvalidPointError);
    expect(() => sphere(2).log(at(1 + 5e-7), north)).not.toThrow();
  });

  test('tangents, times and points to project must be finite', () => {
    const m = sphere(2);
    expect(() => m.exp(east, [0, Number.NaN, 0])).toThrow(
      /exp: expected finite coordinates of v, got NaN in the only row/,
    );
    expect(() => m.transport(east, north, [0, Infinity, 0])).toThrow(/transport: .* of v, got Infinity/);
    expect(() => m.geodesic(east, north, Number.NaN)).toThrow(/geodesic: .* of t, got NaN/);
    expect(() => m.projectPoint(pair([2, Number.NaN, 0]))).toThrow(/projectPoint: .* of x, got NaN in row 1/);
    expect(() => m.projectPoint([0, 3, 0])).not.toThrow();
  });

  test('checks: false and a trace read nothing', () => {
    for (const [, call] of calls) {
      for (const bad of [pair([0, Number.NaN, 0]), pair([0, 2, 0])]) {
        expect(() => call(sphere(2, { checks: false }), bad)).not.toThrow();
        expect(() => jit((x: Tensor) => call(sphere(2), x))(bad)).not.toThrow();
      }
    }
  });

  test('a misspelt option is named', () => {
    expect(() => sphere(2, { check: false } as object)).toThrow(/sphere: .* one named check\. Did you mean checks\?/);
  });
});

describe('a wrapped normal', () => {
  test('refuses a mean that is not finite or not on the manifold', () => {
    const bad = [Number.NaN, 0, 1];
    expect(() => wrappedNormal(sphere(2), { mean: bad, std: 1 })).toThrow(InvalidPointError);
    expect(() => wrappedNormal(euclidean(3), { mean: bad, std: 1 })).toThrow(/of the mean, got NaN/);
    expect(() =>
      wrappedNormal(sphere(2), {
        mean: [
          [0, 0, 1],
          [0, 0, 2],
        ],
        std: 1,
      }),
    ).toThrow(/on the manifold .* in row 1\./);
    expect(() => wrappedNormal(sphere(2, { checks: false }), { mean: bad, std: 1, checks: false })).not.toThrow();
  });

  test('refuses an x that is not finite', () => {
    const law = wrappedNormal(euclidean(3), { mean: [0, 0, 0], std: 1 });
    expect(() =>
      law.logDensity([
        [0, 0, 0],
        [0, Infinity, 0],
      ]),
    ).toThrow(/logDensity: .* of x, got Infinity in row 1/);
  });

  test('names options that are missing', () => {
    expect(() => wrappedNormal(sphere(2), undefined as never)).toThrow(/wrappedNormal: expected options \{ mean, std/);
  });
});
