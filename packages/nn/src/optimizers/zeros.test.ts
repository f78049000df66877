import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import {
  adafactor,
  adam,
  adamW,
  applyUpdates,
  chain,
  clipByBlockRms,
  clipByGlobalNorm,
  type GradientTransform,
  globalNorm,
  lion,
  rmsProp,
  scaleByAdam,
  sgd,
} from '../index.ts';

type Params = { w: Tensor };

describe.each(ff.devices())('optimizers at zero and at extremes on %s', (device) => {
  const made = (data: ff.TensorLike, dtype: 'f32' | 'f64' = 'f64'): Tensor => tensor(data, { dtype, device });
  /** The derivative of the first update of `w` in its gradient. */
  const slopes = (optimizer: GradientTransform, at: number[]): number[] => {
    const params: Params = { w: made(at.map(() => 1)) };
    const total = (g: Tensor): Tensor => optimizer.update({ w: g }, optimizer.init(params), params)[0].w.sum();
    for (const gradient of [ff.grad(total), ff.jit(ff.grad(total))]) {
      expect([...(gradient(made(at)) as Tensor).dataSync()].every(Number.isFinite)).toBe(true);
    }
    return [...(ff.grad(total)(made(at)) as Tensor).dataSync()];
  };

  it('has the derivative 1 / epsilon through Adam at a gradient of 0', () => {
    expect(slopes(scaleByAdam(), [0])[0] * 1e-8).toBeCloseTo(1, 6);
    expect(slopes(scaleByAdam({ epsilon: 0.5 }), [0, 0])).toEqual([2, 2].map((x) => expect.closeTo(x, 12)));
    // g / (√(g² + r) + e) at 0 is 1 / (√r + e).
    expect(slopes(scaleByAdam({ epsilon: 0.5, epsilonRoot: 0.25 }), [0])[0]).toBeCloseTo(1, 12);
  });

  it('has the derivative of g / (|g| + epsilon) through Adam elsewhere', () => {
    const at = [-0.3, 0.2];
    const expected = at.map((g) => 0.5 / (Math.abs(g) + 0.5) ** 2);
    slopes(scaleByAdam({ epsilon: 0.5 }), at).forEach((slope, i) => {
      expect(slope).toBeCloseTo(expected[i], 10);
    });
  });

  it('has a second derivative through Adam that agrees with differences', () => {
    const optimizer = scaleByAdam({ epsilon: 0.5 });
    const params: Params = { w: made([1]) };
    const update = (g: Tensor): Tensor => optimizer.update({ w: g }, optimizer.init(params), params)[0].w.sum();
    const slope = ff.grad(update) as (g: Tensor) => Tensor;
    const second = ff.grad((g: Tensor) => slope(g).sum()) as (g: Tensor) => Tensor;
    const numeric = (slope(made([0.2 + 1e-6])).item() - slope(made([0.2 - 1e-6])).item()) / 2e-6;
    expect(second(made([0.2])).item()).toBeCloseTo(numeric, 6);
  });

  it('has the derivative 1 through clipping at a gradient of 0', () => {
    for (const clipped of [clipByGlobalNorm(1), clipByBlockRms(1)]) expect(slopes(clipped, [0, 0])).toEqual([1, 1]);
  });

  it('has the derivative of maxNorm g / |g| through clipping where it clips', () => {
    // d/dg of Σ 2 g / |g| at (3, 4): 2 (1, 1) / 5 - 2 · 7 / 125 · (3, 4).
    slopes(clipByGlobalNorm(2), [3, 4]).forEach((slope, i) => {
      expect(slope).toBeCloseTo(2 / 5 - (14 / 125) * [3, 4][i], 12);
    });
  });

  const all: [name: string, optimizer: GradientTransform][] = [
    ['adam', adam({ learningRate: 0.1 })],
    ['adamW', adamW({ learningRate: 0.1 })],
    ['nadam', adam({ learningRate: 0.1, nesterov: true })],
    ['rmsProp', rmsProp({ learningRate: 0.1 })],
    ['rmsProp without epsilonRoot', rmsProp({ learningRate: 0.1, epsilon: 1e-8, epsilonRoot: 0 })],
    ['centered rmsProp', rmsProp({ learningRate: 0.1, centered: true })],
    ['lion', lion({ learningRate: 0.1 })],
    ['adafactor', adafactor({ learningRate: 0.1 })],
    ['clipped sgd', chain(clipByGlobalNorm(1), sgd({ learningRate: 0.1 }))],
  ];
  it.each(all)('%s has finite derivatives at a gradient of 0', (_name, optimizer) => {
    slopes(optimizer, [0, 0]);
  });

  it.each(all)(
    '%s has a finite derivative through two steps with gradients of 0 in the learned start',
    (_name, optimizer) => {
      const end = (start: Tensor): Tensor => {
        let params: Params = { w: start };
        let state = optimizer.init(params);
        for (let i = 0; i < 2; i++) {
          const grads = { w: params.w.mul(made([1, 0])) };
          const [updates, next] = optimizer.update(grads, state, params);
          params = applyUpdates(params, updates);
          state = next;
        }
        return params.w.square().sum();
      };
      const gradient = ff.grad(end)(made([0, 1])) as Tensor;
      expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
    },
  );

  it('clips f32 gradients to the norm at every scale, direction kept', () => {
    for (const size of [1e30, 3e38, 1e20, 2]) {
      const grads = { w: made([size, 0, 0], 'f32'), v: made([-size], 'f32') };
      const [clipped] = clipByGlobalNorm(1).update(grads, null, grads);
      expect([...clipped.w.dataSync(), ...clipped.v.dataSync()]).toEqual(
        [Math.SQRT1_2, 0, 0, -Math.SQRT1_2].map((x) => expect.closeTo(x, 6)),
      );
    }
    const tiny = { w: made([3e-30, 4e-30], 'f32') };
    const [clipped] = clipByGlobalNorm(1e-30).update(tiny, null, tiny);
    expect([...clipped.w.dataSync()].map((x) => x * 1e30)).toEqual([0.6, 0.8].map((x) => expect.closeTo(x, 5)));
    const [kept] = clipByGlobalNorm(1).update(tiny, null, tiny);
    expect([...kept.w.dataSync()]).toEqual([...tiny.w.dataSync()]);
  });

  it('gives the norm of f32 trees at every scale', () => {
    for (const size of [1e-37, 1e-25, 1, 1e25, 1e37]) {
      const norm = globalNorm({ a: made([3 * size], 'f32'), b: made([[4 * size]], 'f32') });
      expect(norm.item() / size).toBeCloseTo(5, 4);
    }
    expect(globalNorm({ a: made([0, 0]) }).item()).toBe(0);
    expect(globalNorm({ a: made([Number.NaN]) }).item()).toBeNaN();
    expect(globalNorm({ a: made([Number.POSITIVE_INFINITY]) }).item()).toBe(Number.POSITIVE_INFINITY);
    expect([...(ff.grad((x: Tensor) => globalNorm([x]))(made([0, 0])) as Tensor).dataSync()]).toEqual([0, 0]);
  });
});
