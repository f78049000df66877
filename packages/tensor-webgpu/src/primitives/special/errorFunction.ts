/**
 * The error function and its kin in double precision: W. J. Cody, "Rational Chebyshev approximations for the
 * error function", Mathematics of Computation 23, 1969. Numerator and denominator coefficients, highest
 * power first, on |x| <= 0.46875, up to 4, and beyond.
 */
const SMALL_NUMERATOR = [
  0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
];
const SMALL_DENOMINATOR = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const MIDDLE_NUMERATOR = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
const MIDDLE_DENOMINATOR = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
const LARGE_NUMERATOR = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
];
const LARGE_DENOMINATOR = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];

const INVERSE_SQRT_PI = 0.5641895835477563;
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
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const GILES_TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/**
 * The inverse of `erf` on (-1, 1): Giles' approximation in single precision, made exact by Newton steps; in
 * the tails these solve for the logarithm of `erfc`, which is nearly a parabola there.
 */
export function erfInv(x: number): number {
  const size = Math.abs(x);
  if (size === 1) return x * Infinity;
  if (!(size < 1)) return Number.NaN;
  if (size === 0) return x;
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
