import { bringToSafeSize, filledWithNaN, largestEntry, rotateRows } from './symmetricEigen.ts';

const MAX_SWEEPS = 60;

export interface SingularRows {
  /** Singular values, largest first. */
  readonly values: Float64Array;
  /** Left and right singular vectors as rows. */
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/**
 * Singular values of the m x n matrix whose columns are the rows of `columns` (n rows of m elements, m >= n):
 * Hestenes' one-sided Jacobi rotations make the columns orthogonal (Golub and Van Loan, 8.6.3). NaN for a matrix that
 * holds NaN or infinity. `columns` is overwritten. Left vectors of zero singular values complete an orthonormal set.
 */
export function singularRows(columns: Float64Array, m: number, n: number): SingularRows {
  const size = largestEntry(columns);
  if (Number.isNaN(size)) return noFactors(m, n);
  const scale = bringToSafeSize(columns, size);
  const turns = new Float64Array(n * n);
  for (let i = 0; i < n; i++) turns[i * n + i] = 1;
  const total = Math.sqrt(dot(columns, 0, 0, columns.length));
  const negligible = (Number.EPSILON * total) ** 2;
  let settled = false;
  for (let sweep = 0; sweep < MAX_SWEEPS && !settled; sweep++) {
    settled = true;
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) if (rotatePair(columns, turns, p, q, m, n, negligible)) settled = false;
  }
  if (!settled) return noFactors(m, n);
  const norms = new Float64Array(n);
  const order = new Array<number>(n);
  for (let i = 0; i < n; i++) {
    norms[i] = Math.sqrt(dot(columns, i * m, i * m, m));
    order[i] = i;
  }
  order.sort((i, j) => norms[j] - norms[i] || i - j);
  const values = new Float64Array(n);
  const left = new Float64Array(n * m);
  const right = new Float64Array(n * n);
  for (let to = 0; to < n; to++) {
    const from = order[to];
    values[to] = norms[from] * scale;
    for (let i = 0; i < n; i++) right[to * n + i] = turns[from * n + i];
    const known = norms[from] > m * Number.EPSILON * total;
    for (let i = 0; known && i < m; i++) left[to * m + i] = columns[from * m + i] / norms[from];
    if (!known) completeRow(left, to, m);
  }
  return { values, left, right };
}

const noFactors = (m: number, n: number): SingularRows => ({
  values: filledWithNaN(n),
  left: filledWithNaN(n * m),
  right: filledWithNaN(n * n),
});

function dot(rows: Float64Array, p: number, q: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += rows[p + i] * rows[q + i];
  return sum;
}

/** Makes two columns orthogonal; false when they already are. */
function rotatePair(
  columns: Float64Array,
  turns: Float64Array,
  p: number,
  q: number,
  m: number,
  n: number,
  negligible: number,
): boolean {
  const alpha = dot(columns, p * m, p * m, m);
  const beta = dot(columns, q * m, q * m, m);
  const gamma = dot(columns, p * m, q * m, m);
  if (Math.min(alpha, beta) <= negligible || Math.abs(gamma) <= 4 * Number.EPSILON * Math.sqrt(alpha * beta))
    return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  rotateRows(columns, p * m, q * m, m, c, -c * t);
  rotateRows(turns, p * n, q * n, n, c, -c * t);
  return true;
}

/** Fills row `at` with a unit vector orthogonal to the rows before it. */
function completeRow(rows: Float64Array, at: number, m: number): void {
  const row = rows.subarray(at * m, (at + 1) * m);
  for (let axis = 0; axis < m; axis++) {
    row.fill(0);
    row[axis] = 1;
    // Twice is enough: the second pass removes what rounding left.
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < at; other++) {
        const projection = dot(rows, other * m, at * m, m);
        for (let i = 0; i < m; i++) row[i] -= projection * rows[other * m + i];
      }
    }
    const norm = Math.sqrt(dot(rows, at * m, at * m, m));
    // Some axis keeps at least 1/sqrt(m) of its length, since at < m rows cannot span them all.
    if (norm < 0.5 / Math.sqrt(m)) continue;
    for (let i = 0; i < m; i++) row[i] /= norm;
    return;
  }
}
