import { wgsl } from './function.ts';
import { isNaN, nan } from './numbers.ts';

/** The larger of two numbers: NaN if one is, and 0 of 0 and −0. */
export const max = wgsl(
  `
fn math_max(x: f32, y: f32) -> f32 {
  if (math_is_nan(x) || math_is_nan(y)) { return math_nan(); }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) & bitcast<u32>(y)); }
  return select(y, x, x > y);
}`,
  [isNaN, nan],
);

/** The smaller of two numbers: NaN if one is, and −0 of 0 and −0. */
export const min = wgsl(
  `
fn math_min(x: f32, y: f32) -> f32 {
  if (math_is_nan(x) || math_is_nan(y)) { return math_nan(); }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) | bitcast<u32>(y)); }
  return select(y, x, x < y);
}`,
  [isNaN, nan],
);

/** ±1 by the sign of x; zeros keep their sign, and NaN stays NaN. */
export const sign = wgsl(`
fn math_sign(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  return select(x, bitcast<f32>((bits & 0x80000000u) | 0x3f800000u), magnitude != 0u && magnitude <= 0x7f800000u);
}`);
