import { mlp } from '@flowfield/nn';
import { ArgumentError, grad, jit, random, stack, type Tensor, tensor, vmap } from '@flowfield/tensor-webgpu';
import { differences } from '@flowfield/testing';
import { describe, expect, test, vi } from 'vitest';
import {
  DegenerateSpectrumError,
  EmptySetError,
  type EuclideanGroupName,
  frameAverage,
  intoFrames,
  LayerShapeError,
  MaskError,
  movedBy,
  NonFiniteInputError,
  outOfFrames,
  pointFrames,
  randomIsometry,
  UnknownGroupError,
} from '../index.ts';
import { difference, normals } from '../testing/arrays.ts';

const key = random.key(5);
const groups = [2, 3, 4].flatMap((d) =>
  ['E', 'SE', 'O', 'SO'].map((family) => `${family}(${d})` as EuclideanGroupName),
);
const dimensionOf = (group: string) => Number(group.at(-2));
const isometries = (group: EuclideanGroupName, count: number) =>
  Array.from({ length: count }, (_, i) => randomIsometry(group, random.foldIn(key, i)));

/** A perceptron over flattened clouds, without any symmetry. */
function backbone(n: number, d: number, dtype: 'f32' | 'f64') {
  const net = mlp({ inputs: 2 * n * d, hidden: [32, 32], outputs: 2 * n * d + 2, activation: 'tanh', dtype });
  const params = net.init(random.key(1));
  return (x: Tensor, v: Tensor) => {
    const y = net.apply(params, stack([x, v], -3).reshape([...x.shape.slice(0, -2), 2 * n * d]));
    return {
      points: y.slice('...', [0, n * d]).reshape(x.shape),
      vectors: y.slice('...', [n * d, 2 * n * d]).reshape(x.shape),
      numbers: y.slice('...', [2 * n * d, null]),
    };
  };
}
const outputs = { points: 'point', vectors: 'vector', numbers: 'scalar' } as const;

describe.each(groups)('%s', (group) => {
  const d = dimensionOf(group);
  const n = 20;
  test.each([
    ['f64', 1e-12],
    ['f32', 1e-5],
  ] as const)('any network of 20 points moves with the group, %s', (dtype, bound) => {
    const f = frameAverage(backbone(n, d, dtype), { group, inputs: ['point', 'vector'], outputs });
    const [x, v] = [normals(1, [n, d]), normals(2, [n, d])];
    const cast = (y: Tensor) => y.astype(dtype);
    const here = f(cast(x), cast(v));
    for (const g of isometries(group, 12)) {
      // Moved in f64, then cast.
      const there = f(cast(movedBy(g, x, 'point')), cast(movedBy(g, v, 'vector')));
      for (const name of ['points', 'vectors', 'numbers'] as const) {
        const expected = movedBy(g, here[name].astype('f64'), outputs[name]);
        const size = Math.max(1, expected.abs().max().item());
        expect(difference(there[name].astype('f64'), expected) / size).toBeLessThan(bound);
        expect(there[name].dtype).toBe(dtype);
      }
    }
  });

  test('frames have 2^d elements, or half of them with determinant 1', () => {
    const x = normals(3, [7, n, d]);
    const frames = pointFrames(x, { group });
    expect(frames.count).toBe(group.startsWith('S') ? 2 ** (d - 1) : 2 ** d);
    const elements = frames.signs.expandDims([1, 2]).mul(frames.axes as Tensor);
    const gram = elements.matrixTranspose().matmul(elements);
    expect(
      gram
        .sub(tensor(Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)))))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-14);
    expect(new Set(frames.signs.toArray().toString().match(/-?1/g))).toEqual(new Set(['1', '-1']));
  });
});

