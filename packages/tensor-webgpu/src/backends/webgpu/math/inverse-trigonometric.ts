import { wgsl } from './function.ts';
import { copySign, float, isFinite, isNaN, nan, polynomial } from './numbers.ts';

/** Minimax fit of (arcsin(s)/s − 1)/s² in s² on |s| ≤ 1/2, relative error 2⁻³². */
const ARCSIN = [0.1666666, 0.0750050419, 0.0445169548, 0.0318077226, 0.0144385876, 0.0375164758];
/** Minimax fit of (arctan(t)/t − 1)/t² in t² on |t| ≤ tan(π/8), relative error 2⁻³⁰. */
const ARCTAN = [-0.333333152, 0.199984715, -0.142435333, 0.105938135, -0.0607822089];
/** π/2 and π as two floats. */
const HALF_PI_LOW = Math.PI / 2 - Math.fround(Math.PI / 2);
const PI_LOW = Math.PI - Math.fround(Math.PI);

/** arctan(t) of 0 ≤ t ≤ 1. */
const arctanUnit = wgsl(`
fn math_arctan_unit(t: f32) -> f32 {
  let turned = t > ${float(Math.SQRT2 - 1)};
  let u = select(t, (t - 1f) / (t + 1f), turned);
  let z = u * u;
  return select(0f, ${float(Math.PI / 4)}, turned) + fma(u * z, ${polynomial('z', ARCTAN)}, u);
}`);

/** The angle of the point (x, y), in [−π, π], with all cases of IEEE. */
export const atan2 = wgsl(
  `
fn math_atan2(y: f32, x: f32) -> f32 {
  if (math_is_nan(x) || math_is_nan(y)) { return math_nan(); }
  let ax = abs(x);
  let ay = abs(y);
  let steep = ax < ay;
  var longer = select(ax, ay, steep);
  var shorter = select(ay, ax, steep);
  var t = 1f;
  if (longer == 0f) {
    t = 0f;
  } else if (shorter < longer) {
    if (math_is_finite(longer)) {
      // Within the range where a device must divide well.
      let scale = select(select(1f, 0x1p-64f, longer > 0x1p+100f), 0x1p+64f, longer < 0x1p-100f);
      t = (shorter * scale) / (longer * scale);
    } else {
      t = 0f;
    }
  }
  let flat = math_arctan_unit(t);
  let upright = select(flat, (${float(Math.PI / 2)} - flat) + ${float(HALF_PI_LOW)}, steep);
  let left = (bitcast<u32>(x) >> 31u) != 0u;
  return math_copy_sign(select(upright, (${float(Math.PI)} - upright) + ${float(PI_LOW)}, left), y);
}`,
  [isNaN, nan, isFinite, arctanUnit, copySign],
);

export const atan = wgsl(
  `
fn math_atan(x: f32) -> f32 {
  let a = abs(x);
  if (a <= 1f) { return math_copy_sign(math_arctan_unit(a), x); }
  return math_atan2(x, 1f);
}`,
  [arctanUnit, atan2, copySign],
);

/** arcsin(s)/s − 1 for s² up to 1/4. */
const arcsinRest = wgsl(`fn math_arcsin_rest(z: f32) -> f32 { return z * ${polynomial('z', ARCSIN)}; }`);

/** arcsin x; beyond 1/2 it is π/2 − 2 arcsin √((1 − x)/2). NaN outside [−1, 1]. */
export const asin = wgsl(
  `
fn math_asin(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1f)) { return math_nan(); }
  if (a <= 0.5f) { return fma(x, math_arcsin_rest(x * x), x); }
  let z = (1f - a) * 0.5f;
  let s = sqrt(z);
  let rest = fma(s, math_arcsin_rest(z), s);
  return math_copy_sign(${float(Math.PI / 2)} - (2f * rest - ${float(HALF_PI_LOW)}), x);
}`,
  [nan, arcsinRest, copySign],
);

/** arccos x; beyond ±1/2 by arcsin √((1 − |x|)/2). NaN outside [−1, 1]. */
export const acos = wgsl(
  `
fn math_acos(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1f)) { return math_nan(); }
  if (a <= 0.5f) {
    return ${float(Math.PI / 2)} - (x - fma(-x, math_arcsin_rest(x * x), ${float(HALF_PI_LOW)}));
  }
  let z = (1f - a) * 0.5f;
  let s = sqrt(z);
  let half = fma(s, math_arcsin_rest(z), s);
  return select(2f * half, ${float(Math.PI)} - (2f * half - ${float(PI_LOW)}), x < 0f);
}`,
  [nan, arcsinRest],
);
