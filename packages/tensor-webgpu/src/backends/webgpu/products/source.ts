import { combineSource, rowsSource, smallSource } from './elements.ts';
import type { ProductCode, ProductPlan, ProductStep } from './request.ts';
import { tiledSource } from './tiled.ts';
import { scalarOf, vectorOf } from './types.ts';

/**
 * The text of a step, its entry point \`main\`, without bindings. The module must declare what \`code\` reads and writes and,
 * where the step says so, \`scratch\` as a writable array of the result's type.
 */
export function productSource(plan: ProductPlan, step: ProductStep, code: ProductCode): string {
  const { request } = plan;
  const scalar = scalarOf(request.dtype);
  const reader = (name: 'lhs' | 'rhs'): string => {
    const type = plan.vectors[name] === null ? scalar : vectorOf(request.dtype);
    return `fn ${name}_at(p_b: u32, p_f: u32, p_c: u32) -> ${type} { return ${code[name]('p_b', 'p_f', 'p_c')}; }`;
  };
  const elements = request.batch * request.m * request.n;
  const take = step.finishes
    ? code.finish('p_b', 'p_i', 'p_j', 'p_value')
    : `scratch[p_piece * ${elements}u + (p_b * ${request.m}u + p_i) * ${request.n}u + p_j] = p_value;`;
  return [
    ...(step.lhs ? [reader('lhs')] : []),
    ...(step.rhs ? [reader('rhs')] : []),
    `fn take(p_piece: u32, p_b: u32, p_i: u32, p_j: u32, p_value: ${scalar}) { ${take} }`,
    body(plan, step),
  ].join('\n');
}

function body(plan: ProductPlan, step: ProductStep): string {
  if (step.kind === 'combine') return combineSource(plan, step);
  if (plan.family === 'tiled') return tiledSource(plan, step);
  return plan.family === 'rows' ? rowsSource(plan, step) : smallSource(plan, step);
}