test('200 random motions of 20 points: worst relative error', () => {
  for (const [dtype, bound] of [
    ['f64', 1e-12],
    ['f32', 1e-5],
  ] as const) {
    const f = jit(
      frameAverage(backbone(20, 3, dtype), { group: 'E(3)', inputs: ['point', 'vector'], outputs }) as never,
    ) as unknown as (...args: Tensor[]) => { numbers: Tensor; points: Tensor };
    const x = normals(1, [20, 3]);
    const moved = isometries('E(3)', 200);
    const clouds = stack([x, ...moved.map((g) => movedBy(g, x, 'point'))]).astype(dtype);
    const { numbers } = f(clouds, clouds.mul(0));
    expect(numbers.sub(numbers.at(0)).abs().max().item() / numbers.abs().max().item()).toBeLessThan(bound);
  }
});

describe('closed forms', () => {
  const x = normals(9, [8, 3]).mul([3, 2, 1]);
  const on = (group: EuclideanGroupName, fn: (y: Tensor) => Tensor, kind: 'scalar' | 'point' = 'scalar') =>
    frameAverage(fn, { group, inputs: 'point', outputs: kind })(x);
  const centered = x.sub(x.mean({ axis: 0 }));

  test('squares give eigenvalues, odd functions 0, the identity the cloud', () => {
    const squares = [0, 1, 2].map((k) => on('E(3)', (y) => y.slice('...', k).square().sum()).item());
    const trace = centered.square().sum().item();
    expect(squares.reduce((a, b) => a + b)).toBeCloseTo(trace, 10);
    expect(squares).toEqual([...squares].sort((a, b) => a - b));
    const covariance = centered.T.matmul(centered).toArray() as number[][];
    // Characteristic polynomial at each eigenvalue.
    for (const value of squares) {
      const [a, b, c] = covariance.map((row, i) => row.map((entry, j) => entry - (i === j ? value : 0)));
      const det =
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
      expect(Math.abs(det) / trace ** 3).toBeLessThan(1e-14);
    }
    expect(on('E(3)', (y) => y.slice('...', 1).sum()).item()).toBe(0);
    expect(
      difference(
        on('E(3)', (y) => y, 'point'),
        x,
      ),
    ).toBeLessThan(1e-14);
    expect(
      difference(
        on('SE(3)', (y) => y, 'point'),
        x,
      ),
    ).toBeLessThan(1e-14);
  });

  test('the product of coordinates is 0 over E(3), and over SE(3) changes sign under reflections only', () => {
    const volume = (y: Tensor) => y.prod({ axis: -1 }).sum();
    expect(Math.abs(on('E(3)', volume).item())).toBe(0);
    const f = frameAverage(volume, { group: 'SE(3)', inputs: 'point' });
    const value = f(x).item();
    expect(Math.abs(value)).toBeGreaterThan(0.1);
    for (const g of isometries('SE(3)', 5)) expect(f(movedBy(g, x, 'point')).item()).toBeCloseTo(value, 10);
    expect(f(x.mul([1, -1, 1])).item()).toBeCloseTo(-value, 10);
  });

  test('the half with determinant 1 is two signed columns and their cross product', () => {
    const { axes, signs } = pointFrames(x, { group: 'SE(3)' });
    const all = pointFrames(x, { group: 'E(3)' });
    const columns = (all.axes as Tensor).T.toArray() as number[][];
    const [u, v] = columns;
    const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const show = (column: readonly number[]) =>
      column.map((entry) => entry.toFixed(10).replace(/^-(0\.0+)$/, '$1')).join();
    const expected = new Set(
      [1, -1].flatMap((a) =>
        [1, -1].map((b) => [u.map((e) => a * e), v.map((e) => b * e), cross.map((e) => a * b * e)].map(show).join('|')),
      ),
    );
    const base = (axes as Tensor).T.toArray() as number[][];
    const found = new Set(
      (signs.toArray() as number[][]).map((s) => base.map((column, i) => show(column.map((e) => e * s[i]))).join('|')),
    );
    expect(found).toEqual(expected);
    expect(found.size).toBe(4);
  });

  test('O(2) on a symmetric cross: four elements, sums of signs vanish, a vector comes back', () => {
    const cross = tensor(
      [
        [2, 0],
        [-2, 0],
        [0, 1],
        [0, -1],
      ],
      { dtype: 'f64' },
    );
    expect(pointFrames(cross, { group: 'O(2)' }).count).toBe(4);
    const first = frameAverage((y: Tensor) => y.at(0, 0), { group: 'O(2)', inputs: 'point' });
    expect(first(cross).item()).toBe(0);
    const vector = frameAverage((y: Tensor) => y.at(0), { group: 'O(2)', inputs: 'point', outputs: 'vector' });
    expect(difference(vector(cross), tensor([2, 0]))).toBeLessThan(1e-15);
  });

  test('translations: the mean is taken off and put back', () => {
    const f = frameAverage((y: Tensor) => [y, y.mul(2), y.square().sum()] as const, {
      group: 'T(3)',
      inputs: 'point',
      outputs: ['point', 'vector', 'scalar'],
    });
    const [points, vectors, number] = f(x);
    expect(difference(points, x)).toBeLessThan(1e-14);
    expect(difference(vectors, centered.mul(2))).toBeLessThan(1e-14);
    expect(number.item()).toBeCloseTo(centered.square().sum().item(), 12);
    expect(difference(f(x.add(7))[1], vectors)).toBeLessThan(1e-13);
  });

  test('vectors turn by the matrix that turns points: 120 degrees about z', () => {
    const [c, s] = [Math.cos((2 * Math.PI) / 3), Math.sin((2 * Math.PI) / 3)];
    const g = {
      rotation: tensor(
        [
          [c, -s, 0],
          [s, c, 0],
          [0, 0, 1],
        ],
        { dtype: 'f64' },
      ),
      shift: tensor([0, 0, 0], { dtype: 'f64' }),
    };
    const f = frameAverage((_y: Tensor, v: Tensor) => v, {
      group: 'SO(3)',
      inputs: ['point', 'vector'],
      outputs: 'vector',
    });
    const v = tensor([1, 0, 0], { dtype: 'f64' });
    expect(difference(f(x, v), v)).toBeLessThan(1e-15);
    const turned = f(movedBy(g, x, 'point'), movedBy(g, v, 'vector'));
    expect(difference(turned, tensor([-0.5, Math.sqrt(3) / 2, 0], { dtype: 'f64' }))).toBeLessThan(1e-15);
  });

  test('a function that is equivariant already does not change', () => {
    const own = (y: Tensor) =>
      y.mul(
        y
          .sub(y.mean({ axis: -2, keepDims: true }))
          .square()
          .sum(),
      );
    const f = frameAverage(own, { group: 'O(3)', inputs: 'point', outputs: 'vector' });
    expect(difference(f(x), own(x)) / own(x).abs().max().item()).toBeLessThan(1e-14);
  });
});

