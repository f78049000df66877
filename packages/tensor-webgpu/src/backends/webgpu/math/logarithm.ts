import { wgsl } from './function.ts';
import { float, infinity, nan, polynomial } from './numbers.ts';

/** ln 2 in two parts; the first has 9 bits, so that its products with exponents are exact. */
const LN2_HIGH = 355 / 512;
const LN2_LOW = -2.1219444e-4;
/** Minimax fit of (ln(1 + f) − f + f²/2)/f³ for 1 + f in [√½, √2]: relative error 2⁻³⁰ of ln(1 + f). */
const LOG = [
  0.333333135, -0.250000119, 0.20002076, -0.166678578, 0.142201439, -0.124080665, 0.118868724, -0.116618641,
  0.0673286095,
];
const SMALLEST_NORMAL = 2 ** -126;
/** Denormal arguments are first multiplied by two to this power. */
const DENORMAL_SHIFT = 25;
/** From here on ln(1 + x) is ln x. */
const LOG1P_LARGE = 2 ** 30;

/** The bits of √½, where mantissas begin, and of 1. */
export const SQRT_HALF_BITS = '0x3f3504f3u';
export const ONE_BITS = '0x3f800000u';

/** k·ln 2 + ln(1 + f). */
const logParts = wgsl(`
fn math_log_parts(f: f32, k: f32) -> f32 {
  let square = f * f;
  let cubic = (f * square) * ${polynomial('f', LOG)};
  let small = fma(-0.5f, square, fma(k, ${float(LN2_LOW)}, cubic));
  return fma(k, ${float(LN2_HIGH)}, f + small);
}`);

/** ln x = k·ln 2 + ln(1 + f) with 1 + f in [√½, √2). */
export const log = wgsl(
  `
fn math_log(x: f32) -> f32 {
  if (!(x > 0f)) {
    if (x == 0f) { return -math_infinity(); }
    return math_nan();
  }
  let bits = bitcast<u32>(x);
  if (bits >= 0x7f800000u) { return x; }
  let tiny = x < ${float(SMALLEST_NORMAL)};
  let normal = bitcast<u32>(select(x, x * ${float(2 ** DENORMAL_SHIFT)}, tiny));
  let exponent = (normal + (${ONE_BITS} - ${SQRT_HALF_BITS})) >> 23u;
  let f = bitcast<f32>(normal - (exponent << 23u) + ${ONE_BITS}) - 1f;
  return math_log_parts(f, f32(i32(exponent) - select(127i, ${127 + DENORMAL_SHIFT}i, tiny)));
}`,
  [infinity, nan, logParts],
);

/** ln(1 + x) = k·ln 2 + ln(1 + f), where f = x·2⁻ᵏ + (2⁻ᵏ − 1) is rounded once. */
export const log1p = wgsl(
  `
fn math_log1p(x: f32) -> f32 {
  if (!(x > -1f)) {
    if (x == -1f) { return -math_infinity(); }
    return math_nan();
  }
  if (x > ${float(LOG1P_LARGE)}) { return math_log(x); }
  let exponent = (bitcast<u32>(1f + x) + (${ONE_BITS} - ${SQRT_HALF_BITS})) >> 23u;
  let k = i32(exponent) - 127i;
  if (k == 0i) { return select(math_log_parts(x, 0f), x, x == 0f); }
  let scale = bitcast<f32>((127i - k) << 23u);
  return math_log_parts(fma(x, scale, scale - 1f), f32(k));
}`,
  [infinity, nan, log, logParts],
);
