import { grad, random, softmax, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  cosineScheduler,
  discreteVelocity,
  generalizedKLLoss,
  maskSource,
  mixturePath,
  PathShapeError,
  polynomialScheduler,
  SchedulerError,
  SingularConversionError,
  TimeRangeError,
  TokenError,
  tokenCrossEntropyLoss,
  uniformSource,
} from './index.ts';
import { f64, gap, normals, numbers } from './testing/draws.ts';

const key = random.key(0);
const tokens = (seed: number, shape: readonly number[], vocabulary = 5): Tensor =>
  random.randint(random.key(seed), shape, 0, vocabulary);

describe('the mixture path', () => {
  test.each([1, 2])('holds a token of the data with probability t^%i', (n) => {
    const path = mixturePath(polynomialScheduler(n));
    const t = tensor([0, 0.3, 0.8, 1]);
    const shape = [4, 20000];
    const { xt } = path.sample({ x0: tokens(1, shape).mul(0), x1: tokens(1, shape).mul(0).add(1), t, key });
    const share = numbers(xt.astype('f64').mean({ axis: 1 }));
    expect([share[0], share[3]]).toEqual([0, 1]);
    for (const [i, kappa] of [
      [1, 0.3 ** n],
      [2, 0.8 ** n],
    ]) {
      expect(Math.abs(share[i] - kappa)).toBeLessThan(4 * Math.sqrt((kappa * (1 - kappa)) / 20000));
    }
  });

  test('keeps integers, carries labels, and repeats by key', () => {
    const input = { x0: [[0, 0, 0]], x1: [[1, 2, 3]], t: 0.5, key, label: 'cat' };
    const sample = mixturePath().sample(input);
    expect([sample.xt.dtype, sample.label, 'key' in sample]).toEqual(['i32', 'cat', false]);
    expect(numbers(sample.xt)).toEqual(numbers(mixturePath().sample(input).xt));
  });

  test('sources', () => {
    expect(numbers(maskSource(6).sample(key, [2]))).toEqual([5, 5]);
    expect(numbers(maskSource(3, 0).probabilities)).toEqual([1, 0, 0]);
    const drawn = numbers(uniformSource(3).sample(key, [3000]));
    for (const token of [0, 1, 2]) expect(Math.abs(drawn.filter((x) => x === token).length - 1000)).toBeLessThan(110);
    expect(uniformSource(4).probabilities.sum().item()).toBe(1);
  });
});

