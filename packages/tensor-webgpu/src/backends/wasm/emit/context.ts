import { toDType } from '../../../dtype/dtype.ts';
import { valuesOf } from '../../../kernels/access.ts';
import type { Expression } from '../../../kernels/expression.ts';
import { visit } from '../../../kernels/expression.ts';
import type { Group } from '../../../kernels/form.ts';
import { operationKey } from '../../../program/key.ts';
import type { Callable, ModuleBuilder } from '../assembler/index.ts';
import { type Apply, isNative, widthOf } from './native.ts';

/** A JavaScript function that the module calls. */
export type HostFunction = (...args: number[]) => number;

/** What all functions of one module share: imported functions on numbers, and the module itself. */
export class ModuleContext {
  readonly module: ModuleBuilder;
  readonly functions: Record<string, HostFunction> = {};
  private readonly callables = new Map<string, Callable>();

  constructor(module: ModuleBuilder) {
    this.module = module;
  }

  /** Imports every function on numbers that the loops of these groups call. Must precede the first function. */
  importScalars(groups: readonly Group[]): void {
    for (const group of groups) {
      for (const part of group.parts) {
        if (part.kind !== 'rows') continue;
        for (const stage of part.stages) {
          if (stage.kind === 'contraction') continue;
          if (stage.kind === 'update') {
            // Either way of emitting it may be chosen later.
            this.importFor(valuesOf(stage), false);
            this.importFor(valuesOf(stage), true);
          } else
            this.importFor(
              valuesOf(stage),
              stage.kind === 'reduce' && (stage.operation === 'argMax' || stage.operation === 'argMin'),
            );
        }
      }
    }
  }

  private importFor(values: readonly Expression[], scalar: boolean): void {
    const vector = !scalar && widthOf(values) > 1;
    visit(values, (node) => {
      if (node.kind !== 'apply' || isNative(node, vector)) return;
      const key = scalarKey(node);
      if (this.callables.has(key)) return;
      this.callables.set(
        key,
        this.module.importFunction(
          'scalar',
          key,
          node.args.map(() => 'f64' as const),
          ['f64'],
        ),
      );
      this.functions[key] = hostFunction(node);
    });
  }

  /** The imported function of one element of an operation. */
  scalar(node: Apply): Callable {
    return this.callables.get(scalarKey(node)) as Callable;
  }
}

const scalarKey = (node: Apply): string =>
  `${operationKey(node.eqn.primitive.name, node.eqn.params)}${node.output}:${node.args.map((arg) => arg.dtype).join()}:${node.dtype}`;

function hostFunction(node: Apply): HostFunction {
  const { primitive, params, inputs, outputs } = node.eqn;
  const { dtype, output } = node;
  const operand = inputs.at(-1)?.dtype ?? dtype;
  const scalar = primitive.scalarFor?.(operand, params) ?? primitive.scalar;
  if (scalar) {
    if (outputs.length > 1) return (...args) => toDType(dtype, (scalar(...args) as number[])[output]);
    if (dtype === 'f32' || dtype === 'f64') return scalar as HostFunction;
    return (...args) => toDType(dtype, scalar(...args) as number);
  }
  // Without a function on one number, the primitive is evaluated on arrays of one element.
  const avals = outputs.map((variable) => ({ shape: [], dtype: variable.dtype }));
  return (...args) => {
    const operands = args.map((value, i) => ({ shape: [], dtype: inputs[i].dtype, data: Float64Array.of(value) }));
    return toDType(dtype, primitive.evaluate(operands, params, avals)[output].data[0]);
  };
}
