/**
 * The error function and its kin in double precision: W. J. Cody, "Rational Chebyshev approximations for the
 * error function", Mathematics of Computation 23, 1969. Numerator and denominator coefficients, highest
 * power first, on |x| <= 0.46875, up to 4, and beyond.
 */
const SMALL_NUMERATOR = [1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3];
const SMALL_DENOMINATOR = [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3];
const MIDDLE_NUMERATOR = [
  2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
  8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
];
const MIDDLE_DENOMINATOR = [
  1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
  3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
];
const LARGE_NUMERATOR = [
  1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4,
];
const LARGE_DENOMINATOR = [
  1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3,
];

const INVERSE_SQRT_PI = 5.6418958354775628695e-1;
const SMALL = 0.46875;
const LARGE = 4;

const horner = (coefficients: readonly number[], x: number): number => {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
};

/** `exp(-y²)` with y² split so that its rounding does not grow in the exponential. */
function gaussian(y: number): number {
  const head = Math.trunc(y * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(y - head) * (y + head));
}

/** `erfc(y)` for y > 0.46875. */
function upperTail(y: number): number {
  if (y > 27) return 0;
  if (y <= LARGE) return (gaussian(y) * horner(MIDDLE_NUMERATOR, y)) / horner(MIDDLE_DENOMINATOR, y);
  const inverse = 1 / (y * y);
  const ratio = (inverse * horner(LARGE_NUMERATOR, inverse)) / horner(LARGE_DENOMINATOR, inverse);
  return (gaussian(y) * (INVERSE_SQRT_PI - ratio)) / y;
}

const center = (x: number): number => (x * horner(SMALL_NUMERATOR, x * x)) / horner(SMALL_DENOMINATOR, x * x);

/** `2 / sqrt(pi) * integral from 0 to x of exp(-t²) dt`. */
export function erf(x: number): number {
  const y = Math.abs(x);
  if (!(y > SMALL)) return center(x);
  return Math.sign(x) * (0.5 - upperTail(y) + 0.5);
}

/** `1 - erf(x)`, accurate for large x. */
export function erfc(x: number): number {
  const y = Math.abs(x);
  if (!(y > SMALL)) return 1 - center(x);
  return x > 0 ? upperTail(y) : 2 - upperTail(y);
}

/** Coefficients of M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2010, highest power first. */
const GILES_CENTER = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
];
const GILES_TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
];

/**
 * The inverse of `erf` on (-1, 1): Giles' approximation in single precision, made exact by Newton steps; in
 * the tails these solve for the logarithm of `erfc`, which is nearly a parabola there.
 */
export function erfInv(x: number): number {
  const size = Math.abs(x);
  if (size === 1) return x * Infinity;
  if (!(size < 1)) return Number.NaN;
  const w = -Math.log((1 - size) * (1 + size));
  let y = size * (w < 5 ? horner(GILES_CENTER, w - 2.5) : horner(GILES_TAIL, Math.sqrt(w) - 3));
  for (let step = 0; step < 4; step++) {
    const slope = 2 * INVERSE_SQRT_PI * gaussian(y);
    if (size < 0.5) {
      y -= (erf(y) - size) / slope;
    } else {
      const tail = erfc(y);
      y += (Math.log(tail / (1 - size)) * tail) / slope;
    }
  }
  return x < 0 ? -y : y;
}
