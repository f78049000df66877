import { describe, expect, test } from 'vitest';
import { NpyError } from './npy.ts';
import { readNpz, writeNpz } from './npz.ts';

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** numpy.savez of NumPy 2.4: a, [[0, 1, 2], [3, 4, 5]] in f4; net/w, [1, -2] in i8; flag, a true; f, [[0, 1], [2, 3]] in f8, Fortran order. */
const STORED = fromBase64(
  'UEsDBC0AAAAAAAAAIQBP6QAq//////////8FABQAYS5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAUEsDBC0AAAAAAAAAIQCa+/Uj//////////8JABQAbmV0L3cubnB5AQAQAJAAAAAAAAAAkAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgEAAAAAAAAA/v////////9QSwMELQAAAAAAAAAhAIIt+NP//////////wgAFABmbGFnLm5weQEAEACBAAAAAAAAAIEAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBUEsDBC0AAAAAAAAAIQAT5Hwd//////////8FABQAZi5ucHkBABAAoAAAAAAAAACgAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmOCcsICdmb3J0cmFuX29yZGVyJzogVHJ1ZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAAAAAAAAAAAAAQAAAAAAAAPA/AAAAAAAACEBQSwECLQMtAAAAAAAAACEAT+kAKpgAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAYS5ucHlQSwECLQMtAAAAAAAAACEAmvv1I5AAAACQAAAACQAAAAAAAAAAAAAAgAHPAAAAbmV0L3cubnB5UEsBAi0DLQAAAAAAAAAhAIIt+NOBAAAAgQAAAAgAAAAAAAAAAAAAAIABmgEAAGZsYWcubnB5UEsBAi0DLQAAAAAAAAAhABPkfB2gAAAAoAAAAAUAAAAAAAAAAAAAAIABVQIAAGYubnB5UEsFBgAAAAAEAAQA0wAAACwDAAAAAA==',
);
/** numpy.savez_compressed: zeros, 8 x 8 in f8; one, [1, 2, 3] in u1. */
const COMPRESSED = fromBase64(
  'UEsDBC0AAAAIAAAAIQCACVgV//////////8JABQAemVyb3MubnB5AQAQAIACAAAAAAAASwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RoWOgoWmjoKtQpkAy6GUTCiAQBQSwMELQAAAAgAAAAhACrjjrH//////////wcAFABvbmUubnB5AQAQAIMAAAAAAAAARwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOpo6CrUKFAAuRiZmAFBLAQItAy0AAAAIAAAAIQCACVgVSwAAAIACAAAJAAAAAAAAAAAAAACAAQAAAAB6ZXJvcy5ucHlQSwECLQMtAAAACAAAACEAKuOOsUcAAACDAAAABwAAAAAAAAAAAAAAgAGGAAAAb25lLm5weVBLBQYAAAAAAgACAGwAAAAGAQAAAAA=',
);
/** numpy.savez of o, an array of one string. */
const STRINGS = fromBase64(
  'UEsDBC0AAAAAAAAAIQAqpCg2//////////8FABQAby5ucHkBABAAhAAAAAAAAACEAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxVMScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKYQAAAFBLAQItAy0AAAAAAAAAIQAqpCg2hAAAAIQAAAAFAAAAAAAAAAAAAACAAQAAAABvLm5weVBLBQYAAAAAAQABADMAAAC7AAAAAAA=',
);
/** What writeNpz made of a, net/w and flag, compressed; numpy.load gave the arrays back. */
const OURS = fromBase64(
  'UEsDBBQAAAAIAAAAIQBP6QAqVQAAAJgAAAAFAAAAYS5ucHmb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GMGiwBxIOQATEDUC8wAEAUEsDBBQAAAAIAAAAIQCa+/UjSwAAAJAAAAAJAAAAbmV0L3cubnB5m+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALkYGCPj3HwIAUEsDBBQAAAAIAAAAIQCCLfjTQwAAAIEAAAAIAAAAZmxhZy5ucHmb7BfqGxDJyFDGUK2eklqcXKRupaBek2SorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqaOgq1ChQBLkYAUEsBAhQAFAAAAAgAAAAhAE/pACpVAAAAmAAAAAUAAAAAAAAAAAAAAAAAAAAAAGEubnB5UEsBAhQAFAAAAAgAAAAhAJr79SNLAAAAkAAAAAkAAAAAAAAAAAAAAAAAeAAAAG5ldC93Lm5weVBLAQIUABQAAAAIAAAAIQCCLfjTQwAAAIEAAAAIAAAAAAAAAAAAAAAAAOoAAABmbGFnLm5weVBLBQYAAAAAAwADAKAAAABTAQAAAAA=',
);

const ARRAYS = {
  a: { descr: '<f4', shape: [2, 3], data: new Float32Array([0, 1, 2, 3, 4, 5]) },
  'net/w': { descr: '<i8', shape: [2], data: new BigInt64Array([1n, -2n]) },
  flag: { descr: '|b1', shape: [], data: new Uint8Array([1]) },
};

describe('npz', () => {
  test('reads what NumPy writes, stored and compressed', () => {
    const f = { descr: '<f8', shape: [2, 2], data: new Float64Array([0, 1, 2, 3]) };
    expect(readNpz(STORED)).toEqual({ ...ARRAYS, f });
    expect(readNpz(COMPRESSED)).toEqual({
      zeros: { descr: '<f8', shape: [8, 8], data: new Float64Array(64) },
      one: { descr: '|u1', shape: [3], data: new Uint8Array([1, 2, 3]) },
    });
  });

  test('writes files that NumPy was seen to read, the same every time', () => {
    expect(writeNpz(ARRAYS, { compress: true })).toEqual(OURS);
    expect(readNpz(OURS)).toEqual(ARRAYS);
  });

  test('what is written comes back, compressed or not', () => {
    const zeros = { descr: '<f8', shape: [0, 100], data: new Float64Array(0) };
    for (const compress of [false, true]) {
      expect(readNpz(writeNpz({ ...ARRAYS, zeros }, { compress }))).toEqual({ ...ARRAYS, zeros });
      expect(readNpz(writeNpz({}, { compress }))).toEqual({});
    }
  });

  test('malformed files are named errors that say which array', () => {
    expect(() => readNpz(new Uint8Array(100))).toThrow(NpyError);
    expect(() => readNpz(STORED.subarray(0, 300))).toThrow(NpyError);
    expect(() => readNpz(STRINGS)).toThrow(/array 'o'.*'<U1' is not supported/);
    expect(() => writeNpz({ w: { shape: [4], data: new Float32Array(3) } })).toThrow(/array 'w'.*\(4\)/);
    const renamed = STORED.slice();
    const last = Buffer.from(renamed.buffer).lastIndexOf('a.npy');
    renamed.set(Buffer.from('a.txt'), last);
    expect(() => readNpz(renamed)).toThrow(/a\.txt/);
  });
});
