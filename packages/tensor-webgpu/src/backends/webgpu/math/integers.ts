import { wgsl } from './function.ts';

/** Quotients and remainders towards zero; by zero they are 0. The least i32 by −1 wraps to itself. */
export const divI32 = wgsl(`
fn math_div_i32(x: i32, y: i32) -> i32 {
  if (y == 0i) { return 0i; }
  if (y == -1i) { return 0i - x; }
  return x / y;
}`);

export const remI32 = wgsl(`
fn math_rem_i32(x: i32, y: i32) -> i32 {
  if (y == 0i || y == -1i) { return 0i; }
  return x - (x / y) * y;
}`);

export const divU32 = wgsl(`
fn math_div_u32(x: u32, y: u32) -> u32 {
  return select(x / max(y, 1u), 0u, y == 0u);
}`);

export const remU32 = wgsl(`
fn math_rem_u32(x: u32, y: u32) -> u32 {
  return select(x % max(y, 1u), 0u, y == 0u);
}`);

/** Powers that wrap, by squaring. */
export const powU32 = wgsl(`
fn math_pow_u32(x: u32, y: u32) -> u32 {
  var result = 1u;
  var square = x;
  for (var left = y; left != 0u; left >>= 1u) {
    if ((left & 1u) != 0u) { result *= square; }
    square *= square;
  }
  return result;
}`);

/** A negative exponent gives the quotient 1/xⁿ towards zero. */
export const powI32 = wgsl(
  `
fn math_pow_i32(x: i32, y: i32) -> i32 {
  if (y < 0i) {
    if (x == 1i) { return 1i; }
    if (x == -1i) { return select(1i, -1i, (y & 1i) != 0i); }
    return 0i;
  }
  return bitcast<i32>(math_pow_u32(bitcast<u32>(x), bitcast<u32>(y)));
}`,
  [powU32],
);
