import type { DType } from '../../../dtype/dtype.ts';
import type { Expression } from '../../../kernels/expression.ts';
import { loweringOf } from '../../../program/lowering.ts';
import type { Eqn } from '../../../program/program.ts';
import { wgslCast, wgslCode } from '../math/index.ts';
import type { Kernel } from './kernel.ts';

const isSquare = (code: string, nodes: readonly Expression[] | undefined): boolean =>
  code === 'pow' && nodes?.[1].kind === 'literal' && nodes[1].value === 2;

const STRUCTURAL = new Set(['select', 'cast', 'bitcast']);

/** A call of the scalar code of a name. */
export function scalarCall(
  kernel: Kernel,
  code: string,
  from: readonly DType[],
  to: DType,
  args: readonly string[],
  nodes?: readonly Expression[],
): string {
  if (code === 'select') return `select(${args[2]}, ${args[1]}, ${args[0]})`;
  if (code === 'bitcast') return `bitcast<${to}>(${args[0]})`;
  if (isSquare(code, nodes)) return `${args[0]} * ${args[0]}`;
  const made = code === 'cast' ? wgslCast(from[0], to) : wgslCode(code, from, to);
  if (!made) throw new Error(`emit: there is no WGSL for ${code} of ${from.join(', ')}.`);
  kernel.need(made.needs);
  return made.call(args);
}

/** Whether the elements of an equation can be computed by a kernel. */
export function hasScalarCode({ primitive, inputs, outputs }: Eqn): boolean {
  const lowering = loweringOf(primitive);
  if (lowering.as !== 'map') return true;
  const code = lowering.code ?? primitive.name;
  return (
    STRUCTURAL.has(code) ||
    wgslCode(
      code,
      inputs.map(({ dtype }) => dtype),
      outputs[0].dtype,
    ) !== undefined
  );
}
