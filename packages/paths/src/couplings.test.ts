import { jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  assignment,
  type Coupling,
  condOTScheduler,
  givenCoupling,
  independentCoupling,
  NonFinitePointError,
  PathShapeError,
  partialTransport,
  planCoupling,
  samplePlan,
  sinkhorn,
  TransportError,
  transportCoupling,
  unbalancedSinkhorn,
} from './index.ts';
import { f64, gap, normals, numbers } from './testing/draws.ts';

const column = (values: readonly number[]): Tensor =>
  tensor(
    values.map((x) => [x]),
    f64,
  );
const F = Number.POSITIVE_INFINITY;

describe('assignment', () => {
  const allOrders = (n: number): number[][] =>
    n === 0
      ? [[]]
      : allOrders(n - 1).flatMap((order) =>
          Array.from({ length: n }, (_, at) => [...order.slice(0, at), n - 1, ...order.slice(at)]),
        );

  test.each([F, 1e32])('forbidden entries of %s are avoided', (forbidden) => {
    const cost = [
      [1, forbidden, forbidden, 2],
      [forbidden, 3, forbidden, 1],
      [5, forbidden, 2, forbidden],
      [forbidden, 2, 4, forbidden],
    ];
    expect(assignment(cost)).toEqual({ columns: Int32Array.of(0, 3, 2, 1), cost: 6 });
  });

  test('is the best of all orders, for any shape, with forbidden pairs', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.oneof(fc.integer({ min: -5, max: 20 }), fc.constant(F)), { minLength: 25, maxLength: 25 }),
        (n, m, values) => {
          const at = (i: number, j: number): number => values[i * 5 + j];
          const [small, large] = [Math.min(n, m), Math.max(n, m)];
          const costs = allOrders(large).map((order) =>
            order.slice(0, small).reduce((sum, j, i) => sum + (n <= m ? at(i, j) : at(j, i)), 0),
          );
          const best = Math.min(...costs);
          const cost = tensor(
            Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => at(i, j))),
            f64,
          );
          if (best === F) {
            expect(() => assignment(cost)).toThrow(TransportError);
            return;
          }
          const found = assignment(cost);
          expect(found.cost).toBe(best);
          const used = Array.from(found.columns).filter((j) => j >= 0);
          expect(new Set(used).size).toBe(small);
          expect(used.length).toBe(small);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a batch of 256 in the plane is solved, and no swap of two pairs improves it', () => {
    const [x, y] = [normals(0, [256, 2]), normals(1, [256, 2])];
    const { plan, index0, index1 } = transportCoupling().pair({ x0: x, x1: y });
    expect(gap(plan!.sum({ axis: 0 }), 1 / 256) + gap(plan!.sum({ axis: 1 }), 1 / 256)).toBeLessThan(1e-15);
    const [from, to] = [x.gather(index0), y.gather(index1)];
    const cost = from.expandDims(1).sub(to).square().sum({ axis: 2 });
    const own = cost.diagonal();
    const swapped = cost.add(cost.T).sub(own).sub(own.expandDims(1));
    expect(swapped.min().item()).toBeGreaterThan(-1e-9);
  });

  test('one row, and errors', () => {
    expect(assignment([[3]])).toEqual({ columns: Int32Array.of(0), cost: 3 });
    expect(() => assignment([[1, Number.NaN]])).toThrow(/got NaN in row 0, column 1/);
    expect(() => assignment([1, 2])).toThrow(/shape \[rows, columns\]/);
    expect(() => jit((c: Tensor) => tensor(assignment(c).cost))(tensor([[1]]))).toThrow(/inside a trace/);
  });
});

