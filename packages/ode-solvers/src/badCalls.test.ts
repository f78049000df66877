import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { engineErrors } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import * as own from './index.ts';
import {
  dopri5,
  eulerMaruyama,
  evaluateDense,
  implicitEuler,
  implicitMidpoint,
  kvaerno5,
  odeStepper,
  radauIIA5,
  sdirk2,
  solveOde,
  solveSde,
  trapezoid,
  trBdf2,
  virtualBrownianTree,
} from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });

describe('what a caller gives and gives back', () => {
  const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
  const y0 = f64([1, 2]);
  const loose = (y: unknown, options: object = {}) =>
    solveOde(decay as never, y, { t0: 0, t1: 1, ...options } as never);

  test.each([
    ['undefined', undefined, /expected a state with a tensor in it, got undefined/],
    ['null', null, /got null/],
    ['an empty tree', {}, /got an empty tree/],
    ['a typed array', new Float64Array(2), /expected a state of tensors, got Float64Array\. Make one with tensor/],
    ['a part that is undefined', { a: y0, b: [] as unknown, c: 'x' }, /expected a state of tensors, got String at c/],
  ])('a state that is none: %s', (_what, y, message) => {
    expect(() => loose(y)).toThrow(message);
    expect(() => odeStepper(decay as never, { t0: 0, t1: 1 }).start(y as never)).toThrow(message);
    expect(() =>
      solveSde(decay as never, decay as never, y as never, { t0: 0, t1: 1, steps: 2, noise: random.key(0) }),
    ).toThrow(message);
  });

  test.each([
    ['nothing', () => undefined, /the result of project and the state: trees differ/],
    ['another shape', (y: Tensor) => y.sum(), /project must return a tree like the state; leaf 0 .* \[2\].* \[\]/],
    ['integers', (y: Tensor) => y.astype('i32'), /the result of project: expected a floating state, got i32/],
  ])('a projection that returns %s', (_what, project, message) => {
    for (const options of [{}, { steps: 2 }, { saveAt: { ts: [0.5] } }])
      expect(() => loose(y0, { ...options, project })).toThrow(message);
    const noise = random.key(0);
    expect(() =>
      solveSde(decay as never, decay as never, y0, { t0: 0, t1: 1, steps: 2, noise, project } as never),
    ).toThrow(message);
    expect(() => {
      const stepper = odeStepper(decay as never, { t0: 0, t1: 1, project } as never);
      stepper.step(stepper.start(y0));
    }).toThrow(message);
  });

  test('a projection in another precision keeps that of the state', () => {
    expect((loose(y0, { project: (y: Tensor) => y.astype('f32') }).ys as Tensor).dtype).toBe('f64');
  });

  test('options that say yes or no are booleans, and false is as if left out', () => {
    for (const name of ['throw', 'checkpoint', 'reverseMode', 'derivativeError'])
      expect(() => loose(y0, { [name]: 'no' })).toThrow(`solveOde: ${name} must be true or false, got 'no'`);
    expect(() => loose(y0, { saveAt: { steps: 10 } })).toThrow('solveOde: saveAt: steps must be true or false, got 10');
    const { ys, dense } = loose(y0, { saveAt: { ts: [0.5], steps: false, dense: false } });
    expect([(ys as Tensor).shape, dense]).toEqual([[1, 2], null]);
    expect(() => loose(y0, { saveAt: { ts: [0.5], dense: true } })).toThrow('got ts and dense');
  });

  test.each(Object.entries({ radauIIA5, kvaerno5, sdirk2, trBdf2, trapezoid, implicitEuler, implicitMidpoint }))(
    'a misspelt option of %s is named',
    (name, solver) => {
      expect(() => solver({ independentRow: true } as never)).toThrow(
        new RegExp(`^${name}: .*Did you mean independentRows\\?`),
      );
      expect(() => solver({ independentRows: 1 as never })).toThrow('independentRows must be true or false, got 1');
    },
  );
});

test('gains that are no numbers are named', () => {
  const solve = (controller: object) => () =>
    solveOde((_t, y: Tensor) => y.neg(), f64(1), { t0: 0, t1: 1, controller: controller as never });
  expect(solve({ integral: '1' })).toThrow('controller.integral must be a number, got 1');
  expect(solve({ integral: Number.NaN })).toThrow('must sum to a positive number, got NaN');
});

