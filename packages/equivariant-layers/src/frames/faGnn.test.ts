import { readFileSync } from 'node:fs';
import {
  ArgumentError,
  eye,
  grad,
  jit,
  random,
  stack,
  type Tensor,
  tensor,
  tree,
  where,
} from '@flowfield/tensor-webgpu';
import { dataPath, differences, hasData, noDataReason } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import {
  DegenerateSpectrumError,
  type FaGnnOptions,
  faGnn,
  LayerShapeError,
  movedBy,
  NonFiniteInputError,
  randomIsometry,
} from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';

const key = random.key(2);
const small = { group: 'E(3)', width: 12, layers: 3, vectors: 1, edges: 1, dtype: 'f64' } as const;
const graphs = (n: number, batch = 3) => ({
  points: normals(1, [batch, n, 3]),
  vectors: [normals(2, [batch, n, 3])],
  edges: normals(3, [batch, n, n, 1]),
});

test('has the 92,103 parameters of the paper', () => {
  const params = faGnn({ group: 'E(3)', vectors: 1, edges: 1 }).init(key);
  expect(tree.leaves(params).reduce((total, leaf) => total + (leaf as Tensor).size, 0)).toBe(92_103);
});

describe.each([
  ['E(3)', 3],
  ['SE(3)', 3],
  ['E(2)', 2],
  ['SE(2)', 2],
  ['E(4)', 4],
] as const)('%s', (group, d) => {
  test.each([
    ['f64', 1e-10],
    ['f32', 1e-4],
  ] as const)('moves with space and with the order of nodes, %s', (dtype, bound) => {
    const net = faGnn({ group, width: 12, layers: 3, vectors: 1, edges: 1, scalars: 2, dtype });
    const params = net.init(key);
    const cast = (x: Tensor) => x.astype(dtype);
    const [points, v, scalars, edges] = [
      normals(1, [4, 5, d]),
      normals(2, [4, 5, d]),
      normals(3, [4, 5, 2]),
      normals(4, [4, 5, 5, 1]),
    ];
    const run = (p: Tensor, w: Tensor, s = scalars, e = edges) =>
      net.apply(params, { points: cast(p), vectors: [cast(w)], scalars: cast(s), edges: cast(e) }).astype('f64');
    const y = run(points, v);
    expect(y.shape).toEqual([4, 5, d]);
    const g = randomIsometry(group, key);
    expect(difference(run(movedBy(g, points, 'point'), movedBy(g, v, 'vector')), movedBy(g, y, 'point'))).toBeLessThan(
      bound,
    );
    const order = [3, 0, 4, 1, 2];
    const turned = run(
      relabelled(points, [1], order),
      relabelled(v, [1], order),
      relabelled(scalars, [1], order),
      relabelled(edges, [1, 2], order),
    );
    expect(difference(turned, relabelled(y, [1], order))).toBeLessThan(bound);
  });
});

test('a reflection changes what SE(3) gives, not what E(3) gives', () => {
  const mirror = [1, 1, -1];
  const input = graphs(5);
  const error = (group: 'E(3)' | 'SE(3)') => {
    const net = faGnn({ ...small, group });
    const params = net.init(key);
    const mirrored = { ...input, points: input.points.mul(mirror), vectors: input.vectors.map((v) => v.mul(mirror)) };
    return difference(net.apply(params, mirrored), net.apply(params, input).mul(mirror));
  };
  expect(error('E(3)')).toBeLessThan(1e-11);
  expect(error('SE(3)')).toBeGreaterThan(1e-4);
});

test('vectors as results do not shift with the points', () => {
  const net = faGnn({ ...small, output: 'vector' });
  const params = net.init(key);
  const input = graphs(5);
  expect(
    difference(net.apply(params, { ...input, points: input.points.add(5) }), net.apply(params, input)),
  ).toBeLessThan(1e-10);
});

