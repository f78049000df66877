import { type Tensor, tensor, valueAndGrad, where, whileLoop } from '@flowfield/tensor-webgpu';

/** A function of a vector, and where a search along a line starts. */
export interface Line {
  readonly f: (x: Tensor) => Tensor;
  readonly x: Tensor;
  readonly value: Tensor;
  readonly gradient: Tensor;
  readonly direction: Tensor;
}

/** The point found; `found` is false where no lower one was. */
export type LinePoint = { x: Tensor; value: Tensor; gradient: Tensor; found: Tensor };

/** Least share of the decrease that the slope promises, and largest share of the slope that may remain. */
const DECREASE = 1e-4;
const SLOPE = 0.9;

type Search = { low: Tensor; high: Tensor; length: Tensor; done: Tensor; count: Tensor; best: LinePoint };

/**
 * A step along a descent direction that meets both Wolfe conditions, by bisection of the interval that holds one, doubled
 * as long as it has no end (Lewis & Overton 2013, algorithm 2.6). Values that are not finite count as too high. After
 * `tries` the longest step with enough decrease is taken.
 */
export function wolfeSearch({ f, x, value, gradient, direction }: Line, tries: number): LinePoint {
  const slope = gradient.mul(direction).sum();
  const zero = value.mul(0);
  const no = slope.notEqual(slope);
  const start: Search = {
    low: zero,
    // 0 stands for an interval without an end.
    high: zero,
    length: zero.add(1),
    done: no,
    count: tensor(0, { dtype: 'i32', device: x.device?.name }),
    best: { x, value, gradient, found: no },
  };
  const { best } = whileLoop(
    ({ done, count }: Search) => done.logicalNot().logicalAnd(count.less(tries)),
    ({ low, high, length, count, best }: Search): Search => {
      const point = x.add(direction.mul(length));
      const [at, slopes] = valueAndGrad(f)(point) as [Tensor, Tensor];
      const decreases = at.lessEqual(value.add(slope.mul(length).mul(DECREASE))).logicalAnd(at.isFinite());
      const flat = slopes.mul(direction).sum().greaterEqual(slope.mul(SLOPE));
      const nextLow = where(decreases, length, low);
      const nextHigh = where(decreases, high, length);
      return {
        low: nextLow,
        high: nextHigh,
        length: where(nextHigh.greater(0), nextLow.add(nextHigh).div(2), nextLow.mul(2)),
        done: decreases.logicalAnd(flat),
        count: count.add(1),
        best: {
          x: where(decreases, point, best.x),
          value: where(decreases, at, best.value),
          gradient: where(decreases, slopes, best.gradient),
          found: best.found.logicalOr(decreases),
        },
      };
    },
    start,
  );
  return best;
}
