import { grad, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  convert,
  cosineScheduler,
  dataPredictionLoss,
  noisePredictionLoss,
  PathShapeError,
  SchedulerError,
  schedulerAt,
} from './index.ts';
import { f64, gap, normals } from './testing/draws.ts';

const [x0, x1] = [normals(0, [5, 2, 3]), normals(1, [5, 2, 3])];
const t = tensor([0.1, 0.3, 0.5, 0.8, 0.95], f64);
const guess = (x: Tensor): Tensor => x.sin().mul(0.7);

describe.each([condOTScheduler(), cosineScheduler()])('prediction losses, $name', (scheduler) => {
  const path = affinePath(scheduler);

  test('are mean squared errors, 0 at the ends themselves', () => {
    expect(dataPredictionLoss({ predict: (_x, _t, s) => s.x1, path }, x0, x1, t).item()).toBe(0);
    expect(noisePredictionLoss({ predict: (_x, _t, s) => s.x0, path }, x0, x1, t).item()).toBe(0);
    const { xt } = path.sample({ x0, x1, t });
    const squares = guess(xt).sub(x1).square();
    expect(dataPredictionLoss({ predict: guess, path }, x0, x1, t).item()).toBeCloseTo(squares.mean().item(), 12);
    const rows = dataPredictionLoss({ predict: guess, path, reduction: 'none' }, x0, x1, t);
    expect(gap(rows, squares.mean({ axis: [1, 2] }))).toBeLessThan(1e-12);
    expect(dataPredictionLoss({ predict: guess, path, reduction: 'sum' }, x0, x1, t).item()).toBeCloseTo(
      squares.sum().item() / 5,
      10,
    );
  });

  test.each([
    ['data', dataPredictionLoss],
    ['noise', noisePredictionLoss],
  ] as const)('with the velocity weighting, %s prediction has the flow-matching loss', (from, loss) => {
    const velocity = (xt: Tensor, time: Tensor): Tensor =>
      convert(scheduler, guess(xt), { from, to: 'velocity', xt, t: time });
    const expected = conditionalFlowMatchingLoss({ velocity, path }, x0, x1, t).item();
    expect(loss({ predict: guess, path, weighting: 'velocity' }, x0, x1, t).item() / expected).toBeCloseTo(1, 10);
  });

  test('the weightings', () => {
    const { alphaT, sigmaT } = schedulerAt(scheduler, t);
    const snr = alphaT.div(sigmaT).square();
    const rows = (target: 'data' | 'noise', weighting: Parameters<typeof dataPredictionLoss>[0]['weighting']): Tensor =>
      (target === 'data' ? dataPredictionLoss : noisePredictionLoss)(
        { predict: guess, path, weighting, reduction: 'none' },
        x0,
        x1,
        t,
      );
    for (const target of ['data', 'noise'] as const) {
      const plain = rows(target, 'uniform');
      expect(gap(rows(target, 'snr').div(plain).div(snr), 1)).toBeLessThan(1e-12);
      const weight = target === 'data' ? snr.minimum(5) : snr.minimum(5).div(snr);
      expect(gap(rows(target, 'minSnr').div(plain).div(weight), 1)).toBeLessThan(1e-12);
      expect(gap(rows(target, (time, c) => time.mul(c.sigmaT)).div(plain), t.mul(sigmaT))).toBeLessThan(1e-12);
    }
  });

  test('stays finite at both ends, its gradient too', () => {
    const ends = tensor([0, 1, 0, 1, 0.5], f64);
    for (const loss of [dataPredictionLoss, noisePredictionLoss]) {
      for (const weighting of ['uniform', 'velocity', 'snr', 'minSnr'] as const) {
        const slope = grad((w: Tensor) => loss({ predict: (x) => x.mul(w), path, weighting }, x0, x1, ends));
        expect(Number.isFinite(slope(tensor(0.4, f64)).item()), weighting).toBe(true);
      }
    }
  });
});

test('mistakes are named', () => {
  const path = affinePath(condOTScheduler());
  const call = (options: object) => () => dataPredictionLoss({ predict: guess, path, ...options } as never, x0, x1, t);
  expect(call({ predict: (x: Tensor) => x.sum({ axis: -1 }) })).toThrow(PathShapeError);
  expect(call({ path: {} })).toThrow(SchedulerError);
  expect(call({ weighting: 'min-snr' })).toThrow(/expected a weighting among uniform, velocity, snr, minSnr/);
  expect(call({ weigthing: 'snr' })).toThrow(/Did you mean weighting/);
  expect(call({ reduction: 'avg' })).toThrow(/expected a reduction among mean, sum, none, got 'avg'/);
});
