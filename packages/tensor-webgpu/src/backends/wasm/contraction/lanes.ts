import type { FunctionBuilder } from '../assembler/index.ts';
import type { Element } from './element.ts';

/**
 * Pushes the address `base + offset` for an access and returns the constant part to give to the access. Offsets of accesses
 * are unsigned, so a negative one is added to the address instead.
 */
function pushAddress(f: FunctionBuilder, base: number, offset: number): number {
  f.localGet(base);
  if (offset >= 0) return offset;
  f.i32Const(offset);
  f.i32Add();
  return 0;
}

/** Pushes a vector with the element at `base + offset` bytes in all lanes. */
export function loadSplat(f: FunctionBuilder, element: Element, base: number, offset: number): void {
  element.loadSplat(f, pushAddress(f, base, offset));
}

/**
 * Pushes a vector of `count` elements that lie `stride` elements apart from `base + offset` bytes on; the other lanes are 0.
 * Reads no byte beyond those elements.
 */
export function loadLanes(
  f: FunctionBuilder,
  element: Element,
  base: number,
  offset: number,
  count: number,
  stride = 1,
): void {
  const { bytes, lanes } = element;
  if (count === lanes && stride === 1) {
    f.v128Load(pushAddress(f, base, offset), bytes);
    return;
  }
  const pair = bytes === 4 && stride === 1 && count >= 2;
  const at = pushAddress(f, base, offset);
  if (pair || bytes === 8) f.v128Load64Zero(at, bytes);
  else f.v128Load32Zero(at, bytes);
  const vector = f.local('v128');
  for (let lane = pair ? 2 : 1; lane < count; lane++) {
    f.localSet(vector);
    const laneAt = pushAddress(f, base, offset + lane * stride * bytes);
    f.localGet(vector);
    if (bytes === 8) f.v128Load64Lane(lane, laneAt);
    else f.v128Load32Lane(lane, laneAt);
  }
  f.release(vector);
}

/** Stores the first `count` lanes of the vector in local `vector`, `stride` elements apart from `base + offset` bytes on. */
export function storeLanes(
  f: FunctionBuilder,
  element: Element,
  vector: number,
  base: number,
  offset: number,
  count: number,
  stride = 1,
): void {
  const { bytes, lanes } = element;
  if (count === lanes && stride === 1) {
    const at = pushAddress(f, base, offset);
    f.localGet(vector);
    f.v128Store(at, bytes);
    return;
  }
  let lane = 0;
  if (bytes === 4 && stride === 1 && count >= 2) {
    const at = pushAddress(f, base, offset);
    f.localGet(vector);
    f.v128Store64Lane(0, at, bytes);
    lane = 2;
  }
  for (; lane < count; lane++) {
    const at = pushAddress(f, base, offset + lane * stride * bytes);
    f.localGet(vector);
    if (bytes === 8) f.v128Store64Lane(lane, at);
    else f.v128Store32Lane(lane, at);
  }
}

/** `base += bytes` for an address held by a local. */
export function advance(f: FunctionBuilder, base: number, bytes: number): void {
  if (bytes === 0) return;
  f.localGet(base);
  f.i32Const(bytes);
  f.i32Add();
  f.localSet(base);
}

/** A new i32 local `base + index * bytes`, where `index` is a local. */
export function indexedAddress(f: FunctionBuilder, base: number, index: number, bytes: number): number {
  const address = f.local('i32');
  f.localGet(base);
  if (bytes !== 0) {
    f.localGet(index);
    f.i32Const(bytes);
    f.i32Mul();
    f.i32Add();
  }
  f.localSet(address);
  return address;
}
