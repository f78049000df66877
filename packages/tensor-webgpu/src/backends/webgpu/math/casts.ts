import type { DType } from '../../../dtype/dtype.ts';
import { type WgslFunction, wgsl } from './function.ts';

/** How a conversion is written: `call` gives its expression, which calls `needs`. */
export interface WgslCode {
  call(args: readonly string[]): string;
  readonly needs: readonly WgslFunction[];
}

/** Towards zero; beyond the range the nearest bound, and NaN gives 0. */
const f32ToI32 = wgsl(`
fn math_f32_to_i32(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0i; }
  if (magnitude >= 0x4f000000u) { return select(2147483647i, -2147483647i - 1i, bits != magnitude); }
  return i32(x);
}`);

const f32ToU32 = wgsl(`
fn math_f32_to_u32(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if (bits > 0x7f800000u) { return 0u; }
  if (bits >= 0x4f800000u) { return 0xffffffffu; }
  return u32(x);
}`);

/** Zeros of either sign are false; everything else, NaN too, is true. */
const f32ToBool = (x: string): string => `select(0u, 1u, (bitcast<u32>(${x}) & 0x7fffffffu) != 0u)`;

/** The conversion of one number; `undefined` where a type is not for this device. Bool is 0 or 1 in a u32. */
export function wgslCast(from: DType, to: DType): WgslCode | undefined {
  if (from === 'f64' || to === 'f64') return undefined;
  const call = (text: (x: string) => string, needs: readonly WgslFunction[] = []): WgslCode => ({
    call: ([x]) => text(x),
    needs,
  });
  if (from === to) return call((x) => x);
  if (to === 'bool')
    return from === 'f32' ? call(f32ToBool) : call((x) => `select(0u, 1u, ${x} != ${from === 'i32' ? '0i' : '0u'})`);
  if (to === 'f32') return call((x) => `f32(${x})`);
  if (from === 'f32')
    return to === 'i32'
      ? call((x) => `math_f32_to_i32(${x})`, [f32ToI32])
      : call((x) => `math_f32_to_u32(${x})`, [f32ToU32]);
  return call((x) => `${to}(${x})`);
}

/** The same bits read as another type. */
export function wgslBitcast(from: DType, to: DType): WgslCode | undefined {
  if (from === 'f64' || to === 'f64') return undefined;
  return { call: ([x]) => (from === to ? x : `bitcast<${to === 'bool' ? 'u32' : to}>(${x})`), needs: [] };
}
