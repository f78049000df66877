import { checkedOptions } from '../errors/checks.ts';
import { composite } from '../ops/composite.ts';
import { matmul } from '../ops/contraction.ts';
import { eye } from '../ops/creation.ts';
import { max } from '../ops/reductions.ts';
import { expandDims } from '../ops/reshape.ts';
import { lax } from '../primitives/lax.ts';
import { symmetricFunction } from '../primitives/linalg/symmetricFunction.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { foriLoop } from '../transforms/control/loops.ts';
import { squareMatrices } from './matrices.ts';
import { solve } from './solve.ts';

/** Padé degree and the 1-norm up to which it is exact to rounding (Higham 2005, table 2.3, for f64; 2008 table 10.2 for f32). */
const PADE = { f32: { degree: 7, norm: 3.92572478313866 }, f64: { degree: 13, norm: 5.371920351148152 } };
/** Matrices beyond 2¹⁶ times that norm are not scaled far enough; their exponential overflows in nearly all cases. */
const MAX_SQUARINGS = 16;

/** Coefficients of the numerator of the [q/q] Padé approximant of eˣ, with the constant term 1. */
function padeCoefficients(degree: number): number[] {
  const coefficients = [1];
  for (let k = 1; k <= degree; k++)
    coefficients.push((coefficients[k - 1] * (degree - k + 1)) / (k * (2 * degree - k + 1)));
  return coefficients;
}

/** The [q/q] Padé approximant: (V - U)⁻¹ (V + U), with U the odd and V the even part of the numerator. */
function pade(x: Tensor, identity: Tensor, degree: number): Tensor {
  const coefficients = padeCoefficients(degree);
  const squared = matmul(x, x);
  let odd = identity.mul(coefficients[1]);
  let even = identity.mul(coefficients[0]);
  let power = squared;
  for (let k = 2; k <= degree; k += 2) {
    even = even.add(power.mul(coefficients[k]));
    if (k + 1 <= degree) odd = odd.add(power.mul(coefficients[k + 1]));
    if (k + 2 <= degree) power = matmul(power, squared);
  }
  const u = matmul(x, odd);
  return solve(even.sub(u), even.add(u));
}

export interface ExpmOptions {
  /** The matrices are symmetric (their symmetric part is taken): by eigenvalues, which is faster for many small ones. */
  readonly symmetric?: boolean;
}

/**
 * The exponential `Σ xᵏ / k!` of square matrices [..., n, n]: scaling and squaring with a Padé approximant (Higham 2005),
 * or by eigenvalues for `symmetric` ones. Derivatives hold at every matrix, repeated eigenvalues included.
 * @throws ShapeError unless the matrices are square.
 */
export const expm = (x: TensorLike, options: ExpmOptions = {}): Tensor =>
  composite('linalg.expm', () => {
    const { symmetric = false } = checkedOptions('linalg.expm', options, ['symmetric']);
    const matrix = squareMatrices('expm', x);
    if (symmetric) return symmetricFunction(matrix, { kind: 'exp' });
    const n = matrix.shape[matrix.ndim - 1];
    if (n === 0) return matrix;
    const { degree, norm } = PADE[matrix.dtype as 'f32' | 'f64'];
    // The number of squarings is chosen by size alone; no derivative flows through it.
    const size = max(lax.reduceSum(lax.abs(lax.stopGradient(matrix)), [matrix.ndim - 2]) as Tensor, { axis: -1 });
    const wanted = lax.ceil(lax.mul(lax.log(lax.max(lax.div(size, norm), 1)), Math.LOG2E));
    const squarings = lax.min(wanted, MAX_SQUARINGS) as Tensor;
    const scale = expandDims(lax.exp(lax.mul(squarings, -Math.LN2)) as Tensor, [-2, -1]);
    const identity = eye(n, n, { dtype: matrix.dtype, device: matrix.device?.name });
    const start = pade(matrix.mul(scale), identity, degree);
    const rounds = expandDims(squarings, [-2, -1]);
    return foriLoop(
      0,
      MAX_SQUARINGS,
      (i, result: Tensor) => {
        const due = lax.lt(lax.broadcastInDim(lax.cast(i, matrix.dtype), rounds.shape, []), rounds) as Tensor;
        return lax.select(due.broadcastTo(result.shape), matmul(result, result), result) as Tensor;
      },
      start,
    );
  });
