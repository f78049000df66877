import {
  customJvp,
  full,
  jvp,
  maximum,
  minimum,
  onesLike,
  stopGradient,
  type Tensor,
  where,
  whileLoop,
  zerosLike,
} from '@flowfield/tensor-webgpu';
import type { FloatType } from './state.ts';

/** The width at which a bracket counts as a point, in fractions of a step. */
const resolution = { f32: 2 ** -22, f64: 2 ** -50 };
const mostRounds = 100;
/** Stands for the value before a passage where that is 0 or, by rounding, beyond it. */
const smallest = 1e-30;

interface Bracket {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly ya: Tensor;
  readonly yb: Tensor;
  readonly round: Tensor;
}

/**
 * The fraction theta of a step at which `g` leaves the sign `before`, on the far side of the passage: the ITP method
 * (Oliveira and Takahashi 2020), which brackets like bisection and converges like the secant method. The result has the
 * derivatives of the exact root, `-dg / g'`.
 */
export function eventRoot(
  g: (theta: Tensor) => Tensor,
  bracket: { found: Tensor; low: Tensor; high: Tensor; before: Tensor },
  dtype: FloatType,
): Tensor {
  const width = resolution[dtype];
  const sign = bracket.before.neg();
  // Negative before the passage, positive after it.
  const along = (theta: Tensor): Tensor => stopGradient(g(theta).mul(sign));
  const rounds = Math.ceil(-Math.log2(2 * width)) + 1;
  const end = whileLoop<Bracket>(
    ({ a, b, round }) => bracket.found.logicalAnd(b.sub(a).greater(2 * width)).logicalAnd(round.less(mostRounds)),
    ({ a, b, ya, yb, round }) => {
      const half = a.add(b).mul(0.5);
      const length = b.sub(a);
      const straight = b.mul(ya).sub(a.mul(yb)).div(ya.sub(yb));
      const secant = where(straight.isFinite(), straight, half);
      const side = half.sub(secant).sign();
      const push = length.square().mul(0.2);
      const moved = where(push.lessEqual(half.sub(secant).abs()), secant.add(side.mul(push)), half);
      const budget = full([], 2, { dtype }).pow(round.astype(dtype).neg().add(rounds)).mul(width).sub(length.mul(0.5));
      const slack = maximum(budget, 0);
      const projected = where(moved.sub(half).abs().lessEqual(slack), moved, half.sub(side.mul(slack)));
      const x = minimum(maximum(projected, a), b);
      const y = along(x);
      const after = y.greaterEqual(0);
      const zero = y.equal(0);
      return {
        a: where(zero, x, where(after, a, x)),
        b: where(after, x, b),
        ya: where(after, ya, y),
        yb: where(after, y, yb),
        round: round.add(1),
      };
    },
    {
      a: stopGradient(bracket.low),
      b: stopGradient(bracket.high),
      ya: minimum(along(bracket.low), -smallest),
      yb: maximum(along(bracket.high), 0),
      round: full([], 0, { dtype: 'i32' }),
    },
  );
  const found = stopGradient(where(end.b.greater(1 - 4 * width), 1, end.b).astype(dtype));
  // Two exact Newton steps carry the derivatives of the first orders.
  const refine = (theta: Tensor): Tensor => theta.add(implicitPart(...jvp(g, [theta], [onesLike(theta)])));
  return refine(refine(found));
}

/** Zero, with the derivative `-d value / slope` of a root, of any order. */
const implicitPart: (value: Tensor, slope: Tensor) => Tensor = customJvp(
  (value: Tensor, _slope: Tensor) => zerosLike(value),
  ([value, slope], [moved]) => [
    implicitPart(value, slope),
    where(slope.equal(0), 0, moved.neg().div(where(slope.equal(0), 1, slope))),
  ],
);