describe('masks', () => {
  const f = frameAverage(
    (y: Tensor) =>
      [
        y.tanh().cumsum({ axis: -1 }),
        y
          .square()
          .mul([1, 2, 3])
          .sum({ axis: [-1, -2] }),
      ] as const,
    {
      group: 'E(3)',
      inputs: 'point',
      outputs: ['point', 'scalar'],
    },
  );
  test.each([0, Number.NaN, 1e30])('a batch padded with %d gives what each cloud gives alone', (value) => {
    const clouds = [5, 7, 4].map((n) => normals(n, [n, 3]));
    const batch = stack(
      clouds.map((x) =>
        x.pad(
          [
            [0, 7 - x.shape[0]],
            [0, 0],
          ],
          { value },
        ),
      ),
    );
    const mask = clouds.map((x) => Array.from({ length: 7 }, (_, i) => (i < x.shape[0] ? 1 : 0)));
    const [points, numbers] = f(batch, { mask });
    clouds.forEach((x, i) => {
      const [alone, number] = f(x);
      expect(difference(points.at(i).slice([0, x.shape[0]]), alone)).toBeLessThan(1e-13);
      expect(Math.abs(numbers.at(i).item() - number.item()) / number.item()).toBeLessThan(1e-13);
      expect(points.at(i).slice([x.shape[0], null]).abs().sum().item()).toBe(0);
    });
    const loss = (x: Tensor) =>
      f(x, { mask })
        .map((y) => y.square().sum())
        .reduce((a, b) => a.add(b));
    const gradient = grad(loss)(batch);
    expect(Number.isFinite(gradient.abs().sum().item())).toBe(true);
    expect(gradient.at(0).slice([5, null]).abs().sum().item()).toBe(0);
  });
});

