/** A function of one real number that has a Taylor series everywhere on its domain. */
export type ScalarFunction =
  | { readonly kind: 'exp' }
  | { readonly kind: 'log' }
  | { readonly kind: 'power'; readonly exponent: number };

/** Taylor series are summed where the nodes spread less than this fraction around their midpoint. */
const LOG_AND_POWER_RADIUS = 1 / 3;
const EXP_RADIUS = 1 / 2;
/** Terms that bring a series of the largest radius below the rounding of float64, for up to five nodes. */
const MAX_TERMS = 56;
const LOG_EPSILON = Math.log(Number.EPSILON / 2);

export function valueOf(f: ScalarFunction, x: number): number {
  if (f.kind === 'exp') return Math.exp(x);
  return f.kind === 'log' ? Math.log(x) : x ** f.exponent;
}

/** `f⁽ᵐ⁾(c) rᵐ / m!` for m < count; r is 1 for exp and c for log and powers, whose series are in (x - c) / c. */
function scaledTaylor(f: ScalarFunction, c: number, count: number): Float64Array {
  const terms = new Float64Array(count);
  terms[0] = valueOf(f, c);
  for (let m = 1; m < count; m++) {
    if (f.kind === 'exp') terms[m] = terms[m - 1] / m;
    else if (f.kind === 'log') terms[m] = (m % 2 === 1 ? 1 : -1) / m;
    else terms[m] = (terms[m - 1] * (f.exponent - m + 1)) / m;
  }
  return terms;
}

/**
 * The divided difference `f[x₀, …, x_k]` of ascending nodes, which may coincide; for log and powers they are
 * positive. Spread nodes take the recurrence `(f[x₁, …, x_k] - f[x₀, …, x_{k-1}]) / (x_k - x₀)`. Close ones,
 * where that cancels, take `Σ_m f⁽ᵐ⁾(c) / m! · h_{m-k}(x₀ - c, …, x_k - c)` about the midpoint c, with h the
 * complete homogeneous symmetric polynomials (McCurdy, Ng and Parlett 1984), which holds for equal nodes too.
 */
export function dividedDifference(
  f: ScalarFunction,
  nodes: ArrayLike<number>,
  first = 0,
  last = nodes.length - 1,
): number {
  if (first === last) return valueOf(f, nodes[first]);
  const center = (nodes[first] + nodes[last]) / 2;
  const unit = f.kind === 'exp' ? 1 : center;
  const radius = (nodes[last] - nodes[first]) / (2 * unit);
  if (radius <= (f.kind === 'exp' ? EXP_RADIUS : LOG_AND_POWER_RADIUS))
    return closeDifference(f, nodes, first, last, center, unit, radius);
  const upper = dividedDifference(f, nodes, first + 1, last);
  const lower = dividedDifference(f, nodes, first, last - 1);
  return (upper - lower) / (nodes[last] - nodes[first]);
}

function closeDifference(
  f: ScalarFunction,
  nodes: ArrayLike<number>,
  first: number,
  last: number,
  center: number,
  unit: number,
  radius: number,
): number {
  const order = last - first;
  const wanted = radius === 0 ? 1 : Math.ceil(LOG_EPSILON / Math.log(radius)) + 4 * order;
  const terms = Math.min(wanted, MAX_TERMS);
  const symmetric = new Float64Array(terms);
  symmetric[0] = 1;
  for (let i = first; i <= last; i++) {
    const offset = (nodes[i] - center) / unit;
    for (let m = 1; m < terms; m++) symmetric[m] += offset * symmetric[m - 1];
  }
  const taylor = scaledTaylor(f, center, terms + order);
  let sum = 0;
  for (let m = terms - 1; m >= 0; m--) sum += taylor[m + order] * symmetric[m];
  return sum / unit ** order;
}
