import { grad, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { engineErrors } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import * as own from './index.ts';

import {
  affinePath,
  brownianGamma,
  changeSchedule,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  convert,
  dataPredictionLoss,
  discreteVelocity,
  generalizedKLLoss,
  geodesicPath,
  givenCoupling,
  independentCoupling,
  interpolantNoiseLoss,
  interpolantPath,
  linearVPScheduler,
  mixturePath,
  NonFinitePointError,
  noisePredictionLoss,
  planCoupling,
  sampleTimes,
  TokenError,
  tokenCrossEntropyLoss,
  transportCoupling,
  veScheduler,
  vpScheduler,
} from './index.ts';

const key = random.key(0);
const path = affinePath(condOTScheduler());
const x0 = tensor([
  [1, 2],
  [3, 4],
]);
const x1 = tensor([
  [0, 1],
  [1, 0],
]);
const t = tensor([0.2, 0.8]);
const tokens = (rows: number[][]): Tensor => tensor(rows, { dtype: 'i32' });

describe('what a function of the caller returns', () => {
  const draws = { x0: tokens([[1, 0]]), x1: tokens([[0, 1]]), t: 0.5, key };
  const losses: [string, (returned: () => never) => unknown][] = [
    ['conditionalFlowMatchingLoss', (velocity) => conditionalFlowMatchingLoss({ velocity, path }, x0, x1, t)],
    ['dataPredictionLoss', (predict) => dataPredictionLoss({ predict, path }, x0, x1, t)],
    ['noisePredictionLoss', (predict) => noisePredictionLoss({ predict, path }, x0, x1, t)],
    [
      'interpolantNoiseLoss',
      (predict) => interpolantNoiseLoss({ predict, path: interpolantPath() }, x0, x1, t, { key }),
    ],
    ['tokenCrossEntropyLoss', (logits) => tokenCrossEntropyLoss({ logits, path: mixturePath() }, draws)],
    ['generalizedKLLoss', (logits) => generalizedKLLoss({ logits, path: mixturePath() }, draws)],
    [
      'changeSchedule',
      (velocity) => changeSchedule(velocity, { from: condOTScheduler(), to: linearVPScheduler() })(x0, t),
    ],
  ];
  test.each(losses)('%s names what is no tensor, and another shape', (name, loss) => {
    const returning = (value: unknown) => () => loss(() => value as never);
    expect(returning(undefined)).toThrow(new RegExp(`${name}.*as a tensor, got undefined`));
    expect(returning(0)).toThrow(/got number/);
    expect(returning([[0, 0]])).toThrow(/got an array/);
    expect(returning(Promise.resolve(x0))).toThrow(/got a promise/);
    expect(returning(x0.slice(0))).toThrow(/of (the )?shape/);
  });

  test('weights are one number, or one for each time', () => {
    const loss = (weighting: () => unknown) =>
      dataPredictionLoss(
        { predict: (x) => x, path, weighting: weighting as () => Tensor, reduction: 'none' },
        x0,
        x1,
        t,
      );
    const plain = loss(() => t.mul(0).add(1));
    expect(
      loss(() => 2)
        .div(plain)
        .toArray(),
    ).toEqual([2, 2]);
    expect(
      loss(() => tensor(2))
        .div(plain)
        .toArray(),
    ).toEqual([2, 2]);
    // They would broadcast to a loss of other rows.
    expect(() => loss(() => t.reshape([2, 1]))).toThrow('expected weights of the shape of t [2], got [2, 1]');
    expect(() => loss(() => undefined)).toThrow('expected weights as a tensor, got undefined');
    const largest = (largestWeight: number) => () =>
      dataPredictionLoss({ predict: (x) => x, path, largestWeight }, x0, x1, t);
    expect(largest(Number.NaN)).toThrow('largestWeight must be');
    expect(largest(Number.POSITIVE_INFINITY)).not.toThrow();
  });

  test('times of a distribution', () => {
    const draw = (distribution: () => unknown) => () => sampleTimes(key, 3, { distribution: distribution as never });
    expect(draw(() => undefined)).toThrow('sampleTimes: expected times as a tensor, got undefined');
    expect(draw(() => 0.5)).toThrow('got number');
  });

  test('costs of pairs', () => {
    const pairs = transportCoupling({ cost: (() => undefined) as never });
    expect(() => pairs.pair({ x0, x1 })).toThrow('transportCoupling: expected costs as a tensor, got undefined');
  });
});

describe('names', () => {
  test.each(Object.entries({ condOTScheduler, vpScheduler, veScheduler }))(
    '%s names a misspelt option',
    (name, make) => {
      expect(() => make({ sigma_min: 0.1, betamin: 0.1 } as never)).toThrow(new RegExp(`^${name}: expected options`));
      expect(() => make(0.1 as never)).toThrow(new RegExp(`^${name}: expected options .* got 0\\.1`));
    },
  );

  const flat = { exp: (x: Tensor) => x, log: (x: Tensor) => x } as never;
  test.each([
    ['affinePath', path],
    ['geodesicPath', geodesicPath(flat)],
    ['interpolantPath', interpolantPath()],
    ['mixturePath', mixturePath()],
  ])('%s without an input to sample', (name, made) => {
    expect(() => made.sample(undefined as never)).toThrow(
      new RegExp(`^${name}.*expected x0, x1 and t .*got undefined`),
    );
  });

  test.each([
    ['independentCoupling', independentCoupling()],
    ['transportCoupling', transportCoupling()],
    ['givenCoupling', givenCoupling([[0, 0]])],
    ['planCoupling', planCoupling([[1]])],
  ])('%s: fields outside source and data would stay behind', (name, coupling) => {
    expect(() => coupling.pair({ x0, x1, labels: [0, 1] } as never)).toThrow(
      `${name}.pair: expected options { x0, x1, key, source, data }, got one named labels`,
    );
    expect(() => coupling.pair(undefined as never)).toThrow(`${name}.pair: expected options`);
  });

  test('near without its field', () => {
    expect(() => transportCoupling({ near: { name: 'y', weight: 1 } as never })).toThrow(
      'transportCoupling: near: expected options { field, weight }, got one named name',
    );
  });

  test('noise of another shape, or not finite, is called noise', () => {
    const sample = (noise: unknown) => () => interpolantPath().sample({ x0, x1, t, noise: noise as Tensor });
    expect(sample([1, 2])).toThrow('expected noise of the shape of x1 [2, 2], got [2]');
    expect(sample(x0.mul(Number.NaN))).toThrow('expected finite noise');
  });
});

test('NaN in what is converted is named, with its row', () => {
  const bad = tensor([
    [1, 2],
    [Number.NaN, 1],
  ]);
  const scheduler = condOTScheduler();
  expect(() => convert(scheduler, bad, { from: 'data', to: 'velocity', xt: x0, t })).toThrow(
    'convert from data to velocity: expected finite predictions, got NaN in row 1',
  );
  expect(() => convert(scheduler, x0, { from: 'data', to: 'velocity', xt: bad, t })).toThrow(NonFinitePointError);
});

describe('tokens', () => {
  const impossible = Number.NEGATIVE_INFINITY;

  test('a token that is already right costs 1 - p even where p is 0; elsewhere the loss is infinite', () => {
    const losses = (logits: number[]) =>
      generalizedKLLoss(
        {
          logits: () => tensor([[logits, logits]]),
          path: mixturePath(),
          reduction: 'none',
        },
        { x0: tokens([[0, 0]]), x1: tokens([[0, 0]]), t: 0.5, key },
      ).toArray();
    // κ'/(1-κ) = 2 at t = 1/2.
    expect(losses([impossible, 0, 0])).toEqual([2]);
    expect(losses([0, impossible, impossible])).toEqual([0]);
    const missed = generalizedKLLoss(
      { logits: () => tensor([[[impossible, 0, 0]]]), path: mixturePath() },
      { x0: tokens([[1]]), x1: tokens([[0]]), t: 0, key },
    );
    expect(missed.item()).toBe(Number.POSITIVE_INFINITY);
  });

  test('its gradient is finite beside tokens that are impossible', () => {
    const logits = tensor([[[0.5, -0.2, impossible]]]);
    const input = { x0: tokens([[2]]), x1: tokens([[0]]), t: 0, key };
    for (const loss of [generalizedKLLoss, tokenCrossEntropyLoss]) {
      const slope = grad((given: Tensor) => loss({ logits: () => given, path: mixturePath() }, input))(logits);
      expect(slope.isFinite().all().item()).toBe(1);
      const p = 1 / (1 + Math.exp(-0.7));
      expect(slope.toArray()).toEqual([[[expect.closeTo(p - 1, 6), expect.closeTo(1 - p, 6), 0]]]);
    }
  });

  test('rates at a token outside the vocabulary', () => {
    const logits = tensor([[[0, 0, 0]]]);
    expect(() => discreteVelocity(condOTScheduler(), logits, { xt: tokens([[3]]), t: 0.5 })).toThrow(TokenError);
  });
});

test.each(['f32', 'f64'] as const)('coefficients have their slopes as derivatives at both ends, too: %s', (dtype) => {
  for (const scheduler of [vpScheduler(), linearVPScheduler()]) {
    for (const at of [0, 0.3, 1]) {
      const time = tensor(at, { dtype });
      const slope = grad((now: Tensor) => scheduler.sigma(now))(time).item();
      expect(slope / scheduler.dSigma(time).item() || 1).toBeCloseTo(1, 2);
      expect(Number.isFinite(grad((now: Tensor) => scheduler.dSigma(now))(time).item())).toBe(true);
    }
  }
  for (const at of [0, 1])
    expect(Number.isFinite(grad((now: Tensor) => brownianGamma().gamma(now))(tensor(at, { dtype })).item())).toBe(true);
});

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  expect(await engineErrors(own)).toEqual([]);
});
