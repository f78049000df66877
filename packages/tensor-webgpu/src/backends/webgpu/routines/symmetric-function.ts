import { matrixStack } from '../../../shape/matrixStack.ts';
import { type WgslFunction, wgslCode } from '../math/index.ts';
import { float, isFinite, nan } from '../math/numbers.ts';
import { eigenScratch, eigenText } from './eigen.ts';
import { crewOf, matrixStep } from './matrices.ts';
import { NOTHING, type RoutineMaker } from './routine.ts';

type ScalarFunction =
  | { readonly kind: 'exp' }
  | { readonly kind: 'log' }
  | { readonly kind: 'power'; readonly exponent: number };

/** `value(x)`, and `slope(x, y)`: (f(y) − f(x))/(y − x) for x ≤ y, f'(x) where they are one. */
function functionText(f: ScalarFunction): { text: string; needs: readonly WgslFunction[] } {
  const codes = ['exp', 'log', 'log1p', 'expm1', 'sinh', 'pow'].map((name) => wgslCode(name, ['f32', 'f32'], 'f32'));
  const [exp, log, log1p, expm1, sinh, pow] = codes.map(
    (code) =>
      (...args: string[]) =>
        code?.call(args) ?? '',
  );
  const needs = codes.flatMap((code) => code?.needs ?? []);
  const one = (value: string, slope: string) => ({
    text: `fn value(x: f32) -> f32 { return ${value}; }
fn slope(x: f32, y: f32) -> f32 { ${slope} }`,
    needs,
  });
  if (f.kind === 'exp') {
    return one(
      exp('x'),
      `let h = 0.5f * (y - x); let middle = ${exp('(0.5f * (x + y))')}; if (h == 0f) { return middle; } return middle * (${sinh('h')} / h);`,
    );
  }
  if (f.kind === 'log') {
    return one(log('x'), `if (x == y) { return 1f / x; } return ${log1p('((y - x) / x)')} / (y - x);`);
  }
  const p = float(f.exponent);
  return one(
    pow('x', p),
    `if (x == y) { return ${p} * ${pow('x', float(f.exponent - 1))}; }
  return ${pow('x', p)} * (${expm1(`(${p} * ${log1p('((y - x) / x)')})`)} / (y - x));`,
  );
}

/**
 * f(A) = V diag(f(w)) Vᵀ of the symmetric parts, and with one direction E its derivative V (F ∘ Vᵀ E V) Vᵀ, F the divided
 * differences of f. Derivatives of higher order have no routine.
 */
export const symmetricFunction: RoutineMaker = (eqn, limits) => {
  const order = eqn.inputs.length - 1;
  const { f } = eqn.params as { f: ScalarFunction };
  const { count, rows: n } = matrixStack(eqn.outputs[0]);
  if (order > 1) return null;
  if (count * n === 0) return NOTHING;
  const crew = crewOf(count, n, limits);
  const { barrier, each } = crew;
  const eigen = eigenScratch(n);
  const own = eigen + 2 * n * n;
  const { text, needs } = functionText(f);
  const entries = (body: string): string =>
    each('e', '0u', `${n * n}u`, `let row = e / ${n}u; let column = e % ${n}u; ${body}`);
  const sum = (term: string): string => `var sum = 0f; for (var k = 0u; k < ${n}u; k++) { sum += ${term}; }`;
  const vector = (i: string, j: string): string => `b3[turned + ${i} * ${n}u + ${j}]`;
  // What is between V and its transpose, at \`middle\`.
  const inner =
    order === 0
      ? entries(
          `b3[middle + e] = 0f; if (row == column) { b3[middle + e] = value(eigenvalue(held + row * ${n + 1}u, size)); }`,
        )
      : `
  ${entries(`${sum(`0.5f * (b2[base + row * ${n}u + k] + b2[base + k * ${n}u + row]) * ${vector('k', 'column')}`)} b3[half + e] = sum;`)}
  ${barrier}
  ${entries(`${sum(`${vector('k', 'row')} * b3[half + k * ${n}u + column]`)}
    let x = eigenvalue(held + row * ${n + 1}u, size);
    let y = eigenvalue(held + column * ${n + 1}u, size);
    b3[middle + e] = sum * slope(min(x, y), max(x, y));`)}`;
  // Powers take negative eigenvalues that are so by rounding alone as 0.
  const rounding = 8 * n * 2 ** -23;
  const strict = f.kind === 'log' || order > 0 || (f.kind === 'power' && f.exponent < 0);
  const outside = f.kind === 'exp' ? 'false' : strict ? '!(least > 0f)' : `!(least >= -${float(rounding)} * most)`;
  // Every buffer that is bound is to be named.
  const body = `${order === 0 ? '  _ = &b2;' : ''}${eigenText(crew, n, own)}
  let middle = held + ${eigen}u;
  let half = middle + ${n * n}u;
  var least = b3[held];
  var most = b3[held];
  for (var i = 1u; i < ${n}u; i++) { least = min(least, b3[held + i * ${n + 1}u]); most = max(most, b3[held + i * ${n + 1}u]); }
  let none = bad || ${outside};
  ${inner}
  ${barrier}
  ${entries(`${sum(`b3[middle + row * ${n}u + k] * ${vector('column', 'k')}`)} b3[half + e] = sum;`)}
  ${barrier}
  ${entries(`${sum(`${vector('row', 'k')} * b3[half + k * ${n}u + column]`)} b1[base + e] = select(sum, math_nan(), none);`)}`;
  const clamped = f.kind === 'power' ? 'max(b3[at], 0f)' : 'b3[at]';
  const step = matrixStep({
    label: 'symmetricFunction',
    limits,
    crew,
    count,
    buffers: [{ operand: 0 }, { result: 0 }, order === 1 ? { operand: 1 } : { scratch: 1 }, { scratch: 0 }],
    dtypes: ['f32', 'f32', 'f32', 'f32'],
    functions: [nan, isFinite, ...needs],
    declarations: `fn eigenvalue(at: u32, size: f32) -> f32 { return ${clamped} * size; }\n${text}`,
    body,
  });
  return { scratch: [4 * count * own, ...(order === 1 ? [] : [16])], steps: [step] };
};
