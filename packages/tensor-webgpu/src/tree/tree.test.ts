import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flatten, leaves, map, paths, structure, TreeError, unflatten } from './index.ts';

const anyTree = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.string(),
    fc.constantFrom(null, undefined),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).tree;

describe('tree', () => {
  test('unflatten undoes flatten', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const flat = flatten(tree);
        expect(unflatten(flat.structure, flat.leaves)).toEqual(tree);
        expect(flat.leaves.length).toBe(flat.structure.leafCount);
        expect(paths(tree).length).toBe(flat.leaves.length);
      }),
    );
  });

  test('unflatten undoes flatten for many keys of any name, time and again, and no result holds what another does', () => {
    const name = fc.oneof(fc.string(), fc.nat({ max: 40 }).map(String), fc.constantFrom('__proto__', 'constructor'));
    const many = fc.dictionary(name, fc.oneof(fc.integer(), fc.constant(null)), { minKeys: 11, maxKeys: 40 });
    fc.assert(
      fc.property(many, (tree) => {
        const flat = flatten(tree);
        const later = flat.leaves.map((leaf) => (leaf as number) + 1);
        const results = [flat.leaves, later, flat.leaves, later].map((values) => unflatten(flat.structure, values));
        expect(results[0]).toEqual({ ...tree });
        expect(results[2]).toEqual(results[0]);
        expect(results[1]).toEqual(map((leaf: number) => leaf + 1, results[0]));
        expect(results[3]).toEqual(results[1]);
        expect(Object.keys(results[3] as object)).toEqual(Object.keys(results[0] as object));
      }),
    );
  });

  test('equal keys mean equal structures', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (a, b) => {
        const skeleton = (tree: unknown): string =>
          JSON.stringify(
            map(() => 'leaf', tree),
            (_key, value) => (value === undefined ? '(undefined)' : value),
          );
        const sorted = (tree: unknown): string => skeleton(unflatten(structure(tree), leaves(tree)));
        expect(structure(a).key === structure(b).key).toBe(sorted(a) === sorted(b));
      }),
    );
  });

  test('object keys are taken in sorted order, arrays by index', () => {
    const tree = { b: [1, { d: 2, c: 3 }], a: 4, none: null };
    expect(leaves(tree)).toEqual([4, 1, 3, 2]);
    expect(paths(tree)).toEqual(['a', 'b.0', 'b.1.c', 'b.1.d']);
  });

  test('map joins the leaves of several trees', () => {
    expect(map((x: number, y: number) => x + y, { a: 1, b: [2] }, { a: 10, b: [20] })).toEqual({ a: 11, b: [22] });
  });

  test('map of trees that differ names the path', () => {
    expect(() => map((x) => x, { a: [1, { w: 2 }] }, { a: [1, { v: 2 }] })).toThrow(TreeError);
    expect(() => map((x) => x, { a: [1, { w: 2 }] }, { a: [1, { v: 2 }] })).toThrow(/at a\.1.*keys w.*keys v/);
    expect(() => map((x) => x, [1, 2], [1])).toThrow(/array of 2 against an array of 1/);
  });

  test('a wrong number of leaves is an error', () => {
    expect(() => unflatten(structure([1, 2]), [1])).toThrow(TreeError);
  });

  test('isLeaf makes more nodes leaves', () => {
    expect(flatten([null, [1]], (node) => node === null).leaves).toEqual([null, 1]);
  });

  test('class instances and functions are leaves', () => {
    const date = new Date(0);
    const f = (): void => {};
    expect(leaves({ date, f, data: new Float32Array(1) })).toEqual([new Float32Array(1), date, f]);
  });
});