describe('the losses', () => {
  const path = mixturePath(polynomialScheduler(2));
  const [x0, x1] = [tokens(2, [4, 7]), tokens(3, [4, 7])];
  const t = tensor([0.1, 0.4, 0.6, 0.9]);
  const scores = normals(4, [4, 7, 5]);
  const call = { logits: () => scores, path };
  const input = { x0, x1, t, key };

  test('cross-entropy is -ln p(x1), per token', () => {
    const p = softmax(scores, { axis: -1 });
    const rows = numbers(x1).map((token, i) => -Math.log(p.reshape([28, 5]).slice(i, token).item()));
    expect(tokenCrossEntropyLoss(call, input).item()).toBeCloseTo(rows.reduce((a, b) => a + b) / 28, 10);
    expect(tokenCrossEntropyLoss({ ...call, reduction: 'none' }, input).shape).toEqual([4]);
  });

  test('the generalised KL is Σ u ln(u/v) - u + v over the jumps, and 0 for certain knowledge', () => {
    const { xt } = path.sample(input);
    const p = softmax(scores, { axis: -1 }).toArray() as number[][][];
    const [at, to] = [xt.toArray() as number[][], x1.toArray() as number[][]];
    let total = 0;
    numbers(t).forEach((time, i) => {
      const rate = (2 * time) / (1 - time ** 2);
      for (let j = 0; j < 7; j++) {
        for (let y = 0; y < 5; y++) {
          if (y === at[i][j]) continue;
          const u = y === to[i][j] ? rate : 0;
          const v = rate * p[i][j][y];
          total += (u > 0 ? u * Math.log(u / v) : 0) - u + v;
        }
      }
    });
    expect(generalizedKLLoss(call, input).item()).toBeCloseTo(total / 28, 5);
    const certain = (_xt: Tensor, _t: Tensor, s: { x1: Tensor }): Tensor =>
      s.x1
        .expandDims(-1)
        .equal(tensor([0, 1, 2, 3, 4], { dtype: 'i32' }))
        .astype('f64')
        .mul(200);
    expect(Math.abs(generalizedKLLoss({ logits: certain, path }, input).item())).toBeLessThan(1e-12);
    expect(
      generalizedKLLoss({ ...call, reduction: 'none' }, input)
        .min()
        .item(),
    ).toBeGreaterThan(0);
  });

  test('both are least at the true posterior', () => {
    // One place, tokens 0 and 1, data 1 with probability .8, uniform source, κ = t = .5:
    // p(x1 = 1 | xt = 1) = .8 (.5 + .25) / (.8 (.5 + .25) + .2 · .25), p(x1 = 1 | xt = 0) = .8 · .25 / (.8 · .25 + .2 · .75).
    const count = 40000;
    const data = random.bernoulli(random.key(5), 0.8, [count, 1]).astype('i32');
    const draw = { x0: tokens(6, [count, 1], 2), x1: data, t: 0.5, key };
    const exact = [0.2 / 0.35, 0.6 / 0.65].map((p) => Math.log(p / (1 - p)));
    const logits =
      (w: Tensor) =>
      (xt: Tensor): Tensor => {
        const one = w.gather(xt);
        return one.expandDims(-1).mul(tensor([0, 1], f64));
      };
    for (const loss of [tokenCrossEntropyLoss, generalizedKLLoss]) {
      const slope = grad((w: Tensor) => loss({ logits: logits(w), path: mixturePath() }, draw))(tensor(exact, f64));
      expect(gap(slope, 0)).toBeLessThan(0.02);
      const off = grad((w: Tensor) => loss({ logits: logits(w), path: mixturePath() }, draw))(
        tensor(exact, f64).add(1),
      );
      expect(off.min().item()).toBeGreaterThan(0.03);
    }
  });

  test('rates sum to 0, are those of the formula, and leave at κ = 1', () => {
    const xt = tokens(7, [4, 7]);
    const u = discreteVelocity(polynomialScheduler(2), scores, { xt, t });
    expect(gap(u.sum({ axis: -1 }), 0)).toBeLessThan(1e-6);
    const p = softmax(scores, { axis: -1 }).slice(1, 0, 0).item();
    const here = numbers(xt)[7] === 0 ? 1 : 0;
    expect(u.slice(1, 0, 0).item()).toBeCloseTo((0.8 / (1 - 0.16)) * (p - here), 5);
    expect(() => discreteVelocity(polynomialScheduler(2), scores, { xt, t: 1 })).toThrow(SingularConversionError);
    expect(() => generalizedKLLoss(call, { ...input, t: 1 })).toThrow(SingularConversionError);
  });

  test.each<[string, () => unknown, new (message: string) => Error]>([
    ['real numbers as tokens', () => path.sample({ ...input, x0: normals(0, [4, 7]) }), TokenError],
    ['fractions as tokens', () => path.sample({ x0: [[0.5]], x1: [[1]], t: 0.5, key }), TokenError],
    ['no key', () => path.sample({ x0, x1, t } as never), TokenError],
    ['shapes that differ', () => path.sample({ ...input, x0: x0.slice([0, 2]) }), PathShapeError],
    ['a time beyond 1', () => path.sample({ ...input, t: 1.5 }), TimeRangeError],
    ['a path that is not convex', () => mixturePath(cosineScheduler()), SchedulerError],
    [
      'logits of another shape',
      () => tokenCrossEntropyLoss({ logits: () => scores.slice(0), path }, input),
      TokenError,
    ],
    ['a token outside the vocabulary', () => tokenCrossEntropyLoss(call, { ...input, x1: x1.add(1) }), TokenError],
    ['a mask outside the vocabulary', () => maskSource(3, 3), Error],
    ['an unknown option', () => generalizedKLLoss({ ...call, logit: 1 } as never, input), Error],
  ])('%s: a named error', (_what, run, type) => expect(run).toThrow(type));
});
