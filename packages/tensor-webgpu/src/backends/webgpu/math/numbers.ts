import type { DType } from '../../../dtype/dtype.ts';
import { type WgslFunction, wgsl } from './function.ts';

/** A float literal of the float32 nearest to `x`. */
export const float = (x: number): string => {
  const rounded = Math.fround(x);
  const text = `${rounded}f`;
  return text.startsWith('-') ? `(${text})` : text;
};

/** The polynomial in `x` with these coefficients, the constant first. */
export const polynomial = (x: string, coefficients: readonly number[]): string =>
  coefficients
    .map(float)
    .reduceRight((sum, coefficient) => (sum === '' ? coefficient : `fma(${sum}, ${x}, ${coefficient})`), '');

/**
 * NaN and ∞. A constant expression of WGSL may not have these values, so their bits come from a variable. Compilers may take
 * it that floats are finite: what must tell NaN and ∞ apart looks at bits.
 */
export const nan = wgsl(`
fn math_nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}`);

export const infinity = wgsl(`
fn math_infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}`);

/** −0, which a compiler may take for the constant 0. */
const negativeZero = wgsl(`
fn math_negative_zero() -> f32 {
  var bits = 0x80000000u;
  return bitcast<f32>(bits);
}`);

export const isNaN = wgsl(`
fn math_is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`);

export const isFinite = wgsl(`
fn math_is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}`);

/** |x| with the sign of `sign`. */
export const copySign = wgsl(`
fn math_copy_sign(x: f32, sign: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(sign) & 0x80000000u));
}`);

/** The leading 12 bits of x, whose products with 12 bits are exact. */
export const leading = wgsl(`
fn math_leading(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}`);

/** A number of the program as WGSL: a literal, or a call of one of `needs`. */
export function wgslNumber(
  value: number,
  dtype: DType,
): { readonly text: string; readonly needs: readonly WgslFunction[] } {
  if (dtype === 'bool') return { text: value !== 0 ? '1u' : '0u', needs: [] };
  if (dtype === 'u32') return { text: `${value >>> 0}u`, needs: [] };
  // The least integer is no literal: its minus sign is an operator.
  if (dtype === 'i32')
    return { text: (value | 0) === -(2 ** 31) ? '(-2147483647i - 1i)' : `(${value | 0}i)`, needs: [] };
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return { text: 'math_nan()', needs: [nan] };
  if (rounded === Infinity) return { text: 'math_infinity()', needs: [infinity] };
  if (rounded === -Infinity) return { text: '(-math_infinity())', needs: [infinity] };
  if (Object.is(rounded, -0)) return { text: 'math_negative_zero()', needs: [negativeZero] };
  return { text: float(rounded), needs: [] };
}