describe('Sinkhorn', () => {
  test('meets both marginals, and tends to the exact plan as the entropy leaves', () => {
    const cost = tensor(
      [3, -1, 0.5].map((x) => [0, 2, 7].map((y) => (x - y) ** 2)),
      f64,
    );
    const { plan, converged, error } = sinkhorn(cost, { regularization: 0.01 });
    expect([converged, error < 1e-9]).toEqual([true, true]);
    expect(gap(plan.sum({ axis: 0 }), 1 / 3)).toBeLessThan(1e-9);
    expect(gap(plan.sum({ axis: 1 }), 1 / 3)).toBeLessThan(1e-9);
    const exact = tensor(
      [
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 0],
      ],
      f64,
    ).div(3);
    expect(gap(plan, exact)).toBeLessThan(1e-9);
    expect(
      sinkhorn(cost, { regularization: 1e4 })
        .plan.sub(1 / 9)
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-3);
  });

  test('of two points has the closed form', () => {
    // P = [[p, 1/2 - p], [1/2 - p, p]] with (p / (1/2 - p))² = exp(2 c / ε).
    const [c, epsilon] = [1, 0.7];
    const ratio = Math.exp(c / epsilon);
    const p = ratio / (1 + ratio) / 2;
    const { plan, cost } = sinkhorn(
      [
        [0, c],
        [c, 0],
      ],
      { regularization: epsilon },
    );
    expect(plan.slice(0, 0).item()).toBeCloseTo(p, 9);
    expect(cost).toBeCloseTo(2 * c * (0.5 - p), 9);
  });

  test('sums that differ by f32 rounding are one mass; other sums are an error, never a plan of zeros', () => {
    const a = tensor(new Float32Array(5).fill(1 / 5));
    const b = tensor(new Float32Array(960).fill(1 / 960));
    const { plan } = sinkhorn(normals(0, [5, 960]).abs(), { regularization: 0.05, a, b });
    expect(plan.sum().item()).toBeCloseTo(1, 6);
    const wrong = { regularization: 0.1, a: [0.5, 0.5], b: [0.2, 0.9] };
    expect(() =>
      sinkhorn(
        [
          [0, 1],
          [1, 0],
        ],
        wrong,
      ),
    ).toThrow(TransportError);
    expect(() =>
      sinkhorn(
        [
          [0, 1],
          [1, 0],
        ],
        wrong,
      ),
    ).toThrow(/equal sums of a and b, got 1 and 1.1/);
  });

  test('pairs forbidden by Infinity or by a huge cost have no mass, and the others their plan', () => {
    const cost = (forbidden: number): number[][] => [
      [1, forbidden, 2],
      [forbidden, 1.5, 1],
      [2, 1, forbidden],
    ];
    const plans = [F, 1e32, 1e15].map((forbidden) => sinkhorn(cost(forbidden), { regularization: 0.2 }).plan);
    for (const plan of plans) {
      expect(gap(plan, plans[0])).toBeLessThan(1e-9);
      expect(plan.diagonal().sum().item() + plan.slice(1, 2).item()).toBeGreaterThan(0.5);
      expect([plan.slice(0, 1).item(), plan.slice(1, 0).item(), plan.slice(2, 2).item()]).toEqual([0, 0, 0]);
    }
  });

  test('unbalanced: the same plan to digits that underflow in plain iterations', () => {
    const { plan } = unbalancedSinkhorn(
      [
        [0, 1],
        [1, 0],
      ],
      {
        regularization: 0.01,
        marginalPenalty: 100,
        a: [0.3, 0.7],
        b: [0.7, 0.3],
      },
    );
    const [[first, tiny], [moved, last]] = plan.toArray() as number[][];
    expect(first).toBeCloseTo(0.301525902, 8);
    expect(moved).toBeCloseTo(0.3950151811, 8);
    expect(last).toBeCloseTo(0.301525902, 8);
    expect(tiny).toBeGreaterThan(1e-89);
    expect(tiny).toBeLessThan(1e-87);
  });

  test('unbalanced: a large penalty is the balanced plan, soon; tiny regularizations end at their rounding', () => {
    const masses = { a: [0.3, 0.7], b: [0.7, 0.3], regularization: 0.1 };
    const cost = [
      [0, 1],
      [1, 0],
    ];
    const strict = unbalancedSinkhorn(cost, { ...masses, marginalPenalty: 1e6 });
    expect(gap(strict.plan, sinkhorn(cost, masses).plan)).toBeLessThan(1e-5);
    expect(strict.iterations).toBeLessThan(1000);
    const sharp = sinkhorn(cost, { ...masses, regularization: 1e-8 }).plan;
    expect(
      gap(
        sharp,
        tensor(
          [
            [0.3, 0],
            [0.4, 0.3],
          ],
          f64,
        ),
      ),
    ).toBeLessThan(1e-6);
  });

  test('unbalanced: masses of other sums are allowed, and zero mass stays zero', () => {
    const { plan } = unbalancedSinkhorn(
      [
        [0, 1],
        [1, 0],
        [2, 2],
      ],
      {
        regularization: 0.1,
        marginalPenalty: 1,
        a: [0.5, 0.5, 0],
        b: [2, 1],
      },
    );
    expect(plan.slice(2).sum().item()).toBe(0);
    expect(plan.isFinite().all().item()).toBe(1);
  });

  test('partial: exactly the mass asked for, where it is cheap', () => {
    const cost = [
      [0, 1],
      [1, 0],
    ];
    const half = { a: [0.5, 0.5], b: [0.5, 0.5] };
    const { plan } = partialTransport(cost, { ...half, mass: 0.01, regularization: 1e-4 });
    expect(plan.sum().item()).toBeCloseTo(0.01, 12);
    expect(plan.slice(0, 0).item()).toBeCloseTo(0.005, 12);
    expect(plan.slice(1, 1).item()).toBeCloseTo(0.005, 12);
    // With all the mass it is the balanced plan.
    const full = partialTransport(cost, { ...half, mass: 1, regularization: 0.5 }).plan;
    expect(gap(full, sinkhorn(cost, { ...half, regularization: 0.5 }).plan)).toBeLessThan(1e-8);
    const uneven = partialTransport(
      [
        [0, 1, 4],
        [1, 0, 1],
      ],
      { mass: 0.7, regularization: 0.3, b: [0.2, 0.2, 0.6] },
    ).plan;
    expect(uneven.sum().item()).toBeCloseTo(0.7, 8);
    expect(uneven.sum({ axis: 1 }).max().item()).toBeLessThan(0.5 + 1e-8);
    expect(() => partialTransport(cost, { ...half, mass: 1.2, regularization: 1 })).toThrow(/at most 1, .* got 1.2/);
  });

  test('what does not converge says so', () => {
    const cost = normals(1, [20, 20]).abs();
    const short = { regularization: 1e-3, maxIterations: 3 };
    expect(() => sinkhorn(cost, short)).toThrow(/leave an error of .* Raise maxIterations/);
    expect(sinkhorn(cost, { ...short, throw: false }).converged).toBe(false);
    expect(() => sinkhorn(cost, { regularization: 0 })).toThrow(/regularization must be a finite number/);
    expect(() => sinkhorn(cost, { regularisation: 1 } as never)).toThrow(/Did you mean regularization/);
    expect(() =>
      sinkhorn(
        [
          [F, F],
          [1, 1],
        ],
        { regularization: 1 },
      ),
    ).toThrow(/a row with mass has no allowed pair/);
  });
});

