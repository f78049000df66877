import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const { grad, valueAndGrad, jacfwd, jacrev, hessian, jit, tensor, vmap } = ff;
const f64 = (data: ff.NestedArray | number): ff.Tensor => tensor(data, { dtype: 'f64' });
const read = (given: unknown): unknown => ff.tree.map((leaf: ff.Tensor) => leaf.toArray(), given as ff.Tensor);

describe('several arguments', () => {
  // Arguments of different shapes, one of them a tree.
  const loss = (x: ff.Tensor, p: { w: ff.Tensor; b: ff.Tensor }, n: ff.Tensor) =>
    x.square().sum().mul(3).add(p.w.mul(p.b).sum().mul(n.square()));
  const at = [f64([1, 2]), { w: f64([[1], [4]]), b: f64(5) }, f64(2)] as const;
  const slopes: readonly unknown[] = [[6, 12], { w: [[20], [20]], b: 20 }, 100];

  it.each([[[1, 0]], [[0, 1]], [[2, 0, 1]], [[0, 0]], [[1, 2, 1]], [[2]], [[]]])(
    'grad and valueAndGrad give them in the order of argnums %j',
    (argnums) => {
      const expected = argnums.map((n) => slopes[n]);
      expect(read(grad(loss, { argnums })(...at))).toEqual(expected);
      expect(read(jit(grad(loss, { argnums }))(...at))).toEqual(expected);
      expect(read(valueAndGrad(loss, { argnums })(...at))).toEqual([115, expected]);
      const aux = grad((...args: typeof at) => [loss(...(args as [never, never, never])), args[2]], {
        argnums,
        hasAux: true,
      });
      expect(read(aux(...at))).toEqual([expected, 2]);
    },
  );

  it('plain numbers', () => {
    const f = (x: ff.TensorLike, y: ff.TensorLike) => ff.add(ff.mul(3, ff.square(x)), ff.mul(5, ff.square(y)));
    expect(read(grad(f, { argnums: [1, 0] })(1, 10))).toEqual([100, 6]);
    expect(read(grad(f, { argnums: [0, 0] })(1, 10))).toEqual([6, 6]);
    expect(read(vmap(grad(f, { argnums: [1, 0] }))(tensor([1, 2]), tensor([10, 20])))).toEqual([
      [100, 200],
      [6, 12],
    ]);
  });

  it('Jacobians and hessians give their blocks in that order too', () => {
    const f = (x: ff.Tensor, y: ff.Tensor) => ({ sum: x.mul(2).sum().add(y.square().sum()), y: y.mul(3) });
    const given = [f64([1, 2]), f64([4])] as const;
    for (const jacobian of [jacfwd, jacrev]) {
      expect(read(jacobian(f, { argnums: [1, 0] })(...given))).toEqual({
        sum: [[8], [2, 2]],
        y: [[[3]], [[0, 0]]],
      });
      expect(read(jacobian(f, { argnums: [0, 0] })(...given))).toMatchObject({
        sum: [
          [2, 2],
          [2, 2],
        ],
      });
      expect(read(jacobian(f, { argnums: 1 })(...given))).toEqual({ sum: [8], y: [[3]] });
    }
    const product = (x: ff.Tensor, y: ff.Tensor) => x.square().sum().mul(y.square());
    const [yx, yy] = [[[4, 8]], [10]].map((row) => row);
    const blocks = read(hessian(product, { argnums: [1, 0] })(f64([1, 2]), f64(1)));
    expect(blocks).toEqual([
      [yy[0], (yx as number[][])[0]],
      [
        [4, 8],
        [
          [2, 0],
          [0, 2],
        ],
      ],
    ]);
  });

  it('results are their own, those of an argument asked for twice as well', () => {
    const [a, b] = grad((x: ff.Tensor) => x.square().sum(), { argnums: [0, 0] })(f64([1, 2]));
    a.dispose();
    expect(b.toArray()).toEqual([2, 4]);
  });

  it('bad ones are named', () => {
    for (const argnums of [1.5, -1, 3, [0, 7], 'x', null, [null]])
      expect(() => grad(loss, { argnums: argnums as never })(...at)).toThrow(ff.ArgumentError);
    expect(() => jacrev(loss, { argnums: [9] })(...at)).toThrow('argnums 9 is not an argument');
  });
});

describe('what a differentiated function returns', () => {
  const x = tensor([1, 2]);
  const refused = (f: (v: ff.Tensor) => unknown, options = {}) => expect(() => grad(f, options)(x));

  it('with hasAux is a pair, the scalar first', () => {
    refused((v) => ({ aux: v, loss: v.sum() }), { hasAux: true }).toThrow(ff.ArgumentError);
    refused((v) => ({ aux: v.sum(), loss: v.sum() }), { hasAux: true }).toThrow('must return [value, auxiliary]');
    refused((v) => v.sum(), { hasAux: true }).toThrow(ff.ArgumentError);
    refused((v) => [v.sum()], { hasAux: true }).toThrow(ff.ArgumentError);
    refused((v) => [v.sum(), 1, 2], { hasAux: true }).toThrow(ff.ArgumentError);
    refused((v) => [{ loss: v.sum() }, v], { hasAux: true }).toThrow(ff.ShapeError);
    refused((v) => [v, v.sum()], { hasAux: true }).toThrow(ff.ShapeError);
    refused(() => undefined, { hasAux: true }).toThrow(ff.ArgumentError);
    expect(read(grad((v: ff.Tensor) => [v.sum(), null], { hasAux: true })(x))).toEqual([[1, 1], null]);
  });

  it('without it is one scalar and nothing else', () => {
    refused((v) => ({ loss: v.sum() })).toThrow(ff.ShapeError);
    refused((v) => [v.sum()]).toThrow(ff.ShapeError);
    refused((v) => [v.sum(), v]).toThrow(ff.ShapeError);
    refused(() => null).toThrow(ff.ShapeError);
    refused(() => 'loss').toThrow(ff.DTypeError);
    refused(async (v) => v.sum()).toThrow(ff.DTypeError);
  });
});

describe('static arguments of jit', () => {
  const traced = (staticArgnums: readonly number[]) => {
    const seen: unknown[][] = [];
    const f = jit(
      (...args: unknown[]) => {
        seen.push(args);
        return tensor(seen.length);
      },
      { staticArgnums },
    );
    return (...args: unknown[]) => f(...args).item();
  };

  it('no two lists of them share a program', () => {
    const f = traced([0, 1]);
    const lists: unknown[][] = [
      ['a|string:b', 'c'],
      ['a', 'b|string:c'],
      ['a,b', 'c'],
      ['a', 'b,c'],
      ['"a"', 'b'],
      ['a', '"b"'],
      [0, 1],
      [-0, 1],
      ['0', 1],
      [0n, 1],
      [null, 1],
      [undefined, 1],
      ['null', 1],
      [false, 1],
      [NaN, 1],
      ['#0', 1],
      ['#1', 1],
      [Symbol('a'), 1],
      [Symbol('a'), 1],
      [[], 1],
      [[], 1],
      [() => 1, 1],
    ];
    lists.forEach((list, i) => expect(f(...list)).toBe(i + 1));
    lists.forEach((list, i) => expect(f(...list)).toBe(i + 1));
  });

  it('their positions are checked', () => {
    for (const staticArgnums of [0, [-1], [0.5], ['x'], {}])
      expect(() => jit((x: ff.Tensor) => x, { staticArgnums: staticArgnums as never })).toThrow(ff.ArgumentError);
    expect(() => jit((x: ff.Tensor) => x, { donate: 0 as never })).toThrow(ff.ArgumentError);
  });
});
