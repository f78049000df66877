import type { DType } from '../../../dtype/dtype.ts';

/** The type of a value of this dtype in WGSL. */
export const valueType = (dtype: DType): string => dtype;

/** The type of an element in memory: booleans are 0 or 1. */
export const elementType = (dtype: DType): 'f32' | 'i32' | 'u32' =>
  dtype === 'bool' || dtype === 'f64' ? 'u32' : dtype;

export const u32 = (value: number): string => `${value >>> 0}u`;

const bits = new DataView(new ArrayBuffer(4));

/** The bits of a float32. */
function bitsOf(value: number): number {
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

/** A number as a WGSL expression. What is not finite is read from a variable: constants of WGSL must be finite. */
export function literal(value: number, dtype: DType): string {
  if (dtype === 'bool') return value !== 0 ? 'true' : 'false';
  if (dtype === 'u32') return u32(value);
  if (dtype === 'i32') return value < 0 ? `bitcast<i32>(${u32(value)})` : `${value | 0}i`;
  if (!Number.isFinite(value)) {
    return `bitcast<f32>(${Number.isNaN(value) ? 'nan_bits' : value > 0 ? 'infinity_bits' : 'minus_infinity_bits'})`;
  }
  const rounded = Math.fround(value);
  if (Object.is(rounded, -0) || (rounded !== 0 && Math.abs(rounded) < 2 ** -126))
    return `bitcast<f32>(0x${bitsOf(rounded).toString(16)}u)`;
  const text = String(rounded);
  return `${text.includes('.') || text.includes('e') ? text : `${text}.0`}f`;
}

/** Declared where a literal needs them. */
export const SPECIAL_BITS = [
  'var<private> nan_bits: u32 = 0x7fc00000u;',
  'var<private> infinity_bits: u32 = 0x7f800000u;',
  'var<private> minus_infinity_bits: u32 = 0xff800000u;',
].join('\n');
