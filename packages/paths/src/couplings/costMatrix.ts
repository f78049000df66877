import { ArgumentError, type TensorLike, TraceError, tensor } from '@flowfield/tensor-webgpu';
import { TransportError } from '../errors.ts';

/** A matrix of costs or masses on the host, row-major. */
export interface HostMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The numbers of a tensor or a nested array, in double precision. Throws `ArgumentError` inside a trace. */
export function hostNumbers(use: string, x: TensorLike): { shape: readonly number[]; data: Float64Array } {
  // A nested array of plain numbers keeps its double precision.
  const value = typeof x === 'object' && 'shape' in x ? tensor(x) : tensor(x, { dtype: 'f64' });
  try {
    return { shape: value.shape, data: Float64Array.from(value.dataSync()) };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    throw new ArgumentError(
      `${use}: transport is solved on the host, on data, and this call is inside a trace (jit, grad, vmap). Pair the batch before the traced step.`,
    );
  }
}

/** A cost matrix with at least one row and column. `Infinity` forbids a pair; NaN and -Infinity are refused. */
export function hostCost(use: string, cost: TensorLike): HostMatrix {
  const { shape, data } = hostNumbers(use, cost);
  if (shape.length !== 2 || data.length === 0) {
    throw new TransportError(
      `${use}: expected costs of shape [rows, columns] with at least one of each, got [${shape.join(', ')}].`,
    );
  }
  const bad = data.findIndex((value) => !(value > Number.NEGATIVE_INFINITY));
  if (bad >= 0) {
    throw new TransportError(
      `${use}: expected costs that are numbers, or Infinity where a pair is forbidden, got ${data[bad]} in row ${Math.floor(bad / shape[1])}, column ${bad % shape[1]}. Look for NaN in the points.`,
    );
  }
  return { rows: shape[0], columns: shape[1], data };
}

/** Sums of masses may differ by the rounding of single precision; more than that is another amount of mass. */
const MASS_TOLERANCE = 1e-4;

/** Masses of the rows or columns: uniform ones that sum to 1 by default. Throws unless they are finite and positive somewhere. */
export function hostMass(use: string, name: string, mass: TensorLike | undefined, count: number): Float64Array {
  if (mass === undefined) return new Float64Array(count).fill(1 / count);
  const { shape, data } = hostNumbers(use, mass);
  if (shape.length !== 1 || shape[0] !== count) {
    throw new TransportError(`${use}: expected ${name} of shape [${count}], got [${shape.join(', ')}].`);
  }
  const bad = data.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad >= 0 || data.every((value) => value === 0)) {
    throw new TransportError(
      `${use}: expected ${name} with masses of at least 0 and a positive sum, got ${bad >= 0 ? `${data[bad]} at ${bad}` : 'zeros alone'}.`,
    );
  }
  return data;
}

/** Both masses with the sum of the first; throws where the sums differ by more than rounding. */
export function balanced(use: string, a: Float64Array, b: Float64Array): { a: Float64Array; b: Float64Array } {
  const [total, other] = [a, b].map((mass) => mass.reduce((sum, value) => sum + value, 0));
  if (Math.abs(total - other) > MASS_TOLERANCE * Math.max(total, other)) {
    throw new TransportError(
      `${use}: expected equal sums of a and b, got ${total} and ${other}. Normalise both, or use unbalancedSinkhorn.`,
    );
  }
  return { a, b: b.map((value) => (value * total) / other) };
}
