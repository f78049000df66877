/** The exponent e of `y = c · x^e`, by least squares of the logarithms. */
export function exponentOf(xs: readonly number[], ys: readonly number[]): number {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  // A time too short for the clock says nothing about growth.
  const [u, v] = [xs.map(Math.log), ys.map((y) => Math.log(Math.max(y, 0.05)))];
  const [meanU, meanV] = [mean(u), mean(v)];
  const covariance = u.reduce((sum, value, i) => sum + (value - meanU) * (v[i] - meanV), 0);
  return covariance / u.reduce((sum, value) => sum + (value - meanU) ** 2, 0);
}
