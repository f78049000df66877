import { logUniform } from './uniform.ts';

/** Candidate concentrations: 6 per decade from 10 (2,000 km on the Earth) to 1e8 (0.6 km; fires need 2e7). */
const defaultKappas: readonly number[] = Array.from({ length: 43 }, (_, i) => 10 ** (1 + i / 6));

/** Candidate weights of the uniform floor: 1 % to 10 %. */
const defaultUniformWeights: readonly number[] = Array.from({ length: 10 }, (_, i) => (i + 1) / 100);

/** exp(-40) is below the rounding of a sum that holds exp(0). */
const NEGLIGIBLE_EXPONENT = 40;
/** Twenty roundings of float32. */
const UNIT_TOLERANCE = 1e-6;

/** Thrown for points, concentrations or weights that define no density. */
export class KernelDensityError extends RangeError {
  override name = 'KernelDensityError';
}

export interface VonMisesFisherKdeOptions {
  /** Concentration of each kernel, > 0. */
  kappa: number;
  /** Weight of the uniform density, 0..1. */
  uniformWeight: number;
}

export interface VonMisesFisherKde extends VonMisesFisherKdeOptions {
  /** Natural log of the density per steradian at unit vectors, row-major (m, 3). */
  logDensity(queries: Float64Array): Float64Array;
}

/**
 * Kernel density on the sphere S^2 with a uniform floor:
 * `p(x) = w / (4 pi) + (1 - w) / n sum_i C(kappa) exp(kappa x . x_i)`, `C(kappa) = kappa / (4 pi sinh kappa)`.
 *
 * All in logarithms, with `kappa (x . x_i - 1) = -kappa |x - x_i|^2 / 2`: no overflow and no cancellation at any kappa.
 *
 * @param points unit vectors, row-major (n, 3), n >= 1
 * @throws KernelDensityError
 */
export function vonMisesFisherKde(
  points: Float64Array,
  { kappa, uniformWeight }: VonMisesFisherKdeOptions,
): VonMisesFisherKde {
  checkUnitVectors(points, 'points');
  checkKappa(kappa);
  checkWeight(uniformWeight);
  return {
    kappa,
    uniformWeight,
    logDensity(queries) {
      checkUnitVectors(queries, 'queries');
      const kernels = logKernelDensities(points, queries, [kappa])[0]!;
      return kernels.map((logKernel) => mixWithUniform(logKernel, uniformWeight));
    },
  };
}

export interface FitVonMisesFisherKdeOptions {
  /** Unit vectors that carry the kernels, row-major (n, 3). */
  train: Float64Array;
  /** Unit vectors that choose kappa and the floor, row-major (m, 3). */
  validation: Float64Array;
  /** Candidates; 10 to 1e8, 6 per decade, when left out. */
  kappas?: readonly number[];
  /** Candidates; 0.01 to 0.1 in steps of 0.01 when left out. */
  uniformWeights?: readonly number[];
}

/**
 * The kernel density on `train` whose kappa and uniform weight give the smallest mean negative log-likelihood on `validation`,
 * over all pairs of the candidates. Its cost is one pass over the train-validation distances.
 *
 * @throws KernelDensityError
 */
export function fitVonMisesFisherKde({
  train,
  validation,
  kappas = defaultKappas,
  uniformWeights = defaultUniformWeights,
}: FitVonMisesFisherKdeOptions): VonMisesFisherKde & { validationNll: number } {
  checkUnitVectors(train, 'train');
  checkUnitVectors(validation, 'validation');
  kappas.forEach(checkKappa);
  uniformWeights.forEach(checkWeight);
  if (kappas.length === 0 || uniformWeights.length === 0) {
    throw new KernelDensityError(
      'fitVonMisesFisherKde: expected at least one kappa and one weight, given none. Leave them out for the defaults.',
    );
  }
  let best = { kappa: kappas[0]!, uniformWeight: uniformWeights[0]!, validationNll: Infinity };
  for (const [k, kernels] of logKernelDensities(train, validation, kappas).entries()) {
    for (const uniformWeight of uniformWeights) {
      const validationNll = negativeMean(kernels.map((logKernel) => mixWithUniform(logKernel, uniformWeight)));
      if (validationNll < best.validationNll) best = { kappa: kappas[k]!, uniformWeight, validationNll };
    }
  }
  return { ...vonMisesFisherKde(train, best), validationNll: best.validationNll };
}

