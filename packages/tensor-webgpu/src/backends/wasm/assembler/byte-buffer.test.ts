import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBuffer } from './byte-buffer.ts';
import { AssemblerError } from './errors.ts';

/** Textbook LEB128 reader: seven bits a byte, low bits first, the last byte's bit 6 as the sign. */
function decode(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
  }
  const last = bytes.at(-1) ?? 0;
  return signed && (last & 0x40) !== 0 ? value - (1n << shift) : value;
}

function wellFormed(bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => byte < 0x80 === (i === bytes.length - 1));
}

test('unsigned LEB128 reads back, in as few bytes as the value needs', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
      const buffer = new ByteBuffer(1);
      buffer.u32(value);
      const bytes = buffer.view();
      expect(wellFormed(bytes)).toBe(true);
      expect(decode(bytes, false)).toBe(BigInt(value));
      expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
    }),
    { examples: [[0], [127], [128], [0x7fffffff], [0x80000000], [0xffffffff]] },
  );
});

test('signed LEB128 of 32 bits reads back', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const buffer = new ByteBuffer(1);
      buffer.s32(value);
      const bytes = buffer.view();
      expect(wellFormed(bytes)).toBe(true);
      expect(bytes.length).toBeLessThanOrEqual(5);
      expect(decode(bytes, true)).toBe(BigInt(value));
    }),
    { examples: [[0], [-1], [63], [64], [-64], [-65], [0x7fffffff], [-0x80000000]] },
  );
});

test('signed LEB128 of 64 bits reads back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const buffer = new ByteBuffer(1);
      buffer.s64(value);
      const bytes = buffer.view();
      expect(wellFormed(bytes)).toBe(true);
      expect(bytes.length).toBeLessThanOrEqual(10);
      expect(decode(bytes, true)).toBe(value);
    }),
  );
});

test('numbers that do not fit are refused', () => {
  const buffer = new ByteBuffer();
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN]) expect(() => buffer.u32(value)).toThrow(AssemblerError);
  for (const value of [-(2 ** 31) - 1, 2 ** 32, 0.5]) expect(() => buffer.s32(value)).toThrow(AssemblerError);
  expect(() => buffer.s64(2n ** 64n)).toThrow(AssemblerError);
});

test('bytes survive growth', () => {
  const buffer = new ByteBuffer(2);
  for (let i = 0; i < 1000; i++) buffer.u8(i & 0xff);
  buffer.bytes(Uint8Array.of(1, 2, 3));
  expect(buffer.length).toBe(1003);
  expect([...buffer.view().subarray(510, 514)]).toEqual([254, 255, 0, 1]);
  expect([...buffer.view().subarray(1000)]).toEqual([1, 2, 3]);
});