describe('derivatives', () => {
  const fn = (y: Tensor) => y.mul([1, 2, 3]).sin().sum({ axis: -1 }).square().sum();
  const x = normals(4, [6, 3]);
  const v = normals(5, [6, 3]);
  test.each(['E(3)', 'SE(3)', 'O(2)', 'SO(2)', 'E(4)', 'SO(4)', 'T(2)'] as const)(
    'with frames of %s that move agree with differences',
    (group) => {
      const d = dimensionOf(group);
      const sizes = tensor([0.5, 1, 1.5, 2].slice(0, d), { dtype: 'f64' });
      const [at, along] = [normals(4, [12, d]).mul(sizes), normals(5, [12, d]).mul(0.2)];
      const f = frameAverage(
        (y: Tensor) =>
          y
            .mul(tensor([1, 2, 3, 4].slice(0, d), { dtype: 'f64' }))
            .sin()
            .sum({ axis: -1 })
            .square()
            .sum(),
        { group, inputs: 'point', detach: false },
      );
      for (const count of [12, 11]) {
        const mask = Array.from({ length: 12 }, (_, i) => (i < count ? 1 : 0));
        const slope = grad((y: Tensor) => f(y, { mask }))(at)
          .mul(along)
          .sum()
          .item();
        expect(slope / differences((t) => [f(at.add(along.mul(t)), { mask }).item()])[0]).toBeCloseTo(1, 6);
      }
    },
  );
  test('with detached frames are those of fixed frames, and equivariant', () => {
    const f = frameAverage(fn, { group: 'E(3)', inputs: 'point' });
    const frames = pointFrames(x, { group: 'E(3)' });
    const fixed = (at: Tensor) => {
      const seen = at.sub(frames.center as Tensor).matmul(frames.axes as Tensor);
      return (frames.signs.toArray() as number[][])
        .map((s) => fn(seen.mul(s)))
        .reduce((a, b) => a.add(b))
        .div(8);
    };
    const gradient = grad((at: Tensor) => f(at))(x);
    expect(difference(gradient, grad(fixed)(x))).toBeLessThan(1e-13);
    for (const g of isometries('E(3)', 3)) {
      const there = grad((at: Tensor) => f(at))(movedBy(g, x, 'point'));
      expect(difference(there, movedBy(g, gradient, 'vector'))).toBeLessThan(1e-12);
    }
    const identity = frameAverage((y: Tensor) => y, { group: 'E(3)', inputs: 'point', outputs: 'point' });
    expect(difference(grad((at: Tensor) => identity(at).mul(v).sum())(x), v)).toBeLessThan(1e-14);
  });
});

describe('sampled frames', () => {
  const x = normals(4, [50, 6, 3]);
  const f = frameAverage(
    (y: Tensor) =>
      y
        .mul([1, 2, 3])
        .exp()
        .sum({ axis: [-1, -2] }),
    { group: 'SE(3)', inputs: 'point' },
  );
  test('one of the elements for each cloud; the mean over draws is the full average', () => {
    const draws = Array.from({ length: 60 }, (_, i) => f(x, { frames: 'sampled', key: random.foldIn(key, i) }));
    const full = f(x);
    const values = new Set(draws.map((y) => y.at(0).item().toFixed(8)));
    expect(values.size).toBe(4);
    const mean = [...values].reduce((sum, value) => sum + Number(value), 0) / 4;
    expect(mean).toBeCloseTo(full.at(0).item(), 6);
    expect(difference(f(x, { frames: 'sampled', key }), f(x, { frames: 'sampled', key }))).toBe(0);
  });
  test('need a key', () => {
    expect(() => f(x, { frames: 'sampled' })).toThrow(/frames: 'sampled' draws at random, and no key was given/);
  });
  test('of reflections too have the determinant of the group', () => {
    const frames = pointFrames(x, { group: 'SE(3)', frames: 'sampled', key });
    expect(frames.signs.shape).toEqual([1, 50, 3]);
    expect(frames.signs.prod({ axis: -1 }).min().item()).toBe(1);
    expect(pointFrames(x, { group: 'E(3)', frames: 'sampled', key }).signs.prod({ axis: -1 }).min().item()).toBe(-1);
  });
});

