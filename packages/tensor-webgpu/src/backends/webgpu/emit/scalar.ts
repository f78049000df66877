import type { DType } from '../../../dtype/dtype.ts';
import type { Params } from '../../../program/aval.ts';
import { loweringOf } from '../../../program/lowering.ts';
import type { Eqn } from '../../../program/program.ts';
import { wgslCode, wgslNumber } from '../math/index.ts';
import type { Kernel } from './kernel.ts';

/** A scalar code by its name, the types of its operands and of its result. */
interface ScalarCode {
  readonly code: string;
  readonly from: readonly DType[];
  readonly to: DType;
  readonly params?: Params;
}

/** A call of a scalar code; operands are names or literals. */
export function scalarCall(kernel: Kernel, { code, from, to, params }: ScalarCode, args: readonly string[]): string {
  const made = wgslCode(code, from, to, params);
  if (!made) throw new Error(`emit: there is no WGSL for ${code} of ${from.join(', ')}.`);
  kernel.need(made.needs);
  return made.call(args);
}

/** A number as an expression. */
export function numberText(kernel: Kernel, value: number, dtype: DType): string {
  const { text, needs } = wgslNumber(value, dtype);
  kernel.need(needs);
  return text;
}

/** Whether the elements of an equation can be computed by a kernel. */
export function hasScalarCode({ primitive, inputs, outputs, params }: Eqn): boolean {
  const lowering = loweringOf(primitive);
  if (lowering.as !== 'map') return true;
  const from = inputs.map(({ dtype }) => dtype);
  return wgslCode(lowering.code ?? primitive.name, from, outputs[0].dtype, params) !== undefined;
}
