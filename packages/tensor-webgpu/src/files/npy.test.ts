import { describe, expect, test } from 'vitest';
import { NpyError, readNpy, tensor, writeNpy } from '../index.ts';

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

  test('big-endian arrays and half precision come as numbers, and go back', () => {
    // Written by NumPy 2: [1, -2.5] as >f8, [1, -2] as >i4, [1, 0.333, -65504, inf, 6e-8] as <f2 and >f2.
    const file = (descr: string, content: string): Uint8Array => {
      const bytes = writeNpy({ shape: [content.length / 2], data: new Uint8Array(Buffer.from(content, 'hex')) });
      const text = Buffer.from(bytes).toString('latin1');
      const size = Number(descr[2]);
      const header = text
        .slice(0, 128)
        .replace("'|u1'", `'${descr}'`)
        .replace(/\(\d+,\)/, (all) => `(${content.length / 2 / size},)`.padEnd(all.length));
      return new Uint8Array(Buffer.from(header + text.slice(128), 'latin1'));
    };
    const half = ['3c00', '3554', 'fbff', '7c00', '0001'];
    const swapped = half.map((hex) => hex.slice(2) + hex.slice(0, 2));
    const cases: readonly [string, string, ArrayLike<number>][] = [
      ['>f8', '3ff0000000000000c004000000000000', new Float64Array([1, -2.5])],
      ['>i4', '00000001fffffffe', new Int32Array([1, -2])],
      ['>f2', half.join(''), new Float32Array([1, 0.3330078125, -65504, Infinity, 2 ** -24])],
      ['<f2', swapped.join(''), new Float32Array([1, 0.3330078125, -65504, Infinity, 2 ** -24])],
    ];
    for (const [descr, content, data] of cases) {
      const read = readNpy(file(descr, content));
      expect(read).toEqual({ descr, shape: [data.length], data });
      expect(Buffer.from(writeNpy(read).subarray(128)).toString('hex')).toBe(content);
    }
  });

  test('numbers become half precision with ties to even', () => {
    const written = (x: number): number =>
      readNpy(writeNpy({ shape: [1], data: new Float32Array([x]), descr: '<f2' })).data[0] as number;
    // numpy.float16 of the same numbers.
    for (const [x, half] of [
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [2049, 2048],
      [65519, 65504],
      [65520, Infinity],
      [2 ** -25, 0],
      [3 * 2 ** -26, 2 ** -24],
      [2047.9, 2048],
      [6.097e-5, 6.097555160522461e-5],
      [-0, -0],
      [NaN, NaN],
    ])
      expect(written(x)).toBe(half);
  });

  test('64-bit integers become tensors where they fit', () => {
    expect(tensor(readNpy(INTEGERS).data as BigInt64Array).toArray()).toEqual([0, 1, 2]);
    expect(tensor(new BigInt64Array([-1n, 2n]), { shape: [2, 1] }).dtype).toBe('i32');
    expect(tensor(new BigUint64Array([2n ** 32n - 1n]), { dtype: 'u32' }).toArray()).toEqual([2 ** 32 - 1]);
    expect(tensor(new BigInt64Array([2n ** 40n]), { dtype: 'f64' }).toArray()).toEqual([2 ** 40]);
    expect(() => tensor(new BigInt64Array([0n, 2n ** 31n]))).toThrow(/fit i32, got 2147483648 at element 1.*f64/);
  });

  test('what cannot be written is named', () => {
    const data = new Float32Array(3);
    expect(() => writeNpy({ shape: [-1, -3], data })).toThrow(/extents/);
    expect(() => writeNpy({ shape: [1.5, 2], data })).toThrow(NpyError);
    expect(() => writeNpy({ shape: [3], data, desc: '<f2' } as never)).toThrow(/Did you mean descr/);
    expect(readNpy(writeNpy({ shape: [3], data, descr: '=f4' })).descr).toBe('<f4');
  });

  test('malformed files are named errors', () => {
    expect(() => readNpy(new Uint8Array(20))).toThrow(NpyError);
    expect(() => readNpy(INTEGERS.subarray(0, 60))).toThrow(/header claims/);
    expect(() => readNpy(INTEGERS.subarray(0, INTEGERS.length - 1))).toThrow(/needs 24 bytes/);
    const complex = INTEGERS.slice();
    complex[INTEGERS.indexOf(0x3c) + 1] = 0x63;
    expect(() => readNpy(complex)).toThrow(/'<c8' is not supported/);
    expect(() => writeNpy({ shape: [4], data: new Float32Array(3) })).toThrow(NpyError);
  });
});