describe('clouds without principal axes', () => {
  const clouds: Record<string, number[][]> = {
    square: [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ],
    point: [[2, 3]],
    'all points equal': [
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    cube: [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1]),
    line: [
      [0, 0, 0],
      [1, 1, 1],
      [2, 2, 2],
    ],
    'two points': [
      [0, 0, 0],
      [1, 2, 3],
    ],
    octahedron: [
      [1, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
      [0, 0, 1],
      [0, 0, -1],
    ],
    prism: [
      [2, 0, 0],
      [-2, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
      [0, 0, 1],
      [0, 0, -1],
    ],
  };
  describe.each(Object.entries(clouds))('%s', (_name, rows) => {
    const d = rows[0].length;
    for (const dtype of ['f32', 'f64'] as const) {
      const x = tensor(rows, { dtype });
      const options = { group: `E(${d})` as EuclideanGroupName, inputs: 'point' } as const;
      test(`error, ${dtype}`, () => {
        const f = frameAverage((y: Tensor) => y.sum(), options);
        expect(() => f(x)).toThrow(DegenerateSpectrumError);
        expect(() => f(x)).toThrow(
          /expected relative gaps of eigenvalues of at least .* set degenerate to 'randomBasis'/,
        );
      });
      test(`warn, ${dtype}`, () => {
        const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
        const f = frameAverage((y: Tensor) => y, { ...options, outputs: 'point', degenerate: 'warn' });
        expect(difference(f(x), x)).toBeLessThan(1e-5);
        expect(warn).toHaveBeenCalledOnce();
        warn.mockRestore();
      });
      test(`random basis, ${dtype}: invariants stay, values and derivatives are finite`, () => {
        const squares = (y: Tensor) => y.square().sum();
        const f = frameAverage(squares, { ...options, degenerate: 'randomBasis' });
        const expected = x
          .sub(x.mean({ axis: 0 }))
          .square()
          .sum()
          .item();
        const skew = frameAverage((y: Tensor) => y.mul(3).sin().at(0, 0).square(), {
          ...options,
          degenerate: 'randomBasis',
        });
        for (let i = 0; i < 4; i++) {
          const drawn = { key: random.key(i) };
          expect(f(x, drawn).item()).toBeCloseTo(expected, dtype === 'f32' ? 5 : 12);
          expect(Number.isFinite(skew(x, drawn).item())).toBe(true);
        }
        for (const detach of [true, false]) {
          const g = frameAverage(squares, { ...options, degenerate: 'randomBasis', detach });
          expect(
            Number.isFinite(
              grad((at: Tensor) => g(at, { key }))(x)
                .abs()
                .sum()
                .item(),
            ),
          ).toBe(true);
        }
        expect(() => f(x)).toThrow(/no key was given/);
      });
    }
  });

  test('random bases differ from draw to draw, and only inside repeated eigenvalues', () => {
    const prism = tensor(clouds.prism, { dtype: 'f64' });
    const axesOf = (seed: number) =>
      (
        pointFrames(prism, { group: 'O(3)', degenerate: 'randomBasis', key: random.key(seed) }).axes as Tensor
      ).toArray() as number[][];
    const drawn = [0, 1, 2, 3].map(axesOf);
    expect(new Set(drawn.map((axes) => Math.abs(axes[1][0]).toFixed(6))).size).toBe(4);
    for (const axes of drawn) {
      expect(axes.map((row) => Math.abs(row[2]))).toEqual([1, 0, 0]);
      expect(axes[0].slice(0, 2)).toEqual([expect.closeTo(0, 15), expect.closeTo(0, 15)]);
    }
    // A cloud with axes keeps its exact frame.
    const fine = normals(3, [9, 3]);
    const f = (degenerate: 'error' | 'randomBasis') =>
      frameAverage((y: Tensor) => y.mul([1, 2, 3]).exp().sum(), { group: 'E(3)', inputs: 'point', degenerate })(fine, {
        key,
      });
    expect(f('error').item()).toBeCloseTo(f('randomBasis').item(), 10);
  });

  test('what only needs eigenvalues has its exact derivative at repeated ones', () => {
    const x = tensor(clouds.prism, { dtype: 'f64' });
    for (const detach of [true, false]) {
      const f = frameAverage((y: Tensor) => y.square().sum(), {
        group: 'E(3)',
        inputs: 'point',
        detach,
        degenerate: 'randomBasis',
      });
      const gradient = grad((at: Tensor) => f(at, { key }))(x);
      expect(difference(gradient, x.sub(x.mean({ axis: 0 })).mul(2))).toBeLessThan(1e-13);
    }
    const basis = frameAverage((y: Tensor) => y.at(0, 1).square(), { group: 'E(3)', inputs: 'point', detach: false });
    expect(() => basis(x)).toThrow(DegenerateSpectrumError);
  });

  test('one bad cloud of a batch is named by its row', () => {
    const batch = stack([normals(1, [4, 2]), normals(2, [4, 2]), tensor(clouds.square, { dtype: 'f64' })]);
    expect(() => pointFrames(batch, { group: 'E(2)' })).toThrow(/of row 2 are not determined/);
    const compiled = jit((x: Tensor) =>
      frameAverage((y: Tensor) => y.square().sum({ axis: [-1, -2] }), { group: 'E(2)', inputs: 'point' })(x),
    );
    expect(compiled(batch).at(2).item()).toBeCloseTo(4, 12);
    expect(pointFrames(batch, { group: 'E(2)', degenerate: 'randomBasis', key }).gap?.at(2).item()).toBe(0);
  });
});

describe('ways to call', () => {
  const x = normals(4, [5, 6, 3]);
  const net = mlp({ inputs: 18, hidden: [8], outputs: 4, dtype: 'f64' });
  const params = net.init(key);
  const fn = (p: typeof params, y: Tensor) => net.apply(p, y.reshape([...y.shape.slice(0, -2), 18]));

  test('parameters pass as a scalar, and derivatives in them are those of the mean', () => {
    const f = frameAverage(fn, { group: 'E(3)', inputs: ['scalar', 'point'] });
    const gradient = grad((p: typeof params) => f(p, x).square().sum())(params);
    const closed = frameAverage((y: Tensor) => fn(params, y), { group: 'E(3)', inputs: 'point' });
    expect(difference(f(params, x), closed(x))).toBe(0);
    expect(Number.isFinite(gradient.layers[0].weight.abs().sum().item())).toBe(true);
    expect(difference(jit((p: typeof params, y: Tensor) => f(p, y))(params, x), f(params, x))).toBeLessThan(1e-14);
  });

  test('batched copies are one larger batch, and give the same', () => {
    const shapes: (readonly number[])[] = [];
    const seen = (p: typeof params, features: Tensor, y: Tensor) => {
      shapes.push(features.shape, y.shape);
      return { scores: fn(p, y).add(features), points: y.mul(2) };
    };
    const features = normals(1, [5, 4]);
    const declared = {
      group: 'E(3)',
      inputs: ['scalar', 'scalar', 'point'],
      outputs: { scores: 'scalar', points: 'point' },
    } as const;
    const mask = [1, 1, 1, 1, 1, 0];
    const [batched, mapped] = (['batched', 'mapped'] as const).map((copies) =>
      frameAverage(seen, { ...declared, copies })(params, features, x, { mask }),
    );
    expect(difference(batched.scores, mapped.scores)).toBeLessThan(1e-14);
    expect(difference(batched.points, mapped.points)).toBeLessThan(1e-14);
    expect(shapes).toEqual([
      [40, 4],
      [40, 6, 3],
      [5, 4],
      [5, 6, 3],
    ]);
    const single = frameAverage((y: Tensor) => y.sum({ axis: [-1, -2] }), {
      group: 'E(3)',
      inputs: 'point',
      copies: 'batched',
    });
    expect(() => single(x.at(0))).toThrow(/expects clouds of shape \[batch, …, n, 3\], got one cloud/);
    const pooled = frameAverage((y: Tensor) => y.sum(), { group: 'E(3)', inputs: 'point', copies: 'batched' });
    expect(() => pooled(x)).toThrow(/expected results of shape \[40, …\], one for each copy, got \[\]/);
    const weighted = frameAverage((w: Tensor, y: Tensor) => y.matmul(w), {
      group: 'E(3)',
      inputs: ['scalar', 'point'],
      copies: 'batched',
    });
    expect(() => weighted(normals(1, [3, 3]), x)).toThrow(/expects scalars of shape \[5, …\], got \[3, 3\]/);
  });

  test('an empty batch gives an empty batch', () => {
    const f = frameAverage((y: Tensor) => y, { group: 'E(3)', inputs: 'point', outputs: 'point' });
    expect(f(x.slice([0, 0])).shape).toEqual([0, 6, 3]);
  });

  test('under vmap, and of whole numbers', () => {
    const f = frameAverage((y: Tensor) => fn(params, y), { group: 'SE(3)', inputs: 'point' });
    expect(difference(vmap((y: Tensor) => f(y))(x), f(x))).toBeLessThan(1e-14);
    const sums = frameAverage((y: Tensor) => y.square().sum(), { group: 'E(2)', inputs: 'point' });
    expect(sums(tensor(new Int32Array([0, 0, 2, 0, 0, 4])).reshape([3, 2])).item()).toBeCloseTo(8 / 3 + 32 / 3, 5);
  });

  test.each([1e-25, 1e25])('clouds of size %d in f32, and flat clouds in space', (size) => {
    const flat = normals(8, [7, 3]).mul([1, 1, 0]);
    const f = frameAverage((y: Tensor) => y, { group: 'SE(3)', inputs: 'point', outputs: 'point' });
    for (const cloud of [normals(7, [7, 3]), flat]) {
      const small = cloud.astype('f32').mul(size);
      expect(f(small).sub(small).abs().max().item() / size).toBeLessThan(1e-5);
      expect(pointFrames(small, { group: 'SE(3)' }).gap?.item()).toBeGreaterThan(1e-3);
    }
  });

  test('a batch of one, several batch axes, and single clouds agree', () => {
    const f = frameAverage((y: Tensor) => fn(params, y), { group: 'SE(3)', inputs: 'point' });
    const all = f(x);
    expect(difference(f(x.at(2)), all.at(2))).toBeLessThan(1e-14);
    expect(difference(f(x.slice([2, 3])), all.slice([2, 3]))).toBeLessThan(1e-14);
    expect(difference(f(x.expandDims(1)), all.expandDims(1))).toBeLessThan(1e-14);
  });

  test('vectors alone define frames of groups that fix the origin', () => {
    const f = frameAverage((v: Tensor) => v.mul([1, 2, 3]).tanh(), {
      group: 'O(3)',
      inputs: 'vector',
      outputs: 'vector',
    });
    const v = normals(3, [6, 3]);
    const [g] = isometries('O(3)', 1);
    expect(difference(f(movedBy(g, v, 'vector')), movedBy(g, f(v), 'vector'))).toBeLessThan(1e-13);
    expect(() => frameAverage((y: Tensor) => y, { group: 'E(3)', inputs: 'vector' })).toThrow(
      /expected an input of kind 'point' to take frames from/,
    );
  });

  test('declarations can be read back', () => {
    const f = frameAverage((y: Tensor) => y, { group: 'E(3)', inputs: 'point', outputs: 'point' });
    expect([f.group, f.inputs, f.outputs]).toEqual(['E(3)', ['point'], 'point']);
  });
});

describe('bad calls are named', () => {
  const x = normals(1, [6, 3]);
  // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
  const loose = frameAverage as any;
  const id = (y: Tensor) => y;
  test.each([
    ['no function', () => loose(x, { group: 'E(3)', inputs: 'point' }), /expected a function/],
    ['a misspelt option', () => loose(id, { group: 'E(3)', input: 'point' }), /Did you mean inputs\?/],
    ['another kind', () => loose(id, { group: 'E(3)', inputs: 'points' }), /inputs\[0\] must be .* got points/],
    [
      'another kind of output',
      () => loose(id, { group: 'E(3)', inputs: 'point', outputs: ['tensor'] }),
      /outputs must be .* got tensor/,
    ],
    ['no inputs', () => loose(id, { group: 'E(3)', inputs: [] }), /expected inputs as kinds/],
    [
      'only scalars',
      () => loose(id, { group: 'O(3)', inputs: 'scalar' }),
      /expected an input of kind 'point' or 'vector'/,
    ],
    ['another policy', () => loose(id, { group: 'E(3)', inputs: 'point', degenerate: 'random' }), /got random/],
    [
      'too few arguments',
      () => loose(id, { group: 'E(3)', inputs: ['point', 'vector'] })(x),
      /expected 2 arguments and options .* got 1/,
    ],
    ['too many arguments', () => loose(id, { group: 'E(3)', inputs: 'point' })(x, {}, x), /got 3 arguments/],
    [
      'a tensor for options',
      () => loose(id, { group: 'E(3)', inputs: 'point' })(x, x),
      /expected options { mask, key, frames }/,
    ],
    [
      'misspelt call options',
      () => loose(id, { group: 'E(3)', inputs: 'point' })(x, { masks: [] }),
      /Did you mean mask\?/,
    ],
    [
      'results that are not as declared',
      () => loose(id, { group: 'E(3)', inputs: 'point', outputs: ['point'] })(x),
      /expected results like the outputs \["point"\]/,
    ],
    [
      'results with other names',
      () => loose((y: Tensor) => ({ a: y }), { group: 'E(3)', inputs: 'point', outputs: { b: 'point' } })(x),
      /got { a }/,
    ],
  ])('%s', (_what, run, message) => {
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  });

  test('kinds of the parts', () => {
    const frames = pointFrames(x, { group: 'E(3)' });
    // biome-ignore lint/suspicious/noExplicitAny: wrong kinds are the point.
    const wrong = 'points' as any;
    for (const run of [
      () => intoFrames(x, wrong, frames),
      () => outOfFrames(x, wrong, frames),
      () => movedBy(randomIsometry('E(3)', key), x, wrong),
    ]) {
      expect(run).toThrow(ArgumentError);
      expect(run).toThrow(/'scalar' or 'vector' or 'point', got points/);
    }
  });

  test('groups, shapes, masks, NaN', () => {
    expect(() => loose(id, { group: 'E(5)', inputs: 'point' })).toThrow(UnknownGroupError);
    expect(() => loose(id, { group: 'se(3)', inputs: 'point' })).toThrow(/Did you mean 'SE\(3\)'\?/);
    const f = frameAverage(id, { group: 'E(3)', inputs: 'point', outputs: 'point' });
    expect(() => f(normals(1, [6, 2]))).toThrow(LayerShapeError);
    expect(() => f(normals(1, [3]))).toThrow(LayerShapeError);
    expect(() => f(x, { mask: [1, 1] })).toThrow(MaskError);
    expect(() => f(x, { mask: [0, 0, 0, 0, 0, 0] })).toThrow(EmptySetError);
    expect(() => f(x.mul(Number.NaN))).toThrow(NonFiniteInputError);
    const two = { group: 'E(3)', inputs: ['point', 'vector'], outputs: 'vector' } as const;
    const second = frameAverage((_: Tensor, v: Tensor) => v, two);
    const holes = x.mul(tensor([[1], [1], [1], [1], [1], [Number.NaN]]));
    expect(() => second(x, holes)).toThrow(/finite numbers in the vector of argument 1, got NaN at \[5, 0\]/);
    expect(
      second(x, holes, { mask: [1, 1, 1, 1, 1, 0] })
        .abs()
        .max()
        .item(),
    ).toBeLessThan(10);
    const wrong = frameAverage((y: Tensor) => y.slice('...', [0, 2]), {
      group: 'E(3)',
      inputs: 'point',
      outputs: 'vector',
    });
    expect(() => wrong(x)).toThrow(/expected a vector of shape \[…, 3\], got \[6, 2\]/);
  });
});
