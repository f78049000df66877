/** The Bernoulli numbers B2, B4, …, B24. */
export const BERNOULLI: readonly number[] = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
];

/**
 * The Hurwitz zeta function `sum over k >= 0 of (x + k) ** -s` for x > 0, s > 1: the first terms one by one,
 * the rest by the Euler-Maclaurin formula.
 */
export function hurwitzZeta(s: number, x: number): number {
  if (!(x > 0)) return Number.NaN;
  // The correction terms fall fast once the argument is well above the order.
  const terms = Math.max(0, Math.ceil(10 + s / 2 - x));
  let sum = 0;
  for (let k = 0; k < terms; k++) sum += (x + k) ** -s;
  const a = x + terms;
  const power = a ** -s;
  let total = sum + (a * power) / (s - 1) + power / 2;
  // B2j / (2j)! s (s + 1) … (s + 2j - 2) a^(1 - s - 2j)
  let factor = (s * power) / (2 * a);
  BERNOULLI.forEach((bernoulli, j) => {
    total += bernoulli * factor;
    const order = 2 * (j + 1);
    factor *= ((s + order - 1) * (s + order)) / ((order + 1) * (order + 2) * a * a);
  });
  return total;
}
