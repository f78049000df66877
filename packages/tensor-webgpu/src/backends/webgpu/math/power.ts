import { powerOfTwo, reducedExpm1 } from './exponential.ts';
import { wgsl } from './function.ts';
import { ONE_BITS, SQRT_HALF_BITS } from './logarithm.ts';
import { copySign, float, infinity, isFinite, isNaN, leading, nan, polynomial } from './numbers.ts';

/** Minimax fit of (artanh(s)/s − 1)/s² in s² on |s| ≤ 0.1717. */
const ARTANH = [0.33333333, 0.2, 0.142857085, 0.111116886, 0.0906172954, 0.0841105919];
/** 1/ln 2 in a part of 12 bits and the rest. */
const INVERSE_LN2_HIGH = 2954 / 2048;
const INVERSE_LN2_LOW = Math.LOG2E - INVERSE_LN2_HIGH;
/** Beyond these powers of two results overflow or vanish. */
const OVERFLOW = 130;
const UNDERFLOW = -152;

/**
 * |x|ʸ for finite x > 0 and finite y: 2^(y·log₂ x), with the logarithm and the product as sums of a leading part of 12 bits,
 * whose products are exact, and a rest.
 */
const positivePower = wgsl(
  `
fn math_positive_power(x: f32, y: f32) -> f32 {
  let tiny = x < 0x1p-126f;
  let normal = bitcast<u32>(select(x, x * 0x1p+25f, tiny));
  let exponent = (normal + (${ONE_BITS} - ${SQRT_HALF_BITS})) >> 23u;
  let k = f32(i32(exponent) - select(127i, 152i, tiny));
  let mantissa = bitcast<f32>(normal - (exponent << 23u) + ${ONE_BITS});
  let f = mantissa - 1f;
  // s = f/(2 + f), and what its leading part leaves over.
  let sum = mantissa + 1f;
  let sumHigh = math_leading(sum);
  let sumLow = mantissa - (sumHigh - 1f);
  let s = f / sum;
  let sHigh = math_leading(s);
  let sLow = ((f - sHigh * sumHigh) - sHigh * sumLow) / sum;
  let z = s * s;
  let rest = 2f * fma(s * z, ${polynomial('z', ARTANH)}, sLow);
  let twice = 2f * sHigh;
  let mainPart = twice * ${float(INVERSE_LN2_HIGH)};
  let low = fma(twice, ${float(INVERSE_LN2_LOW)}, rest * ${float(Math.LOG2E)});
  // log2 x = high + lower.
  let high = math_leading(k + (mainPart + low));
  let lower = (mainPart - (high - k)) + low;
  let yHigh = math_leading(y);
  let yLow = y - yHigh;
  let productHigh = yHigh * high;
  let productLow = fma(yLow, high, y * lower);
  let product = productHigh + productLow;
  if (product > ${float(OVERFLOW)}) { return math_infinity(); }
  if (product < ${float(UNDERFLOW)}) { return 0f; }
  let n = round(product);
  let t = ((productHigh - n) + productLow) * ${float(Math.LN2)};
  let count = i32(n);
  let half = count >> 1u;
  return (1f + math_reduced_expm1(t, 0f)) * math_power_of_two(half) * math_power_of_two(count - half);
}`,
  [leading, infinity, reducedExpm1, powerOfTwo],
);

/** xʸ with the cases of C's pow. */
export const pow = wgsl(
  `
fn math_pow(x: f32, y: f32) -> f32 {
  if (y == 0f || x == 1f) { return 1f; }
  if (math_is_nan(x) || math_is_nan(y)) { return math_nan(); }
  let a = abs(x);
  var magnitude = 1f;
  if (!math_is_finite(y)) {
    if (a == 1f) { return 1f; }
    return select(0f, math_infinity(), (a > 1f) == (y > 0f));
  } else if (a == 0f || !math_is_finite(a)) {
    magnitude = select(0f, math_infinity(), (a == 0f) != (y > 0f));
  } else if (a != 1f) {
    magnitude = math_positive_power(a, y);
  }
  if ((bitcast<u32>(x) >> 31u) == 0u) { return magnitude; }
  let whole = trunc(y) == y;
  let halved = y * 0.5f;
  if (whole && trunc(halved) != halved) { return -magnitude; }
  // A finite negative base has real powers for whole exponents only.
  if (!whole && a != 0f && math_is_finite(a)) { return math_nan(); }
  return magnitude;
}`,
  [isNaN, nan, isFinite, infinity, positivePower],
);

export const square = wgsl(`fn math_square(x: f32) -> f32 { return x * x; }`);
export const cube = wgsl(`fn math_cube(x: f32) -> f32 { return x * x * x; }`);

/** The real cube root: a guess from the exponent, then Newton's steps. */
export const cbrt = wgsl(
  `
fn math_cbrt(x: f32) -> f32 {
  if (x == 0f || !math_is_finite(x)) { return x; }
  let tiny = abs(x) < 0x1p-126f;
  let a = abs(select(x, x * 0x1p+24f, tiny));
  var root = bitcast<f32>(bitcast<u32>(a) / 3u + 0x2a514067u);
  for (var i = 0; i < 3; i++) { root += (a / (root * root) - root) * ${float(1 / 3)}; }
  return math_copy_sign(select(root, root * 0x1p-8f, tiny), x);
}`,
  [isFinite, copySign],
);

/**
 * The remainder of the division x/y towards zero, exact as C's fmod: long division of the mantissas, eight digits at a time.
 */
export const rem = wgsl(
  `
fn math_rem(x: f32, y: f32) -> f32 {
  let xBits = bitcast<u32>(x) & 0x7fffffffu;
  let yBits = bitcast<u32>(y) & 0x7fffffffu;
  if (xBits >= 0x7f800000u || yBits > 0x7f800000u || yBits == 0u) { return math_nan(); }
  if (xBits < yBits) { return x; }
  let yExponent = max(yBits >> 23u, 1u);
  let xExponent = max(xBits >> 23u, 1u);
  let divisor = (yBits & 0x7fffffu) | select(0u, 0x800000u, yBits >= 0x800000u);
  var rest = ((xBits & 0x7fffffu) | select(0u, 0x800000u, xBits >= 0x800000u)) % divisor;
  var left = xExponent - yExponent;
  while (left > 0u && rest != 0u) {
    let digits = min(left, 8u);
    rest = (rest << digits) % divisor;
    left -= digits;
  }
  // rest is below the divisor, of the divisor's exponent.
  var bits = rest;
  if (rest != 0u) {
    let shift = min(countLeadingZeros(rest) - 8u, yExponent - 1u);
    let shifted = rest << shift;
    bits = select(shifted, (shifted & 0x7fffffu) | ((yExponent - shift) << 23u), shifted >= 0x800000u);
  }
  return bitcast<f32>(bits | (bitcast<u32>(x) & 0x80000000u));
}`,
  [nan],
);
