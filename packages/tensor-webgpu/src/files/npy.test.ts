import { describe, expect, test } from 'vitest';
import { NpyError, readNpy, writeNpy } from './npy.ts';

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Written by NumPy 2: [[0, 1, 2], [3, 4, 5]] as f4 in Fortran order, and [0, 1, 2] as i8. */
const FORTRAN = fromBase64(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAABAQAAAgD8AAIBAAAAAQAAAoEA=',
);
const INTEGERS = fromBase64(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAEAAAAAAAAAAgAAAAAAAAA=',
);

describe('npy', () => {
  test('the bytes of a Node Buffer, which lie within a larger pool, read as well', () => {
    const pool = Buffer.alloc(FORTRAN.length + 3);
    pool.set(FORTRAN, 3);
    expect(readNpy(pool.subarray(3))).toEqual(readNpy(FORTRAN));
  });

  test('reads NumPy files in either order', () => {
    expect(readNpy(FORTRAN)).toEqual({ descr: '<f4', shape: [2, 3], data: new Float32Array([0, 1, 2, 3, 4, 5]) });
    expect(readNpy(INTEGERS)).toEqual({ descr: '<i8', shape: [3], data: new BigInt64Array([0n, 1n, 2n]) });
  });

  test('writes the bytes that NumPy writes', () => {
    expect(writeNpy({ shape: [3], data: new BigInt64Array([0n, 1n, 2n]) })).toEqual(INTEGERS);
  });

  test('scalars and empty arrays come back', () => {
    for (const shape of [[], [0, 4], [2, 1, 3]]) {
      const data = new Float64Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => i / 3);
      expect(readNpy(writeNpy({ shape, data }))).toEqual({ descr: '<f8', shape, data });
    }
  });

  test('malformed files are named errors', () => {
    expect(() => readNpy(new Uint8Array(20))).toThrow(NpyError);
    expect(() => readNpy(INTEGERS.subarray(0, 60))).toThrow(/header claims/);
    expect(() => readNpy(INTEGERS.subarray(0, INTEGERS.length - 1))).toThrow(/needs 24 bytes/);
    const bigEndian = INTEGERS.slice();
    bigEndian[INTEGERS.indexOf(0x3c)] = 0x3e;
    expect(() => readNpy(bigEndian)).toThrow(/'>i8' is not supported/);
    expect(() => writeNpy({ shape: [4], data: new Float32Array(3) })).toThrow(NpyError);
  });
});
