import type { Given } from '../problem.ts';

/** Bytes of a number of an array. */
const BYTES = 4;

/** JSON in which arrays are `{ f32: [start, count] }` or `{ i32: … }` of one block of bytes. */
export interface Packed {
  readonly json: string;
  readonly bytes: Uint8Array;
}

/** Writes a value; any process that shares nothing with this one can read it. */
export function pack(value: unknown): Packed {
  const arrays: Given['data'][] = [];
  let count = 0;
  const json = JSON.stringify(value, (_, each: unknown) => {
    if (!(each instanceof Float32Array || each instanceof Int32Array)) return each;
    arrays.push(each);
    count += each.length;
    return { [each instanceof Int32Array ? 'i32' : 'f32']: [count - each.length, each.length] };
  });
  const bytes = new Uint8Array(count * BYTES);
  let at = 0;
  for (const each of arrays) {
    bytes.set(new Uint8Array(each.buffer, each.byteOffset, each.byteLength), at);
    at += each.byteLength;
  }
  return { json, bytes };
}

export function unpack({ json, bytes }: Packed): unknown {
  const { buffer } = Uint8Array.from(bytes);
  return JSON.parse(json, (_, each) => {
    if (Array.isArray(each?.f32)) return new Float32Array(buffer, each.f32[0] * BYTES, each.f32[1]);
    if (Array.isArray(each?.i32)) return new Int32Array(buffer, each.i32[0] * BYTES, each.i32[1]);
    return each;
  });
}
