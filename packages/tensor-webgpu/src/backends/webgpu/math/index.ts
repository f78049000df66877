import type { DType } from '../../../dtype/dtype.ts';

export interface WgslFunction {
  readonly name: string;
  readonly source: string;
  readonly needs: readonly WgslFunction[];
}
export interface WgslCall {
  call(args: readonly string[]): string;
  readonly needs: readonly WgslFunction[];
}

const infix: Record<string, string> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};
const simple: Record<string, string> = {
  exp: 'exp',
  log: 'log',
  sin: 'sin',
  cos: 'cos',
  tan: 'tan',
  tanh: 'tanh',
  sqrt: 'sqrt',
  rsqrt: 'inverseSqrt',
  abs: 'abs',
  floor: 'floor',
  ceil: 'ceil',
  trunc: 'trunc',
  round: 'round',
  max: 'max',
  min: 'min',
  pow: 'pow',
  neg: '-',
  sign: 'sign',
};
const threefry: WgslFunction = {
  name: 'threefry2x32',
  needs: [],
  source: `fn threefry2x32(k0: u32, k1: u32, c0: u32, c1: u32) -> vec2<u32> {
  let ks = array<u32, 3>(k0, k1, k0 ^ k1 ^ 0x1BD11BDAu);
  var x0 = c0 + k0; var x1 = c1 + k1;
  let r = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
  for (var g = 0u; g < 5u; g++) {
    for (var i = 0u; i < 4u; i++) { x0 = x0 + x1; let s = r[(g % 2u) * 4u + i]; x1 = (x1 << s) | (x1 >> (32u - s)); x1 = x1 ^ x0; }
    x0 = x0 + ks[(g + 1u) % 3u]; x1 = x1 + ks[(g + 2u) % 3u] + g + 1u;
  }
  return vec2<u32>(x0, x1);
}`,
};
export function wgslCode(code: string, args: readonly DType[], _result: DType): WgslCall | undefined {
  if (args.includes('f64')) return undefined;
  if (args[0] === 'bool') {
    const table: Record<string, string> = {
      and: '&&',
      or: '||',
      xor: '!=',
      ne: '!=',
      eq: '==',
      max: '||',
      min: '&&',
      mul: '&&',
    };
    if (code === 'not') return { call: ([a]) => `!${a}`, needs: [] };
    if (code in table) return { call: ([a, b]) => `(${a} ${table[code]} ${b})`, needs: [] };
    return undefined;
  }
  if (code in infix) return { call: ([a, b]) => `(${a} ${infix[code]} ${b})`, needs: [] };
  if (args[0] !== 'f32' && code in { and: 1, or: 1, xor: 1 })
    return {
      call: ([a, b]) => `(${a} ${({ and: '&', or: '|', xor: '^' } as Record<string, string>)[code]} ${b})`,
      needs: [],
    };
  if (code === 'shiftLeft') return { call: ([a, b]) => `(${a} << u32(${b}))`, needs: [] };
  if (code === 'shiftRight') return { call: ([a, b]) => `(${a} >> u32(${b}))`, needs: [] };
  if (code === 'threefry2x32') return { call: (a) => `threefry2x32(${a.join(', ')})`, needs: [threefry] };
  if (code === 'sigmoid') return { call: ([a]) => `(1.0f / (1.0f + exp(-${a})))`, needs: [] };
  if (code === 'softplus') return { call: ([a]) => `(max(${a}, 0.0f) + log(1.0f + exp(-abs(${a}))))`, needs: [] };
  if (code === 'log1p') return { call: ([a]) => `log(1.0f + ${a})`, needs: [] };
  if (code === 'expm1') return { call: ([a]) => `(exp(${a}) - 1.0f)`, needs: [] };
  if (code in simple) return { call: (a) => `${simple[code]}(${a.join(', ')})`, needs: [] };
  return undefined;
}
export function wgslCast(from: DType, to: DType): WgslCall | undefined {
  if (from === 'f64' || to === 'f64') return undefined;
  if (from === to) return { call: ([a]) => a, needs: [] };
  if (to === 'bool') return { call: ([a]) => `(${a} != ${from === 'f32' ? '0.0f' : '0'})`, needs: [] };
  return { call: ([a]) => `${to}(${a})`, needs: [] };
}
export function wgslModule(functions: readonly WgslFunction[]): string {
  const seen = new Map<string, string>();
  const add = (f: WgslFunction): void => {
    if (seen.has(f.name)) return;
    f.needs.forEach(add);
    seen.set(f.name, f.source);
  };
  functions.forEach(add);
  return [...seen.values()].join('\n');
}
