import { grad, jit, type Tensor, tensor, vmap } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  condOTScheduler,
  geodesicPath,
  NonFinitePointError,
  PathShapeError,
  type Scheduler,
  SchedulerError,
  TimeRangeError,
  TimeShapeError,
} from './index.ts';
import { f64, gap, innerTimes, normals, numbers, schedulers } from './testing/draws.ts';

describe.each(Object.entries(schedulers))('affine path, %s', (_name, scheduler) => {
  test('dxt is the derivative of xt in t', () => {
    const path = affinePath(scheduler);
    const [x0, x1] = [normals(0, [20, 3]), normals(1, [20, 3])];
    const t = innerTimes(20);
    const h = 1e-6;
    const at = (time: Tensor): Tensor => path.sample({ x0, x1, t: time }).xt;
    const difference = at(t.add(h))
      .sub(at(t.sub(h)))
      .div(2 * h);
    expect(gap(path.sample({ x0, x1, t }).dxt, difference)).toBeLessThan(1e-6);
  });
});

describe('sample', () => {
  const path = affinePath(condOTScheduler());

  test('spreads one time per row over any further axes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
        (batch, rest) => {
          const shape = [batch, ...rest];
          const [x0, x1] = [normals(2, shape), normals(3, shape)];
          const times = Array.from({ length: batch }, (_, i) => (i + 0.5) / batch);
          const { xt, dxt, t } = path.sample({ x0, x1, t: times });
          expect(t.shape).toEqual([batch]);
          expect(xt.shape).toEqual(shape);
          const rows = times.flatMap((time, i) =>
            numbers(
              x1
                .slice(i)
                .mul(time)
                .add(x0.slice(i).mul(1 - time)),
            ),
          );
          // Times given as an array are float32.
          expect(gap(xt.ravel(), tensor(rows, f64))).toBeLessThan(1e-6);
          expect(gap(dxt, x1.sub(x0))).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('takes a number as the time, and keeps the dtype of the points', () => {
    const { xt, t } = path.sample({ x0: [[0, 0]], x1: [[2, 4]], t: 0.25 });
    expect(xt.dtype).toBe('f32');
    expect(t.shape).toEqual([]);
    expect(numbers(xt)).toEqual([0.5, 1]);
    expect(path.sample({ x0: [[0, 0]], x1: [[2, 4]], t: tensor([0.5], f64) }).xt.dtype).toBe('f32');
  });

  test('carries labels and other fields through', () => {
    const labels = tensor([3, 1], { dtype: 'i32' });
    const sample = path.sample({ x0: [[0], [0]], x1: [[1], [1]], t: 0.5, labels, note: { split: 'train' } });
    expect(sample.labels).toBe(labels);
    expect(sample.note.split).toBe('train');
  });

  test('can be traced, mapped and differentiated', () => {
    const [x0, x1] = [normals(4, [3, 2]), normals(5, [3, 2])];
    const t = tensor([0.1, 0.5, 0.9], f64);
    const at = (a: Tensor, b: Tensor, time: Tensor): Tensor => path.sample({ x0: a, x1: b, t: time }).xt;
    expect(gap(jit(at)(x0, x1, t), at(x0, x1, t))).toBe(0);
    expect(gap(vmap(at)(x0, x1, t), at(x0, x1, t))).toBe(0);
    const slope = grad((time: Tensor) => at(x0, x1, time).sum())(t);
    expect(gap(slope, x1.sub(x0).sum({ axis: 1 }))).toBeLessThan(1e-14);
  });

  test('refuses shapes that would broadcast wrongly', () => {
    const [x0, x1] = [normals(6, [3, 3]), normals(7, [3, 3])];
    expect(() => path.sample({ x0, x1, t: [[0.1], [0.2], [0.3]] })).toThrow(TimeShapeError);
    expect(() => path.sample({ x0, x1, t: [[0.1], [0.2], [0.3]] })).toThrow(
      /expected t as a scalar or of shape \[3\].*got \[3, 1\]/,
    );
    expect(() => path.sample({ x0, x1, t: [0.1, 0.2] })).toThrow(TimeShapeError);
    expect(() => path.sample({ x0: x0.slice([0, 1]), x1, t: 0.5 })).toThrow(PathShapeError);
  });

  test('names what was left out or is a text', () => {
    const ends = { x0: [[0]], x1: [[1]] };
    expect(() => path.sample({ ...ends } as never)).toThrow(
      /^affinePath\(condOT\)\.sample: expected t as numbers .* got undefined/,
    );
    expect(() => path.sample({ ...ends, t: '0.5' } as never)).toThrow(/expected t .* got '0\.5'/);
    expect(() => path.sample({ x0: [[0]], t: 0.5 } as never)).toThrow(/expected x1 .* got undefined/);
  });

  test('refuses what is no scheduler', () => {
    expect(() => affinePath('condOT' as unknown as Scheduler)).toThrow(SchedulerError);
    expect(() => affinePath('condOT' as unknown as Scheduler)).toThrow(/expected a scheduler .* got 'condOT'/);
    expect(() => affinePath(undefined as unknown as Scheduler)).toThrow(/got undefined/);
  });

  test('refuses times outside [0, 1], also as constants of a trace', () => {
    const [x0, x1] = [normals(6, [2, 3]), normals(7, [2, 3])];
    expect(() => path.sample({ x0, x1, t: [0.5, 1.5] })).toThrow(TimeRangeError);
    expect(() => path.sample({ x0, x1, t: [0.5, 1.5] })).toThrow(/got 1.5 in row 1/);
    expect(() => path.sample({ x0, x1, t: Number.NaN })).toThrow(TimeRangeError);
    expect(() => jit((a: Tensor) => path.sample({ x0: a, x1: a, t: 2 }).xt)(x0)).toThrow(TimeRangeError);
    expect(numbers(path.sample({ x0, x1, t: 1 + 1e-9 }).xt).every(Number.isFinite)).toBe(true);
  });
});

describe('points with NaN or infinity', () => {
  const line = { exp: (x: Tensor, v: Tensor) => x.add(v), log: (x: Tensor, y: Tensor) => y.sub(x) };
  const paths = [affinePath(condOTScheduler()), geodesicPath(line as never)];
  const [good, bad] = [
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    tensor([
      [1, 2],
      [3, 4],
      [5, Number.NaN],
    ]),
  ];

  test.each(paths)('are refused by name and row in an eager call', (path) => {
    for (const [name, input] of [
      ['x0', { x0: bad, x1: good }],
      ['x1', { x0: good, x1: bad }],
    ] as const) {
      const run = () => path.sample({ ...input, t: 0.5 });
      expect(run).toThrow(NonFinitePointError);
      expect(run).toThrow(new RegExp(`expected finite ${name}, got NaN in row 2\\.`));
    }
  });

  test.each(paths)('are not read inside a trace', (path) => {
    expect(() => jit((x1: Tensor) => path.sample({ x0: good, x1, t: 0.5 }).xt)(bad)).not.toThrow();
  });
});
