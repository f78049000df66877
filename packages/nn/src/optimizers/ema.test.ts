import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { type Ema, ema } from '../index.ts';

describe.each(ff.devices())('ema on %s', (device) => {
  const at = (value: number): { w: Tensor } => ({ w: tensor([value], { dtype: 'f64', device }) });
  const averages = (average: Ema, start: number, values: readonly number[]): number[] => {
    let state = average.init(at(start));
    const update = ff.jit(average.update<{ w: Tensor }>, { donate: [1] });
    return values.map((value) => {
      state = update(at(value), state);
      return average.value(state).w.item();
    });
  };

  it('is the weighted sum of the parameters so far', () => {
    const [first, second, third] = averages(ema({ decay: 0.9 }), 1, [2, 4, 8]);
    expect(first).toBeCloseTo(0.9 + 0.1 * 2, 14);
    expect(second).toBeCloseTo(0.9 ** 2 + 0.09 * 2 + 0.1 * 4, 14);
    expect(third).toBeCloseTo(0.9 ** 3 + 0.081 * 2 + 0.09 * 4 + 0.1 * 8, 14);
  });

  it('keeps constant parameters to the last bit', () => {
    expect(averages(ema({ decay: 0.999, warmup: true }), 0.1, [0.1, 0.1, 0.1])).toEqual([0.1, 0.1, 0.1]);
  });

  it('starts with small decays when warming up', () => {
    const [first, second] = averages(ema({ decay: 0.9, warmup: true }), 1, [2, 4]);
    expect(first).toBeCloseTo(0.1 * 1 + 0.9 * 2, 6);
    expect(second).toBeCloseTo((2 / 11) * 1.9 + (9 / 11) * 4, 6);
  });

  it('forgets the start when debiased: the first value is the first parameter', () => {
    const [first, second] = averages(ema({ decay: 0.9, debias: true }), 123, [2, 4]);
    expect(first).toBeCloseTo(2, 5);
    expect(second).toBeCloseTo((0.9 * 2 + 4) / 1.9, 5);
  });

  it('is zero, not NaN, before the first debiased update', () => {
    const average = ema({ decay: 0.9, debias: true });
    expect(average.value(average.init(at(5))).w.item()).toBe(0);
  });

  it('shares no memory with the parameters', () => {
    const params = at(3);
    const state = ema({ decay: 0.5 }).init(params);
    params.w.dispose();
    expect(state.average.w.item()).toBe(3);
  });
});

it('names a decay outside [0, 1)', () => {
  expect(() => ema({ decay: 1 })).toThrow(/decay must lie in \[0, 1\), got 1/);
});

it('names a state that is none', () => {
  expect(() => ema({ decay: 0.9 }).update({ w: tensor([1]) }, undefined as never)).toThrow(
    /expected its state.*init\(params\)/,
  );
  expect(() => ema({ decay: 0.9 }).value({} as never)).toThrow(ff.ArgumentError);
});
