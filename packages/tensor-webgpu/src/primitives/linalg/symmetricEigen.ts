import type { TypedArray } from '../../dtype/dtype.ts';

/** Steps of the iteration allowed per eigenvalue; a few are enough. */
const STEPS_PER_VALUE = 60;

/** `(A + Aᵀ) / 2` of matrix `index` in a stack of n x n matrices. */
export function symmetricPartAt(stack: TypedArray, index: number, n: number): Float64Array {
  const part = new Float64Array(n * n);
  const base = index * n * n;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) part[i * n + j] = 0.5 * (stack[base + i * n + j] + stack[base + j * n + i]);
  return part;
}

/** Entries of other sizes are brought to 1 first, so that no square overflows or vanishes. */
const SAFE_SIZES = { least: 1e-100, largest: 1e100 };

/** Beside a largest entry of that size, what is smaller than this is 0; its square may vanish before it does. */
const NOTHING = 1e-145;

/** Divides entries whose squares would overflow or vanish by the largest one, `size`; returns the divisor. */
export function bringToSafeSize(matrix: Float64Array, size: number): number {
  if (!(size > 0 && (size < SAFE_SIZES.least || size > SAFE_SIZES.largest))) return 1;
  for (let i = 0; i < matrix.length; i++) matrix[i] /= size;
  return size;
}

/**
 * Eigenvalues (ascending) and eigenvectors (the rows of `vectors`) of a symmetric n x n matrix: reduction to
 * tridiagonal form by Householder reflections, then implicit QR steps with Wilkinson's shift (Golub and Van
 * Loan, "Matrix Computations", 4th edition, 8.3). NaN for a matrix that holds NaN or infinity. `matrix` is overwritten. Written with plain loops: a stack may
 * hold many thousands of small matrices.
 */
export function symmetricEigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const size = largestEntry(matrix);
  if (Number.isNaN(size)) return { values: filledWithNaN(n), vectors: filledWithNaN(n * n) };
  const scale = bringToSafeSize(matrix, size);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  tridiagonalize(matrix, vectors, n);
  const values = new Float64Array(n);
  const beside = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = matrix[i * n + i];
  for (let i = 0; i + 1 < n; i++) beside[i] = matrix[i * n + i + 1];
  if (!diagonalize(values, beside, vectors, n)) return { values: filledWithNaN(n), vectors: filledWithNaN(n * n) };
  sortAscending(values, vectors, n);
  if (scale !== 1) for (let i = 0; i < n; i++) values[i] *= scale;
  return { values, vectors };
}

/** What stands for the factors of a matrix that has none. */
export const filledWithNaN = (size: number): Float64Array => new Float64Array(size).fill(Number.NaN);

/** The largest absolute value; NaN where there is NaN or infinity. */
export function largestEntry(matrix: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < matrix.length; i++) {
    const size = Math.abs(matrix[i]);
    if (!(size <= Number.MAX_VALUE)) return Number.NaN;
    if (size > largest) largest = size;
  }
  return largest;
}

/** Sorts values, and with them the rows of `vectors`, by selection. */
function sortAscending(values: Float64Array, vectors: Float64Array, n: number): void {
  for (let to = 0; to < n - 1; to++) {
    let from = to;
    for (let i = to + 1; i < n; i++) if (values[i] < values[from]) from = i;
    if (from === to) continue;
    const value = values[to];
    values[to] = values[from];
    values[from] = value;
    for (let j = 0; j < n; j++) {
      const element = vectors[to * n + j];
      vectors[to * n + j] = vectors[from * n + j];
      vectors[from * n + j] = element;
    }
  }
}

