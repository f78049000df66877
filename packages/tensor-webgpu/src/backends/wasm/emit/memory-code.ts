import type { DType } from '../../../dtype/dtype.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import type { Address } from './pointers.ts';
import { scalarType } from './scalar-operations.ts';

/** Pushes the pointer for an instruction whose constant is returned; a negative constant is added to the pointer. */
export function pushPointer(f: FunctionBuilder, { local, offset }: Address): number {
  f.localGet(local);
  if (offset >= 0) return offset;
  f.i32Const(offset);
  f.i32Add();
  return 0;
}

export function loadScalar(f: FunctionBuilder, address: Address, dtype: DType): void {
  const constant = pushPointer(f, address);
  if (dtype === 'f64') f.f64Load(constant);
  else if (dtype === 'f32') f.f32Load(constant);
  else f.i32Load(constant);
}

/** A vector of `lanes` values of `bytes`; `push` leaves a lane's pointer on the stack and returns the constant beside it. */
export function gatherLanes(f: FunctionBuilder, bytes: number, lanes: number, push: (lane: number) => number): void {
  if (bytes === 8) f.v128Load64Zero(push(0));
  else f.v128Load32Zero(push(0));
  f.withLocal('v128', (gathered) => {
    for (let lane = 1; lane < lanes; lane++) {
      f.localSet(gathered);
      const constant = push(lane);
      f.localGet(gathered);
      if (bytes === 8) f.v128Load64Lane(lane, constant);
      else f.v128Load32Lane(lane, constant);
    }
  });
}

/**
 * A vector of `width` values of `bytes` that lie `step` bytes apart; only `lanes` of them need to be there. Two values of 32
 * bits lie in the first half.
 */
export function loadVector(
  f: FunctionBuilder,
  address: Address,
  step: number,
  lanes: number,
  bytes = 4,
  width = 4,
): void {
  if (step === 0) {
    const constant = pushPointer(f, address);
    if (bytes === 8) f.v128Load64Splat(constant);
    else f.v128Load32Splat(constant);
  } else if (step === bytes) {
    const constant = pushPointer(f, address);
    if (bytes * width === 16) f.v128Load(constant, bytes);
    else f.v128Load64Zero(constant, bytes);
  } else {
    gatherLanes(f, bytes, lanes, (lane) =>
      pushPointer(f, { local: address.local, offset: address.offset + lane * step }),
    );
  }
}

/** Stores the number on the stack. */
export function storeScalar(f: FunctionBuilder, address: Address, dtype: DType): void {
  f.withLocal(scalarType(dtype), (value) => {
    f.localSet(value);
    const constant = pushPointer(f, address);
    f.localGet(value);
    if (dtype === 'f64') f.f64Store(constant);
    else if (dtype === 'f32') f.f32Store(constant);
    else f.i32Store(constant);
  });
}

/** Stores `lanes` values of the vector on the stack `step` bytes apart; all that it holds if `whole` allows and they are adjacent. */
export function storeVector(
  f: FunctionBuilder,
  address: Address,
  step: number,
  dtype: DType,
  lanes: number,
  whole: boolean,
  width = 4,
): void {
  if (dtype === 'bool') {
    f.i32x4Const(1);
    f.v128And();
  }
  const bytes = dtype === 'f64' ? 8 : 4;
  f.withLocal('v128', (value) => {
    f.localSet(value);
    if (step === bytes && (lanes === width || whole)) {
      const constant = pushPointer(f, address);
      f.localGet(value);
      if (bytes * width === 16) f.v128Store(constant, bytes);
      else f.v128Store64Lane(0, constant, bytes);
      return;
    }
    for (let lane = 0; lane < lanes; lane++) {
      const constant = pushPointer(f, { local: address.local, offset: address.offset + lane * step });
      f.localGet(value);
      if (bytes === 8) f.v128Store64Lane(lane, constant);
      else f.v128Store32Lane(lane, constant);
    }
  });
}
