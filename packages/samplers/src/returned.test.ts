import { condOTScheduler, maskSource } from '@flowfield/paths';
import { random, ShapeError, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as s from './index.ts';

const key = random.key(0);
const scheduler = condOTScheduler();
const x = tensor([
  [1, 2],
  [3, 4],
]);
const t = tensor([0.3, 0.6]);
const now = tensor(0.3);
const next = tensor(0.6);
const v = (at: Tensor): Tensor => at.neg();
const tokens = tensor([[2, 0]], { dtype: 'i32' });
const steer = (options: object, step: s.Transition = s.odeStep(v)) =>
  s.steer(step, x, { steps: 2, key, reward: (at: Tensor) => at.sum({ axis: 1 }), ...options });

/** A function of the caller that returns the wrong thing, in each place that takes one. */
type Place = readonly [string, (wrong: () => never) => unknown];

const fields: readonly Place[] = [
  ['sampleOde', (f) => s.sampleOde(f, x)],
  ['sampleOde on a manifold', (f) => s.sampleOde(f, x, { manifold: { projectPoint: v, projectTangent: v } })],
  ['logLikelihood', (f) => s.logLikelihood(f, x)],
  ['sampleWithLogLikelihood', (f) => s.sampleWithLogLikelihood(f, x)],
  ['divergence', (f) => s.divergence(f)(x, t)],
  ['guided, conditional', (f) => s.guided({ conditional: f, unconditional: v }, 2)(x, t)],
  ['guided, unconditional', (f) => s.guided({ conditional: v, unconditional: f }, 2)(x, t)],
  ['guidedByMany', (f) => s.guidedByMany(v, [{ conditional: f, weight: 1 }])(x, t)],
  ['guidedModel', (f) => s.guidedModel(f, 2, { condition: t, empty: t })(x, t)],
  ['guidedModel at 1', (f) => s.guidedModel(f, 1, { condition: t, empty: t })(x, t)],
  ['rewardGuided', (f) => s.rewardGuided(f, { scheduler, reward: (at: Tensor) => at.sum({ axis: 1 }) })(x, t)],
  ['glass', (f) => s.glass(f, { scheduler })(x, now, next, key)],
  ['ancestral', (f) => s.ancestral(f, { scheduler })(x, now, next, key)],
  ['ddim', (f) => s.ddim(f, { scheduler })(x, now, next, key)],
  ['eulerMaruyama', (f) => s.eulerMaruyama(f, { scheduler })(x, now, next, key)],
  ['odeStep', (f) => s.odeStep(f)(x, now, next, key)],
  ['churn', (f) => s.churn(f, { scheduler })(x, now, next, key)],
  ['sampleRestart', (f) => s.sampleRestart(f, x, { scheduler, steps: 2, restarts: [], key })],
  ['interpolantSde', (f) => s.interpolantSde({ velocity: v, noise: f })(x, now, next, key)],
  [
    'cfgPlusPlus',
    (f) => s.cfgPlusPlus({ conditional: f, unconditional: v }, { scheduler, lambda: 1 })(x, now, next, key),
  ],
  ['sampleChain', (f) => s.sampleChain(f, x, { steps: 2, key })],
  ['discreteEuler', (f) => s.discreteEuler(f)(tokens, now, next, key)],
];

const rows: readonly Place[] = [
  ['a base density', (f) => s.logLikelihood(v, x, { logBase: f, steps: 2 })],
  ['a reward that leads', (f) => s.rewardGuided(v, { scheduler, reward: f })(x, t)],
  ['a tilt', (f) => s.glass(v, { scheduler, tilt: f })(x, now, next, key)],
];

describe('what a function of the caller returns is named', () => {
  test.each([...fields, ...rows])('%s', (_name, run) => {
    for (const [given, said] of [
      [undefined, 'got undefined'],
      [0, 'got number'],
      [[x], 'got an array'],
      [Promise.resolve(x), 'got a promise'],
      // It would broadcast over the points.
      [tensor([[1]]), '[1, 1]'],
    ] as const) {
      const wrong = (() => given) as unknown as () => never;
      expect(() => run(wrong)).toThrow(ShapeError);
      expect(() => run(wrong)).toThrow(said);
    }
  });

  test('rewards, values and transitions of steering', async () => {
    for (const wrong of [() => undefined, () => 1, (at: Tensor) => at] as never[]) {
      await expect(steer({ reward: wrong })).rejects.toThrow(/^steer: expected one reward/);
      await expect(steer({ value: wrong })).rejects.toThrow(/^steer: expected one value/);
    }
    await expect(steer({}, (() => undefined) as never)).rejects.toThrow('expected points after a step as a tensor');
    await expect(s.runChain(((at: Tensor) => at.slice(0)) as never, x, { steps: 2, key })).rejects.toThrow(
      'runChain: expected points after a step of the shape of the points [2, 2], got [2]',
    );
    expect(() => s.bestOfN(x, [1, 0] as never, 2)).toThrow('bestOfN: expected rewards as a tensor');
  });

  test('weights over time are one number, or one for each time', () => {
    const fields = { conditional: () => x.mul(0).add(2), unconditional: () => x.mul(0) };
    const at = (weight: () => unknown) => s.guided(fields, weight as s.GuidanceSchedule)(x, t);
    expect(
      at(() => 3)
        .slice(0, 0)
        .item(),
    ).toBe(6);
    expect(
      at(() => tensor(3))
        .slice(0, 0)
        .item(),
    ).toBe(6);
    expect(
      at(() => tensor([1, 3]))
        .slice(1, 0)
        .item(),
    ).toBe(6);
    expect(
      at(() => tensor([[1], [3]]))
        .slice(1, 0)
        .item(),
    ).toBe(6);
    expect(() => at(() => tensor([1, 2, 3]))).toThrow('guided: expected weights of the shape of t [2], got [3]');
    expect(() => at(() => undefined)).toThrow('guided: expected weights as a tensor, got undefined');
  });

  test('rates over time may be numbers', () => {
    const step = (diffusion: unknown) => s.eulerMaruyama(v, { scheduler, diffusion } as never)(x, now, next, key);
    expect(
      step(() => 0.5)
        .sub(step(0.5))
        .abs()
        .max()
        .item(),
    ).toBe(0);
    expect(() => step(() => undefined)).toThrow('eulerMaruyama: expected a diffusion as a tensor, got undefined');
    const correct = (divergenceFree: unknown, source: unknown = maskSource(3)) =>
      s.discreteEuler(
        () =>
          tensor([
            [
              [0, 0, 0],
              [0, 0, 0],
            ],
          ]),
        { divergenceFree, source } as never,
      )(tokens, now, next, key);
    expect(correct(() => 0.5).toArray()).toEqual(correct(0.5).toArray());
    expect(() => correct(() => undefined)).toThrow('expected a divergence-free rate as a tensor');
    expect(() => correct(1, { sample: () => undefined })).toThrow('expected tokens of the source as a tensor');
  });
});