/** Makes `a` tridiagonal by reflections, which are collected in the rows of `vectors`. */
function tridiagonalize(a: Float64Array, vectors: Float64Array, n: number): void {
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let square = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k];
      square += v[i] * v[i];
    }
    const tail = square - v[k + 1] * v[k + 1];
    if (tail < NOTHING * NOTHING) continue;
    const norm = Math.sqrt(square);
    v[k + 1] += v[k + 1] >= 0 ? norm : -norm;
    const scale = 2 / (tail + v[k + 1] * v[k + 1]);
    // With p = scale A v and w = p - scale/2 (v·p) v, the reflected matrix is A - v wᵀ - w vᵀ.
    let projection = 0;
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j];
      w[i] = scale * sum;
      if (i > k) projection += v[i] * w[i];
    }
    v[k] = 0;
    for (let i = k; i < n; i++) w[i] -= 0.5 * scale * projection * v[i];
    for (let i = k; i < n; i++) {
      for (let j = k; j < n; j++) a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
    }
    reflectRows(vectors, v, scale, k + 1, n);
  }
}

/** Multiplies the orthogonal matrix, held by rows, with `I - scale v vᵀ`. */
function reflectRows(rows: Float64Array, v: Float64Array, scale: number, first: number, n: number): void {
  const sums = new Float64Array(n);
  for (let i = first; i < n; i++) for (let j = 0; j < n; j++) sums[j] += v[i] * rows[i * n + j];
  for (let i = first; i < n; i++) for (let j = 0; j < n; j++) rows[i * n + j] -= scale * v[i] * sums[j];
}

/** Whether an element beside the diagonal is zero within the rounding of its neighbors. */
const isNegligible = (d: Float64Array, e: Float64Array, i: number): boolean =>
  Math.abs(e[i]) <= Math.max(Number.EPSILON * (Math.abs(d[i]) + Math.abs(d[i + 1])), NOTHING);

/** Drives the elements beside the diagonal to zero, from the end of the matrix to its start; whether it could. */
function diagonalize(d: Float64Array, e: Float64Array, vectors: Float64Array, n: number): boolean {
  let steps = STEPS_PER_VALUE * n;
  for (let high = n - 1; high > 0; ) {
    if (isNegligible(d, e, high - 1)) {
      e[--high] = 0;
      continue;
    }
    let low = high - 1;
    while (low > 0 && !isNegligible(d, e, low - 1)) low--;
    if (steps-- === 0) return false;
    shiftedStep(d, e, vectors, low, high, n);
  }
  return true;
}

/** One implicit QR step on the rows `low` to `high`: a bulge is chased down by rotations of neighbours. */
function shiftedStep(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  low: number,
  high: number,
  n: number,
): void {
  const half = (d[high - 1] - d[high]) / 2;
  const last = e[high - 1];
  const shift = d[high] - (last * last) / (half + (half >= 0 ? 1 : -1) * Math.sqrt(half * half + last * last));
  let x = d[low] - shift;
  let z = e[low];
  for (let k = low; k < high; k++) {
    const r = Math.sqrt(x * x + z * z);
    const c = r === 0 ? 1 : x / r;
    const s = r === 0 ? 0 : z / r;
    if (k > low) e[k - 1] = r;
    const a = d[k];
    const b = e[k];
    const g = d[k + 1];
    d[k] = c * c * a + 2 * c * s * b + s * s * g;
    d[k + 1] = s * s * a - 2 * c * s * b + c * c * g;
    e[k] = c * s * (g - a) + (c * c - s * s) * b;
    if (k < high - 1) {
      x = e[k];
      z = s * e[k + 1];
      e[k + 1] *= c;
    }
    rotateRows(vectors, k * n, (k + 1) * n, n, c, s);
  }
}

/** Rotates two rows of `length` elements: `(c p + s q, c q - s p)`. */
export function rotateRows(rows: Float64Array, p: number, q: number, length: number, c: number, s: number): void {
  for (let i = 0; i < length; i++) {
    const a = rows[p + i];
    const b = rows[q + i];
    rows[p + i] = c * a + s * b;
    rows[q + i] = c * b - s * a;
  }
}
