import { toDType } from '../../../dtype/dtype.ts';
import { valuesOf } from '../../../kernels/access.ts';
import type { Apply } from '../../../kernels/expression.ts';
import { visit } from '../../../kernels/expression.ts';
import type { Group, Stage } from '../../../kernels/form.ts';
import { operationKey } from '../../../program/key.ts';
import type { Callable, ModuleBuilder } from '../assembler/index.ts';
import { isNative, widthOf } from './native.ts';

/** A JavaScript function that the module calls. */
export type HostFunction = (...args: number[]) => number;

/** What all functions of one module share: imported functions on numbers, and the module itself. */
export class ModuleContext {
  readonly module: ModuleBuilder;
  readonly functions: Record<string, HostFunction> = {};
  /** Whether the compiler joins pairs of vectors that are computed alike: loops then turn on two at a time. */
  readonly pairVectors: boolean;
  private readonly callables = new Map<string, Callable>();

  constructor(module: ModuleBuilder, pairVectors = false) {
    this.module = module;
    this.pairVectors = pairVectors;
  }

  /** Imports every function on numbers that the loops of these groups call. Must precede the first function. */
  importScalars(groups: readonly Group[]): void {
    for (const group of groups)
      for (const part of group.parts)
        if (part.kind === 'rows')
          for (const stage of part.stages) for (const node of calledBy(stage)) this.import(node);
  }

  private import(node: Apply): void {
    const key = scalarKey(node);
    if (this.callables.has(key)) return;
    const params = node.args.map(() => 'f64' as const);
    this.callables.set(key, this.module.importFunction('scalar', key, params, ['f64']));
    this.functions[key] = hostFunction(node);
  }

  /** Whether these stages call functions on numbers, which only the thread of the host has. */
  callsHost(stages: readonly Stage[]): boolean {
    return stages.some((stage) => calledBy(stage).length > 0);
  }

  /** The imported function of one element of an operation. */
  scalar(node: Apply): Callable {
    return this.callables.get(scalarKey(node)) as Callable;
  }
}

/** The operations of a stage that have no instructions. */
function calledBy(stage: Stage): Apply[] {
  if (stage.kind === 'contraction') return [];
  const values = valuesOf(stage);
  // Either way of emitting an update may be chosen later.
  const forms = stage.kind === 'update' ? [false, true] : [isScalar(stage)];
  const called: Apply[] = [];
  for (const scalar of forms) {
    const vector = !scalar && widthOf(values) > 1;
    visit(values, (node) => {
      if (node.kind === 'apply' && !isNative(node, vector)) called.push(node);
    });
  }
  return called;
}

const isScalar = (stage: Stage): boolean =>
  stage.kind === 'reduce' && (stage.operation === 'argMax' || stage.operation === 'argMin');

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