/** Mean negative log-likelihood in nats of log densities; the smaller, the better. */
export function negativeMean(logDensities: Float64Array): number {
  let sum = 0;
  for (const value of logDensities) sum -= value;
  return sum / logDensities.length;
}

/**
 * `log( C(kappa) / n sum_i exp(kappa x . x_i) )` for each kappa (outer) and query x (inner).
 * The distances of one query serve every kappa. The nearest point holds the largest term of every sum, and a point that is
 * too far to count stays so at every larger kappa: the list of distances shrinks as kappa grows.
 */
function logKernelDensities(points: Float64Array, queries: Float64Array, kappas: readonly number[]): Float64Array[] {
  const n = points.length / 3;
  const m = queries.length / 3;
  const out = kappas.map(() => new Float64Array(m));
  const halfSquares = new Float64Array(n);
  const ascending = [...kappas.keys()].sort((a, b) => kappas[a]! - kappas[b]!);
  for (let q = 0; q < m; q++) {
    const x = queries[3 * q]!;
    const y = queries[3 * q + 1]!;
    const z = queries[3 * q + 2]!;
    let nearest = Infinity;
    for (let i = 0; i < n; i++) {
      const dx = x - points[3 * i]!;
      const dy = y - points[3 * i + 1]!;
      const dz = z - points[3 * i + 2]!;
      const halfSquare = (dx * dx + dy * dy + dz * dz) / 2;
      halfSquares[i] = halfSquare;
      if (halfSquare < nearest) nearest = halfSquare;
    }
    let count = n;
    for (const k of ascending) {
      const kappa = kappas[k]!;
      const cut = nearest + NEGLIGIBLE_EXPONENT / kappa;
      let sum = 0;
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const halfSquare = halfSquares[i]!;
        if (halfSquare > cut) continue;
        sum += Math.exp(-kappa * (halfSquare - nearest));
        halfSquares[kept++] = halfSquare;
      }
      count = kept;
      out[k]![q] = logPeak(kappa) - kappa * nearest + Math.log(sum / n);
    }
  }
  return out;
}

/** `log( C(kappa) exp(kappa) )`, the log density of one kernel at its center: `log kappa - log 2 pi - log(1 - exp(-2 kappa))`. */
function logPeak(kappa: number): number {
  return Math.log(kappa / (2 * Math.PI)) - Math.log(-Math.expm1(-2 * kappa));
}

/** `log( w / (4 pi) + (1 - w) exp(logKernel) )`. */
function mixWithUniform(logKernel: number, weight: number): number {
  const a = Math.log(weight) + logUniform;
  const b = Math.log1p(-weight) + logKernel;
  const larger = Math.max(a, b);
  return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
}

function checkKappa(kappa: number): void {
  if (!(kappa > 0 && kappa < Infinity)) {
    throw new KernelDensityError(
      `von Mises-Fisher kernel: expected a finite kappa > 0, given ${kappa}. The default candidates run from 10 to 1e8.`,
    );
  }
}

function checkWeight(weight: number): void {
  if (!(weight >= 0 && weight <= 1)) {
    throw new KernelDensityError(
      `von Mises-Fisher kernel: expected a uniform weight in 0..1, given ${weight}. 0.01 to 0.1 is usual.`,
    );
  }
}

function checkUnitVectors(vectors: Float64Array, name: string): void {
  if (vectors.length === 0 || vectors.length % 3 !== 0) {
    throw new KernelDensityError(
      `von Mises-Fisher kernel: expected ${name} as row-major (n, 3) with n >= 1, given ${vectors.length} numbers. Pass unit vectors, three numbers each.`,
    );
  }
  for (let i = 0; i < vectors.length; i += 3) {
    const length = Math.hypot(vectors[i]!, vectors[i + 1]!, vectors[i + 2]!);
    if (!(Math.abs(length - 1) < UNIT_TOLERANCE)) {
      throw new KernelDensityError(
        `von Mises-Fisher kernel: expected unit vectors in ${name}, given length ${length} in row ${i / 3}. Divide each vector by its length.`,
      );
    }
  }
}
