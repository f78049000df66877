import type { Apply, Expression } from '../../../kernels/expression.ts';
import type { Callable, FunctionBuilder } from '../assembler/index.ts';
import { fromF64, toF64 } from './scalar-operations.ts';

interface Lanes {
  readonly vector: boolean;
  readonly lanes: number;
  readonly push: (node: Expression) => void;
}

/** Calls a function on numbers for one element, or for each valid lane of vectors; leaves the result on the stack. */
export function callScalar(f: FunctionBuilder, callee: Callable, node: Apply, { vector, lanes, push }: Lanes): void {
  if (!vector) {
    for (const arg of node.args) {
      push(arg);
      toF64(f, arg.dtype);
    }
    f.call(callee);
    fromF64(f, node.dtype);
    return;
  }
  const args = node.args.map((arg) => {
    const local = f.local('v128');
    push(arg);
    f.localSet(local);
    return local;
  });
  const result = f.local('v128');
  f.i32x4Const(0);
  f.localSet(result);
  for (let lane = 0; lane < lanes; lane++) {
    f.localGet(result);
    node.args.forEach((arg, i) => {
      f.localGet(args[i]);
      if (arg.dtype === 'f32') f.f32x4ExtractLane(lane);
      else f.i32x4ExtractLane(lane);
      if (arg.dtype === 'bool') {
        // In vectors a boolean is a mask.
        f.i32Const(1);
        f.i32And();
      }
      toF64(f, arg.dtype);
    });
    f.call(callee);
    fromF64(f, node.dtype);
    if (node.dtype === 'f32') f.f32x4ReplaceLane(lane);
    else f.i32x4ReplaceLane(lane);
    f.localSet(result);
  }
  f.localGet(result);
  if (node.dtype === 'bool') {
    f.i32x4Const(0);
    f.i32x4Ne();
  }
  f.release(...args, result);
}
