import { shiftedExp } from './exponential.ts';
import { wgsl } from './function.ts';
import { log, log1p } from './logarithm.ts';
import { copySign, float, infinity, nan, polynomial } from './numbers.ts';

/** Taylor coefficients of (sinh(x)/x − 1)/x² in x². */
const SINH = [1 / 6, 1 / 120, 1 / 5040, 1 / 362880, 1 / 39916800];
/** Minimax fit of (arsinh(x)/x − 1)/x² in x² on |x| ≤ 1/2, relative error 2⁻³⁴. */
const ARSINH = [-0.166666653, 0.0749988928, -0.0446132502, 0.0300129519, -0.0199799827, 0.00916771056];
/** From here on √(x² ± 1) is x, and squares are near overflow later. */
const LARGE = 2 ** 14;

/** sinh x = (eˣ − e⁻ˣ)/2, by its series up to 1. */
export const sinh = wgsl(
  `
fn math_sinh(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1f) {
    let z = x * x;
    return fma(x * z, ${polynomial('z', SINH)}, x);
  }
  return math_copy_sign(math_shifted_exp(a, -1i) - math_shifted_exp(-a, -1i), x);
}`,
  [shiftedExp, copySign],
);

/** cosh x = (eˣ + e⁻ˣ)/2. */
export const cosh = wgsl(
  `
fn math_cosh(x: f32) -> f32 {
  let a = abs(x);
  return math_shifted_exp(a, -1i) + math_shifted_exp(-a, -1i);
}`,
  [shiftedExp],
);

/** arsinh x = ln(1 + |x| + x²/(1 + √(1 + x²))) with the sign of x. */
export const asinh = wgsl(
  `
fn math_asinh(x: f32) -> f32 {
  let a = abs(x);
  let z = a * a;
  if (a < 0.5f) { return math_copy_sign(fma(x * z, ${polynomial('z', ARSINH)}, x), x); }
  if (a > ${float(LARGE)}) { return math_copy_sign(math_log(a) + ${float(Math.LN2)}, x); }
  return math_copy_sign(math_log1p(a + z / (1f + sqrt(1f + z))), x);
}`,
  [log, log1p, copySign],
);

/** arcosh x = ln(1 + t + √(2t + t²)) with t = x − 1, NaN below 1. */
export const acosh = wgsl(
  `
fn math_acosh(x: f32) -> f32 {
  if (!(x >= 1f)) { return math_nan(); }
  if (x > ${float(LARGE)}) { return math_log(x) + ${float(Math.LN2)}; }
  let t = x - 1f;
  return math_log1p(t + sqrt(fma(t, t, 2f * t)));
}`,
  [nan, log, log1p],
);

/** artanh x = ln(1 + 2|x|/(1 − |x|))/2 with the sign of x, NaN beyond ±1. */
export const atanh = wgsl(
  `
fn math_atanh(x: f32) -> f32 {
  let a = abs(x);
  if (!(a < 1f)) {
    if (a == 1f) { return math_copy_sign(math_infinity(), x); }
    return math_nan();
  }
  return math_copy_sign(0.5f * math_log1p((2f * a) / (1f - a)), x);
}`,
  [nan, infinity, log1p, copySign],
);
