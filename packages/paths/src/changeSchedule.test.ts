import { jit, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { changeSchedule, type Scheduler, SchedulerError, SingularConversionError, schedulerAt } from './index.ts';
import { f64, gap, innerTimes, normals, numbers, schedulers } from './testing/draws.ts';

const [m, s] = [0.7, 0.4];

/** The marginal velocity for data N(m, s² I): α' m + V' / (2V) (x - α m), V = α² s² + σ². */
const gaussian =
  (scheduler: Scheduler) =>
  (x: Tensor, t: Tensor): Tensor => {
    const c = schedulerAt(scheduler, t);
    const per = (value: Tensor): Tensor => value.expandDims(-1);
    const variance = c.alphaT
      .square()
      .mul(s * s)
      .add(c.sigmaT.square());
    const slope = c.alphaT
      .mul(c.dAlphaT)
      .mul(s * s)
      .add(c.sigmaT.mul(c.dSigmaT))
      .div(variance);
    return per(c.dAlphaT)
      .mul(m)
      .add(per(slope).mul(x.sub(per(c.alphaT).mul(m))));
  };

const entries = Object.entries(schedulers);
const changes = entries.flatMap(([oldName, from]) => entries.map(([newName, to]) => ({ oldName, newName, from, to })));

describe('changeSchedule', () => {
  test.each(changes)('$oldName to $newName gives the velocity of the new path', ({ from, to }) => {
    // A schedule with a source or data end short of pure noise or data reaches only a part of the other's ratios.
    const t = innerTimes(40);
    const ratio = (scheduler: Scheduler, time: number): number => {
      const at = tensor([time], f64);
      return scheduler.alpha(at).div(scheduler.sigma(at)).item();
    };
    const reached = numbers(t).filter((time) => ratio(to, time) > ratio(from, 0) && ratio(to, time) < ratio(from, 1));
    expect(reached.length).toBeGreaterThan(10);
    const times = tensor(reached, f64);
    const x = normals(0, [reached.length, 2]);
    const expected = gaussian(to)(x, times);
    const scale = 1 + Math.max(...numbers(expected.abs()));
    expect(gap(changeSchedule(gaussian(from), { from, to })(x, times), expected) / scale).toBeLessThan(1e-9);
  });

  test('is finite at both ends in both float types, unless the old path starts at rest', () => {
    for (const { from, to } of changes) {
      for (const dtype of ['f32', 'f64'] as const) {
        const velocity = changeSchedule((x: Tensor) => x, { from, to });
        const x = tensor([[1], [2]], { dtype });
        const t = tensor([0, 1], { dtype });
        const startsAtRest = from === schedulers['polynomial 2.5'] && !['vp', 've'].includes(to.name);
        if (startsAtRest) expect(() => velocity(x, t)).toThrow(SingularConversionError);
        else expect(numbers(velocity(x, t)).every(Number.isFinite), `${from.name} to ${to.name}, ${dtype}`).toBe(true);
        expect(numbers(jit(velocity)(x, t)).every(Number.isFinite), `traced ${from.name} to ${to.name}, ${dtype}`).toBe(
          true,
        );
      }
    }
  });

  test('names what is no scheduler', () => {
    const { condOT } = schedulers;
    const wrong = { from: condOT, to: 'cosine' as unknown as Scheduler };
    expect(() => changeSchedule((x: Tensor) => x, wrong)).toThrow(SchedulerError);
    expect(() => changeSchedule((x: Tensor) => x, wrong)).toThrow(/^changeSchedule: .* got 'cosine'/);
  });

  test('hands further arguments on, and times of the shape given', () => {
    const seen: unknown[] = [];
    const velocity = (x: Tensor, t: Tensor, label: string): Tensor => {
      seen.push(label, t.shape);
      return x;
    };
    const { condOT, cosine } = schedulers;
    changeSchedule(velocity, { from: condOT, to: cosine })([[1], [2]], 0.5, 'cat');
    changeSchedule(velocity, { from: condOT, to: cosine })([[1], [2]], [0.1, 0.2], 'dog');
    expect(seen).toEqual(['cat', [], 'dog', [2]]);
  });
});