describe('pairs', () => {
  const x0 = column([3, -1, 0.5]);
  const x1 = column([0, 2, 7]);

  test('exact transport on a line sorts both sides; labels and conditions travel', () => {
    const pairs = transportCoupling().pair({
      x0,
      x1,
      source: { age: [30, 10, 5] },
      data: {
        label: tensor([0, 2, 7], { dtype: 'i32' }),
        condition: [
          [0, 1],
          [2, 3],
          [7, 8],
        ],
      },
    });
    const found = numbers(pairs.x0).map((x, i) => [x, numbers(pairs.x1)[i]]);
    expect(found.sort((a, b) => a[0] - b[0])).toEqual([
      [-1, 0],
      [0.5, 2],
      [3, 7],
    ]);
    expect(pairs.cost).toBeCloseTo(19.25 / 3, 12);
    expect(numbers(pairs.data.label)).toEqual(numbers(pairs.x1));
    expect(pairs.data.label.dtype).toBe('i32');
    expect(numbers(pairs.data.condition.slice('...', 0))).toEqual(numbers(pairs.x1));
    expect(numbers(pairs.source.age)).toEqual(numbers(pairs.x0).map((x) => ({ 3: 30, '-1': 10, 0.5: 5 })[x]));
    const sample = affinePath(condOTScheduler()).sample({ ...pairs.data, x0: pairs.x0, x1: pairs.x1, t: 0.5 });
    expect(sample.label.shape).toEqual([3]);
  });

  test('draws from an exact plan repeat no row, those with replacement would', () => {
    const { plan } = transportCoupling().pair({ x0: normals(0, [6, 1]), x1: normals(1, [6, 1]) });
    const { index0, index1 } = samplePlan(plan!, { key: random.key(0) });
    expect(new Set(numbers(index0)).size).toBe(6);
    expect(new Set(numbers(index1)).size).toBe(6);
  });

  test('draws from a plan have its frequencies', () => {
    const plan = [
      [0.1, 0],
      [0.25, 0.65],
    ];
    const { index0, index1 } = samplePlan(plan, { key: random.key(1), count: 1000 });
    const cells = numbers(index0.mul(2).add(index1));
    expect([0, 1, 2, 3].map((cell) => cells.filter((value) => value === cell).length)).toEqual([100, 0, 250, 650]);
    const pairs = planCoupling(plan).pair({ x0: [[1], [2]], x1: [[5], [6]], key: random.key(2) });
    expect(pairs.x0.shape).toEqual([2, 1]);
    expect(gap(pairs.plan!, tensor(plan, f64))).toBe(0);
  });

  test('within a class, pairs have one class, and the source of each class is that of its own rows', () => {
    const label = Array.from({ length: 40 }, (_, i) => i % 4);
    const data = normals(2, [40, 2]).add(
      tensor(
        label.map((c) => [5 * c, 0]),
        f64,
      ),
    );
    const source = normals(3, [40, 2]);
    const pairs = transportCoupling({ within: 'label' }).pair({ x0: source, x1: data, data: { label } });
    const own = numbers(pairs.index0).map((row) => label[row]);
    expect(own).toEqual(numbers(pairs.data.label));
    const free = transportCoupling().pair({ x0: source, x1: data, data: { label } });
    expect(free.cost!).toBeLessThan(pairs.cost!);
    expect(pairs.cost!).toBeLessThan(
      independentCoupling().pair({ x0: source, x1: data }).x0.sub(data).square().sum({ axis: 1 }).mean().item(),
    );
  });

  test('near a condition, its weight moves pairs from free transport to the rows themselves', () => {
    const condition = tensor(
      Array.from({ length: 20 }, (_, i) => i / 20),
      f64,
    );
    const input = { x0: normals(4, [20, 1]), x1: normals(5, [20, 1]), data: { condition } };
    const distance = (weight: number): number => {
      const pairs = transportCoupling({ near: { field: 'condition', weight } }).pair(input);
      return condition.gather(pairs.index0).sub(pairs.data.condition).abs().mean().item();
    };
    expect(distance(0)).toBeGreaterThan(distance(3));
    expect(distance(1e6)).toBe(0);
  });

  test('the entropic methods draw pairs close to those of the exact one, and need a key', () => {
    const input = { x0: normals(6, [30, 2]), x1: normals(7, [30, 2]).add(2), key: random.key(3) };
    const exact = transportCoupling().pair(input).cost!;
    const mean = input.x0.sub(input.x1).square().sum({ axis: 1 }).mean().item();
    for (const method of ['sinkhorn', 'unbalanced'] as const) {
      const coupling = transportCoupling({ method, regularization: 0.01 });
      const pairs = coupling.pair(input);
      expect(pairs.cost!).toBeLessThan((exact + mean) / 2);
      expect(pairs.plan!.shape).toEqual([30, 30]);
      expect(numbers(coupling.pair(input).index0)).toEqual(numbers(pairs.index0));
      expect(() => coupling.pair({ x0, x1 })).toThrow(/Give a key/);
    }
  });

  test('given pairs and independent ones', () => {
    const pairs = givenCoupling([
      [2, 0],
      [2, 1],
    ]).pair({ x0, x1, data: { label: [5, 6, 7] } });
    expect(numbers(pairs.x0)).toEqual([0.5, 0.5]);
    expect(numbers(pairs.data.label)).toEqual([5, 6]);
    const plain = independentCoupling().pair({ x0, x1 });
    expect(numbers(plain.x0)).toEqual([3, -1, 0.5]);
    const drawn = independentCoupling().pair({ x0, x1, key: random.key(4) });
    expect(numbers(drawn.x0).sort()).toEqual(numbers(x0).sort());
    expect(numbers(drawn.x1)).toEqual(numbers(x1));
  });

  test('images are paired by all their pixels', () => {
    const [a, b] = [normals(8, [4, 2, 3]), normals(9, [4, 2, 3])];
    const pairs = transportCoupling().pair({ x0: a, x1: b });
    expect(pairs.x1.shape).toEqual([4, 2, 3]);
    expect(pairs.cost!).toBeCloseTo(
      pairs.x0
        .sub(pairs.x1)
        .square()
        .sum({ axis: [1, 2] })
        .mean()
        .item(),
      10,
    );
  });

  const coupling = transportCoupling();
  test.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    ['rows of another shape', () => coupling.pair({ x0: [[1, 2]], x1: [[1]] }), PathShapeError, /rows of one shape/],
    ['NaN', () => coupling.pair({ x0: [[1]], x1: [[Number.NaN]] }), NonFinitePointError, /x1, got NaN in row 0/],
    [
      'a label too few',
      () => coupling.pair({ x0, x1, data: { label: [1, 2] } }),
      PathShapeError,
      /data\.label .* 3 points/,
    ],
    [
      'a field that is missing',
      () => transportCoupling({ within: 'label' }).pair({ x0, x1 }),
      PathShapeError,
      /data\.label/,
    ],
    ['an unknown method', () => transportCoupling({ method: 'sinkhron' as never }), Error, /Did you mean 'sinkhorn'\?/],
    ['an unknown option', () => transportCoupling({ methods: 'exact' } as never), Error, /Did you mean method\?/],
    [
      'costs of another shape',
      () => transportCoupling({ cost: (a) => a }).pair({ x0, x1 }),
      PathShapeError,
      /costs of shape \[3, 3\]/,
    ],
    [
      'a row that does not exist',
      () => givenCoupling([[0, 3]]).pair({ x0, x1 }),
      TransportError,
      /data rows from 0 to 2, got 3/,
    ],
    ['no pairs', () => givenCoupling([]), Error, /at least one pair/],
    ['uneven sides', () => independentCoupling().pair({ x0, x1: x1.slice([0, 2]) }), TransportError, /got 3 and 2/],
    ['a plan without mass', () => samplePlan([[0, 0]], { key: random.key(0) }), TransportError, /positive sum/],
    [
      'a plan of another shape',
      () => planCoupling([[1]]).pair({ x0, x1, key: random.key(0) }),
      TransportError,
      /shape \[3, 3\]/,
    ],
  ])('%s: a named error', (_what, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });

  test('every coupling has a name', () => {
    const all: Coupling[] = [coupling, independentCoupling(), givenCoupling([[0, 0]]), planCoupling([[1]])];
    expect(all.map(({ name }) => name)).toEqual(['transport(exact)', 'independent', 'given', 'plan']);
  });
});
