import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const { full, jit, grad, vmap, tensor } = ff;
const DTYPES = ['f32', 'f64', 'i32', 'u32', 'bool'] as const;
type Made = () => ff.Tensor;

/** Creation with numbers that the dtype cannot hold as they are written. */
function creations(dtype: ff.DType): Readonly<Record<string, Made>> {
  const values = [0, 1, 1.5, 2.9, 0.1, -0, 100, ...(dtype === 'u32' || dtype === 'bool' ? [] : [-1, -1.5])];
  return {
    ...Object.fromEntries(
      values.map((value) => [`full ${Object.is(value, -0) ? '-0' : value}`, () => full([3], value, { dtype })]),
    ),
    ...Object.fromEntries(
      values.map((value) => [`scalar ${Object.is(value, -0) ? '-0' : value}`, () => full([], value, { dtype })]),
    ),
    'full -1': () => full([3], dtype === 'bool' ? 1 : -1, { dtype }),
    tensor: () => tensor([0.1, 1.5, 7], { dtype }),
    fullLike: () => ff.fullLike(full([2], 3, { dtype }), 1.5),
    ones: () => ff.ones([2], { dtype }),
    zeros: () => ff.zeros([2], { dtype }),
    arange: () => ff.arange(3, { dtype }),
    'arange in steps': () => ff.arange(0.3, 2, 0.4, { dtype }),
    linspace: () => ff.linspace(0, 1, 7, { dtype }),
    eye: () => ff.eye(3, { dtype }),
    'eye off the diagonal': () => ff.eye(2, 3, { dtype, offset: 1 }),
  };
}

const uses: Readonly<Record<string, (x: ff.Tensor) => ff.Tensor>> = {
  itself: (x) => x,
  'times 2': (x) => ff.mul(x, 2),
  'plus 0.1': (x) => ff.add(x, 0.1),
  'above 0': (x) => ff.greater(x, 0),
  sum: (x) => x.sum(),
  sin: (x) => ff.sin(x),
  exp: (x) => ff.exp(ff.neg(ff.abs(x))),
  'as f64': (x) => x.astype('f64'),
  'as i32': (x) => x.astype('i32'),
};

const bits = (x: ff.Tensor): string =>
  `${x.dtype}[${x.shape}] ${Array.from(x.dataSync(), (v) => (Object.is(v, -0) ? '-0' : String(v))).join(' ')}`;

describe.each(DTYPES)('created tensors of %s', (dtype) => {
  it.each(Object.entries(creations(dtype)))('%s: the same bits in every transform', (_name, make) => {
    const one = tensor([1, 2]);
    for (const [use, f] of Object.entries(uses)) {
      const eager = bits(f(make()));
      expect(bits(jit(() => f(make()))()), `jit, ${use}`).toBe(eager);
      expect(bits(vmap((_x: ff.Tensor) => f(make()))(one).at(1)), `vmap, ${use}`).toBe(eager);
      expect(
        bits(grad((x: ff.Tensor) => [x.sum(), f(make())], { hasAux: true })(one)[1] as ff.Tensor),
        `grad, ${use}`,
      ).toBe(eager);
      expect(bits(ff.scan((c: ff.Tensor, _x: ff.Tensor) => [c, f(make())], one, one)[1].at(1)), `scan, ${use}`).toBe(
        eager,
      );
    }
  });

  it.each(Object.entries(creations(dtype)))('%s: the same on every device', (_name, make) => {
    const on = (device: string): string[] => {
      ff.defaultDevice(device);
      try {
        return [uses.itself, uses['times 2'], uses['above 0'], uses['as i32']].flatMap((f) => [
          bits(f(make())),
          bits(jit(() => f(make()))()),
        ]);
      } finally {
        ff.defaultDevice('cpu');
      }
    };
    expect(on('reference')).toEqual(on('cpu'));
  });
});

describe('numbers', () => {
  it('are rounded once, to the dtype they act in', () => {
    const x = tensor([1, 3], { dtype: 'f64' });
    expect(x.mul(0.1).toArray()).toEqual([0.1, 3 * 0.1]);
    expect(ff.where(x.greater(2), x, 0.1).toArray()).toEqual([0.1, 3]);
    expect(ff.stack([x.at(0), 0.1]).toArray()).toEqual([1, 0.1]);
    expect(x.mul([0.1, 0.2]).toArray()).toEqual([0.1, 3 * 0.2]);
    expect(jit((a: ff.Tensor, n: number) => a.mul(n))(x, 0.1).toArray()).toEqual([0.1, 3 * 0.1]);
    expect(vmap((a: ff.Tensor, n: number) => a.mul(n), { inAxes: [0, null] })(x, 0.1).toArray()).toEqual([
      0.1,
      3 * 0.1,
    ]);
    const a = tensor(
      [
        [2, 0],
        [0, 4],
      ],
      { dtype: 'f64' },
    );
    expect(ff.linalg.solve(a, [0.1, 0.4]).toArray()).toEqual([0.05, 0.1]);
    const big = tensor([2 ** 24 + 1], { dtype: 'i32' });
    expect(big.sub(2 ** 24 + 1).toArray()).toEqual([0]);
  });

  it('follow the tensors they meet to their device', () => {
    const x = tensor([1, 2], { device: 'reference' });
    const scaled = (a: ff.Tensor, n: number) => a.mul(n);
    expect(jit(scaled)(x, 3).toArray()).toEqual([3, 6]);
    expect(vmap(scaled, { inAxes: [0, null] })(x, 3).toArray()).toEqual([3, 6]);
    expect(grad((a: ff.Tensor, n: number) => a.mul(n).sum())(x, 3).toArray()).toEqual([3, 3]);
    expect(grad((n: number, a: ff.Tensor) => a.mul(n).sum())(3, x).item()).toBe(3);
    expect(ff.jvp(scaled as (...all: unknown[]) => ff.Tensor, [x, 3], [x, 1])[1].toArray()).toEqual([4, 8]);
    expect(ff.checkpoint(scaled)(x, 3).toArray()).toEqual([3, 6]);
    expect(ff.jacrev(scaled)(x, 3).toArray()).toEqual([
      [3, 0],
      [0, 3],
    ]);
  });
});
