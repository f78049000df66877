import { type DType, hostArray, type TypedArray } from '../../dtype/dtype.ts';
import { Literal } from '../../program/aval.ts';
import { type RefArray, refScalar } from '../../program/refArray.ts';
import { sizeOf } from '../../shape/shape.ts';
import type { WholePlacement } from './emit/pointers.ts';
import type { HostCall } from './emit/program.ts';

/** A window on device memory as it is stored: booleans take 32 bits. */
export function windowOn(
  memory: { readonly buffer: ArrayBufferLike },
  dtype: DType,
  address: number,
  size: number,
): Float32Array | Float64Array | Int32Array | Uint32Array {
  const { buffer } = memory;
  if (dtype === 'f32') return new Float32Array(buffer, address, size);
  if (dtype === 'f64') return new Float64Array(buffer, address, size);
  if (dtype === 'i32') return new Int32Array(buffer, address, size);
  return new Uint32Array(buffer, address, size);
}

/** The array that the plain evaluation of a primitive takes: floats in float64, booleans in bytes. */
function referenceData(memory: WebAssembly.Memory, dtype: DType, address: number, size: number): TypedArray {
  const data = hostArray(dtype === 'f32' ? 'f64' : dtype, size);
  data.set(windowOn(memory, dtype, address, size));
  return data;
}

/** Evaluates an equation in JavaScript on device memory. */
export function runHostCall(memory: WebAssembly.Memory, call: HostCall, arena: number, table: number): void {
  const { eqn } = call.part;
  const at = (placement: WholePlacement): number =>
    placement.base === 'arena'
      ? (arena + placement.offset) >>> 0
      : new Uint32Array(memory.buffer, table, placement.slot + 1)[placement.slot];
  const operands = eqn.inputs.map((atom, i): RefArray => {
    if (atom instanceof Literal) return refScalar(atom.value, atom.dtype);
    const { shape, dtype } = atom;
    return { shape, dtype, data: referenceData(memory, dtype, at(call.operands[i] as WholePlacement), sizeOf(shape)) };
  });
  const results = eqn.primitive.evaluate(operands, eqn.params, eqn.outputs);
  results.forEach(({ data }, i) => {
    const { dtype, shape } = eqn.outputs[i];
    windowOn(memory, dtype, at(call.results[i]), sizeOf(shape)).set(data);
  });
}