test.each([0, Number.NaN])('a batch padded with %d gives what each graph gives alone', (value) => {
  const net = faGnn(small);
  const params = net.init(key);
  const inputs = [5, 3].map((n) => graphs(n, 1));
  const padTo = (x: Tensor, axes: number) =>
    x.pad(
      x.shape.map((extent, i): [number, number] => [0, i >= 1 && i <= axes ? 5 - extent : 0]),
      { value },
    );
  const batched = (part: (input: (typeof inputs)[0]) => Tensor, axes: number) =>
    stack(inputs.map((input) => padTo(part(input), axes).at(0)));
  const batch = {
    points: batched(({ points }) => points, 1),
    vectors: [batched(({ vectors }) => vectors[0], 1)],
    edges: batched(({ edges }) => edges, 2),
  };
  const mask = [
    [1, 1, 1, 1, 1],
    [1, 1, 1, 0, 0],
  ];
  const y = net.apply(params, batch, { mask });
  inputs.forEach((input, i) => {
    const n = input.points.shape[1];
    expect(difference(y.at(i).slice([0, n]), net.apply(params, input).at(0))).toBeLessThan(1e-11);
    expect(y.at(i).slice([n, null]).abs().sum().item()).toBe(0);
  });
  const gradient = grad((points: Tensor) =>
    net
      .apply(params, { ...batch, points }, { mask })
      .square()
      .sum(),
  )(batch.points);
  expect(gradient.at(1).slice([3, null]).abs().sum().item()).toBe(0);
});

test('what is given from a node to itself reaches neither value nor derivative', () => {
  const net = faGnn(small);
  const params = net.init(key);
  const input = graphs(4);
  const loops = eye(4, { dtype: 'f64' }).greater(0).expandDims(-1);
  const loss = (p: typeof params, edges: Tensor) =>
    net
      .apply(p, { ...input, edges })
      .square()
      .sum();
  const clear = grad(loss)(params, where(loops, 0, input.edges));
  const filled = grad(loss)(params, where(loops, Number.NaN, input.edges));
  tree.leaves<Tensor>(filled).forEach((leaf, i) => {
    expect(difference(leaf, tree.leaves<Tensor>(clear)[i])).toBe(0);
  });
});

test('NaN is named by the part that has it', () => {
  const net = faGnn({ ...small, scalars: 1 });
  const params = net.init(key);
  const input = { ...graphs(4), scalars: normals(9, [3, 4, 1]) };
  const nan = (x: Tensor) => x.mul(Number.NaN);
  for (const [part, name] of [
    [{ points: nan(input.points) }, 'points'],
    [{ vectors: input.vectors.map(nan) }, 'vectors\\[0\\]'],
    [{ scalars: nan(input.scalars) }, 'scalars'],
    [{ edges: nan(input.edges) }, 'edges'],
  ] as const) {
    const run = () => net.apply(params, { ...input, ...part });
    expect(run).toThrow(NonFiniteInputError);
    expect(run).toThrow(new RegExp(`finite numbers in ${name}, got NaN`));
  }
});

test('coincident nodes: value and derivatives are finite', () => {
  const net = faGnn({ ...small, vectors: 0, edges: 0 });
  const params = net.init(key);
  const points = tensor(
    [
      [
        [0, 0, 0],
        [0, 0, 0],
        [1, 2, 0],
        [0, 1, 3],
      ],
    ],
    { dtype: 'f64' },
  );
  const loss = (p: typeof params, x: Tensor) => net.apply(p, { points: x }).sum();
  const gradients = grad(loss, { argnums: [0, 1] })(params, points);
  for (const leaf of tree.leaves(gradients)) expect(Number.isFinite((leaf as Tensor).abs().sum().item())).toBe(true);
  const [two] = [
    tensor(
      [
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
      ],
      { dtype: 'f64' },
    ),
  ];
  expect(() => net.apply(params, { points: two })).toThrow(DegenerateSpectrumError);
  const any = faGnn({ ...small, vectors: 0, edges: 0, degenerate: 'randomBasis' });
  const derivative = grad((x: Tensor) => any.apply(params, { points: x }, { key }).square().sum())(two);
  expect(Number.isFinite(derivative.abs().sum().item())).toBe(true);
});

test('sampled frames: one draw for each graph and framing, the same for the same key', () => {
  const net = faGnn({ ...small, frames: 'sampled' });
  const params = net.init(key);
  const input = graphs(5);
  const once = net.apply(params, input, { key });
  expect(difference(net.apply(params, input, { key }), once)).toBe(0);
  expect(difference(net.apply(params, input, { key: random.key(9) }), once)).toBeGreaterThan(1e-6);
  expect(() => net.apply(params, input)).toThrow(/no key was given/);
  expect(net.apply(params, input, { frames: 'full' }).shape).toEqual([3, 5, 3]);
});

