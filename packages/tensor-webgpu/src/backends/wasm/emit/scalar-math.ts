import type { DType } from '../../../dtype/dtype.ts';
import type { Apply, Expression } from '../../../kernels/expression.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { callOnNumbers, isDoubleName, mathFunction } from '../math/index.ts';
import { vectorMathName } from './vector-math.ts';
import { vectorOperation } from './vector-operations.ts';

/**
 * Emits an operation on one number by the code for vectors, with the number in every lane: a result is the same whichever
 * way its loop is made.
 */
export function emitScalarMath(
  f: FunctionBuilder,
  module: ModuleBuilder,
  node: Apply,
  push: (node: Expression) => void,
): void {
  const { code, args } = node;
  const { params } = node.eqn;
  const dtype = args[0].dtype;
  if (dtype === 'f64') {
    if (isDoubleName(code)) {
      const operands = args.map((arg) => () => push(arg));
      callOnNumbers(module, f, code, operands, params);
    }
    return;
  }
  for (const arg of args) spread(f, arg.dtype, () => push(arg));
  const operation = vectorOperation(code, dtype);
  const math = vectorMathName(code, dtype);
  if (operation) operation(f);
  else if (math) {
    const callee = mathFunction(module, math, params);
    f.call(callee);
    // Results lie on the stack, the first deepest.
    for (let i = callee.signature.results.length - 1; i > node.output; i--) f.drop();
    if (node.output > 0) {
      const result = f.local('v128');
      f.localSet(result);
      for (let i = 0; i < node.output; i++) f.drop();
      f.localGet(result);
      f.release(result);
    }
  }
  if (node.dtype === 'f32') f.f32x4ExtractLane(0);
  else f.i32x4ExtractLane(0);
  if (node.dtype === 'bool') {
    f.i32Const(1);
    f.i32And();
  }
}

/** Leaves a vector with a number in every lane; in vectors a boolean is a mask. */
function spread(f: FunctionBuilder, dtype: DType, push: () => void): void {
  if (dtype === 'bool') f.i32Const(0);
  push();
  if (dtype === 'bool') f.i32Sub();
  if (dtype === 'f32') f.f32x4Splat();
  else f.i32x4Splat();
}