test('the dense part of a solve without one is asked for by name', () => {
  const { dense } = solveOde((_t, y: Tensor) => y.neg(), f64(1), { t0: 0, t1: 1 });
  expect(() => evaluateDense(dense as never, 0.5)).toThrow(/got null\. Solve with saveAt: \{ dense: true \}/);
  expect(() => evaluateDense({} as never, 0.5)).toThrow(/expected the dense part of a solution, got object/);
});

test('steps by hand take numbers for times', () => {
  const decay = (t: Tensor, y: Tensor): Tensor => y.mul(t).neg();
  for (const dtype of ['f32', 'f64'] as const) {
    const y = tensor([1, 2], { dtype });
    const [t, h] = [0.5, 0.1].map((time) => tensor(time, { dtype }));
    expect(dopri5().step(decay, 0.5, y, 0.1).y.toArray()).toEqual(dopri5().step(decay, t, y, h).y.toArray());
    const noise = { w: tensor([0.2, -0.1], { dtype }) };
    expect(eulerMaruyama().step(decay, decay, 0.5, y, 0.1, noise).toArray()).toEqual(
      eulerMaruyama().step(decay, decay, t, y, h, noise).toArray(),
    );
  }
});

test('an event that says yes or no passes no zero, and is named', () => {
  const solve =
    (when: unknown, more: object = {}) =>
    () =>
      solveOde((_t, y: Tensor) => y.neg(), f64([1, 2]), { t0: 0, t1: 1, events: [{ when, ...more } as never] });
  expect(solve((_t: Tensor, y: Tensor) => y.min().less(0.5))).toThrow(
    /events\[0\]\.when must return a number that passes zero, got a bool/,
  );
  expect(solve((t: Tensor) => t.sub(0.5), { terminal: 'yes' })).toThrow(
    "events[0]: terminal must be true or false, got 'yes'",
  );
  expect(solve((t: Tensor) => t.sub(0.5), { apply: () => undefined })).toThrow(/result of events\[0\]\.apply/);
});

describe('stochastic equations', () => {
  const key = random.key(0);
  const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
  const solve = (options: object, y0 = f64([1, 2])) =>
    solveSde(decay, decay, y0, { t0: 0, t1: 1, steps: 4, noise: key, ...options } as never);

  test('times to save may be a tensor, whose rounding adds no step', () => {
    const listed = solve({ saveAt: { ts: [0.3, 1] } });
    for (const dtype of ['f32', 'f64'] as const) {
      const given = solve({ saveAt: { ts: tensor([0.3, 1], { dtype }) } });
      expect(given.steps.item()).toBe(listed.steps.item());
      expect(given.ys.sub(listed.ys).abs().max().item()).toBeLessThan(1e-6);
    }
    expect(solve({ t1: 0.1, saveAt: { ts: tensor([0.1]) } }).steps.item()).toBe(4);
    expect(() => solve({ saveAt: { ts: tensor([[0.3, 1]]) } })).toThrow('saveAt.ts must be a vector');
    expect(() => solve({ saveAt: { ts: [0.3], steps: true } })).toThrow('solveSde: saveAt takes one of');
  });

  test('a start that is not finite is told from a drift that gives it', () => {
    expect(() => solve({}, f64([1, Number.NaN]))).toThrow(/row 1\. The state that the solve starts from holds NaN/);
    expect(() =>
      solveSde((_t, y: Tensor) => y.neg().log(), decay, f64([1]), { t0: 0, t1: 1, steps: 4, noise: key }),
    ).toThrow(/The right-hand side gave NaN/);
  });

  test('paths of no law are refused', () => {
    const path = (options: object) => () => virtualBrownianTree(key, { t0: 0, t1: 1, shape: [2], ...options });
    expect(
      path({
        covariance: [
          [1, 0.3],
          [-0.7, 1],
        ],
      }),
    ).toThrow(/covariance must be symmetric/);
    expect(
      path({
        covariance: [
          [1, Number.NaN],
          [Number.NaN, 1],
        ],
      }),
    ).toThrow(/covariance must be symmetric and finite/);
    expect(path({ end: tensor([1, 2, 3]) })).toThrow(/end must be a number or have the shape \[2\], got \[3\]/);
    expect(path({ end: Number.NaN })).toThrow(/end must be finite/);
    expect(path({ shape: 3 })).toThrow(/shape must be a list of whole numbers/);
    expect(path({ shape: [-1] })).toThrow(/shape must be a list of whole numbers/);
  });
});

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  expect(await engineErrors(own)).toEqual([]);
});