test('compiled and eager agree; derivatives with moving frames agree with differences', () => {
  const net = faGnn({ ...small, detach: false });
  const params = net.init(key);
  const input = graphs(4);
  const run = (p: typeof params, points: Tensor) => net.apply(p, { ...input, points });
  expect(difference(jit(run)(params, input.points), run(params, input.points))).toBeLessThan(1e-12);
  const v = normals(7, [3, 4, 3]);
  const loss = (x: Tensor) => run(params, x).sin().sum();
  const slope = grad(loss)(input.points).mul(v).sum().item();
  expect(slope / differences((t) => [loss(input.points.add(v.mul(t))).item()])[0]).toBeCloseTo(1, 5);
});

test('on simulated charges: equivariant within 1e-10 in f64', (context) => {
  if (!hasData('nbody', 'nbody_small_test_2000x50.f32')) return context.skip(noDataReason);
  const bytes = readFileSync(dataPath('nbody', 'nbody_small_test_2000x50.f32'));
  const rows = tensor(new Float32Array(bytes.buffer, bytes.byteOffset, 200 * 50))
    .astype('f64')
    .reshape([200, 50]);
  const charges = rows.slice('...', [0, 5]);
  const [points, velocities] = [
    rows.slice('...', [5, 20]).reshape([200, 5, 3]),
    rows.slice('...', [20, 35]).reshape([200, 5, 3]),
  ];
  const edges = charges.expandDims(-1).mul(charges.expandDims(-2)).expandDims(-1);
  const net = faGnn({ group: 'E(3)', vectors: 1, edges: 1, dtype: 'f64' });
  const params = net.init(key);
  const run = jit((x: Tensor, v: Tensor) => net.apply(params, { points: x, vectors: [v], edges }));
  const g = randomIsometry('E(3)', key);
  const error = run(movedBy(g, points, 'point'), movedBy(g, velocities, 'vector')).sub(
    movedBy(g, run(points, velocities), 'point'),
  );
  expect(error.abs().max().item()).toBeLessThan(1e-10);
});

test('one graph without a batch, several batch axes, and an empty batch', () => {
  const net = faGnn(small);
  const params = net.init(key);
  const { points, vectors, edges } = graphs(5, 4);
  const all = net.apply(params, { points, vectors, edges });
  const one = net.apply(params, { points: points.at(1), vectors: [vectors[0].at(1)], edges: edges.at(1) });
  expect(difference(one, all.at(1))).toBeLessThan(1e-12);
  const folded = (x: Tensor) => x.reshape([2, 2, ...x.shape.slice(1)]);
  const several = net.apply(params, { points: folded(points), vectors: vectors.map(folded), edges: folded(edges) });
  expect(difference(several, folded(all))).toBeLessThan(1e-12);
  const none = (x: Tensor) => x.slice([0, 0]);
  expect(net.apply(params, { points: none(points), vectors: vectors.map(none), edges: none(edges) }).shape).toEqual([
    0, 5, 3,
  ]);
});

describe('bad calls are named', () => {
  const net = faGnn(small);
  const params = net.init(key);
  const input = graphs(4);
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
  const loose = net as any;
  test.each([
    ['a misspelt option', { widths: 12 }, /Did you mean width\?/],
    ['a width that does not divide', { width: 10 }, /expected a width that 3 divides, got 10/],
    ['a group that fixes the origin', { group: 'O(3)' }, /expected the group E\(d\) or SE\(d\), got O\(3\)/],
    ['no layers', { layers: 0 }, /layers must be a whole number of at least 1/],
    ['another result', { output: 'scalar' }, /output must be 'point' or 'vector'/],
    ['another policy', { degenerate: 'ignore' }, /got ignore/],
  ])('%s', (_what, wrong, message) => {
    const run = () => faGnn({ ...small, ...wrong } as unknown as FaGnnOptions);
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  });
  test('inputs and parameters', () => {
    expect(() => loose.apply(params, { ...input, vectors: [] })).toThrow(/expected 1 vectors, got 0/);
    expect(() => loose.apply(params, { points: input.points, vectors: input.vectors })).toThrow(
      /expected edges as a tensor/,
    );
    expect(() => loose.apply(params, { ...input, scalars: input.points })).toThrow(/the option scalars is 0/);
    expect(() => loose.apply(params, { ...input, point: 1 })).toThrow(/Did you mean points\?/);
    expect(() => loose.apply(params, { ...input, edges: normals(0, [3, 4, 4, 2]) })).toThrow(LayerShapeError);
    expect(() => loose.apply(params, { ...input, points: normals(0, [3, 4, 2]) })).toThrow(LayerShapeError);
    expect(() => loose.apply({ ...params, layers: [] }, input)).toThrow(/layers \[3\], output }, got 0 layers/);
  });
});
