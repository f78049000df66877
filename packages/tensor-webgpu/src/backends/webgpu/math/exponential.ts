import { wgsl } from './function.ts';
import { copySign, float, polynomial } from './numbers.ts';

/** ln 2 in two parts; the first has 9 bits, so that its products with exponents are exact. */
const LN2_HIGH = 355 / 512;
const LN2_LOW = -2.1219444e-4;
/** Minimax fit of (eʳ − 1 − r)/r² on |r| ≤ ln(2)/2, relative error 2⁻²⁶ of eʳ − 1. */
const EXPM1 = [0.49999997, 0.166665435, 0.0416675173, 0.00836657081, 0.00138633302];
/** Minimax fit of (ln(1 + e)/t − 1)/t² in t², with t = 2e/(2 + e) and e in [0, 1]: relative error 2⁻²⁸. */
const LOG1P = [0.0833330154, 0.0125067923, 0.00218739547, 0.000547390431];
/** Below this, eˣ rounds to 0; above the other, it overflows. */
const LOWEST = -104;
const HIGHEST = 89;
/** From here on tanh rounds to 1. */
const TANH_SATURATION = 9.1;
/** From here on eˣ − 1 is eˣ; below its negative, −1. */
const EXPM1_SATURATION = 20;

/** eʳ − 1 with r = x − n·ln 2. */
export const reducedExpm1 = wgsl(`
fn math_reduced_expm1(x: f32, n: f32) -> f32 {
  let r = fma(-n, ${float(LN2_LOW)}, fma(-n, ${float(LN2_HIGH)}, x));
  return fma(r * r, ${polynomial('r', EXPM1)}, r);
}`);

/** 2ⁿ of an integer n from −126 to 127. */
export const powerOfTwo = wgsl(`
fn math_power_of_two(n: i32) -> f32 {
  return bitcast<f32>((n + 127i) << 23u);
}`);

/**
 * eˣ·2^shift for x of at most ±1000. The power of two is applied in two factors, so that overflow and denormal results round
 * as they should. Bounds are put by comparison, which lets NaN through.
 */
export const shiftedExp = wgsl(
  `
fn math_shifted_exp(x: f32, shift: i32) -> f32 {
  let low = select(x, ${float(LOWEST)}, x < ${float(LOWEST)});
  let a = select(low, ${float(HIGHEST + 1)}, low > ${float(HIGHEST + 1)});
  let n = round(a * ${float(Math.LOG2E)});
  let k = i32(n) + shift;
  let half = k >> 1u;
  return (1f + math_reduced_expm1(a, n)) * math_power_of_two(half) * math_power_of_two(k - half);
}`,
  [reducedExpm1, powerOfTwo],
);

export const exp = wgsl(`fn math_exp(x: f32) -> f32 { return math_shifted_exp(x, 0i); }`, [shiftedExp]);

/** eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1). */
export const expm1 = wgsl(
  `
fn math_expm1(x: f32) -> f32 {
  if (x > ${float(EXPM1_SATURATION)}) { return math_shifted_exp(x, 0i); }
  let a = select(x, ${float(-EXPM1_SATURATION)}, x < ${float(-EXPM1_SATURATION)});
  let n = round(a * ${float(Math.LOG2E)});
  let scale = math_power_of_two(i32(n));
  return math_copy_sign(fma(math_reduced_expm1(a, n), scale, scale - 1f), x);
}`,
  [shiftedExp, reducedExpm1, powerOfTwo, copySign],
);

/** tanh |x| = −E/(E + 2) with E = exp(−2|x|) − 1, which needs no case for small x. */
export const tanh = wgsl(
  `
fn math_tanh(x: f32) -> f32 {
  let doubled = -2f * abs(x);
  let a = select(doubled, ${float(-2 * TANH_SATURATION)}, doubled < ${float(-2 * TANH_SATURATION)});
  let n = round(a * ${float(Math.LOG2E)});
  let scale = math_power_of_two(i32(n));
  let e = fma(math_reduced_expm1(a, n), scale, scale - 1f);
  return math_copy_sign(e / (e + 2f), x);
}`,
  [reducedExpm1, powerOfTwo, copySign],
);

/** 1/(1 + e⁻ˣ), with exp(−|x|) only, so that neither tail loses digits. */
export const sigmoid = wgsl(
  `
fn math_sigmoid(x: f32) -> f32 {
  let e = math_shifted_exp(-abs(x), 0i);
  return select(1f, e, x < 0f) / (1f + e);
}`,
  [shiftedExp],
);

/** ln(1 + eˣ) = max(x, 0) + ln(1 + exp(−|x|)). */
export const softplus = wgsl(
  `
fn math_softplus(x: f32) -> f32 {
  let e = math_shifted_exp(-abs(x), 0i);
  let t = e * (2f / (e + 2f));
  let z = t * t;
  return fma(t * z, ${polynomial('z', LOG1P)}, t) + select(0f, x, x > 0f);
}`,
  [shiftedExp],
);
