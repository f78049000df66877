import { AssemblerError } from './errors.ts';

const scratch = new DataView(new ArrayBuffer(8));
const utf8 = new TextEncoder();

/** Growable bytes with the number encodings of the WebAssembly binary format. */
export class ByteBuffer {
  private storage: Uint8Array<ArrayBuffer>;
  /** Bytes written so far. */
  length = 0;

  constructor(capacity = 256) {
    this.storage = new Uint8Array(capacity);
  }

  /** The bytes written so far: a view, valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.storage.subarray(0, this.length);
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.storage.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.storage.length));
    grown.set(this.view());
    this.storage = grown;
  }

  u8(value: number): void {
    if (this.length === this.storage.length) this.reserve(1);
    this.storage[this.length++] = value;
  }

  bytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.storage.set(source, this.length);
    this.length += source.length;
  }

  /** Unsigned LEB128 of an integer in [0, 2^32). */
  u32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new AssemblerError(`Expected an integer in [0, 2^32), got ${value}.`);
    this.reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.storage[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.storage[this.length++] = rest;
  }

  /** Signed LEB128 of 32 bits, given as a signed or as an unsigned integer. */
  s32(value: number): void {
    if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff)
      throw new AssemblerError(`Expected an integer of 32 bits, got ${value}.`);
    this.reserve(5);
    let rest = value | 0;
    // A byte ends the number when what is left repeats the byte's sign bit (0x40).
    while (rest < -64 || rest > 63) {
      this.storage[this.length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.storage[this.length++] = rest & 0x7f;
  }

  /** Signed LEB128 of 64 bits, given as a signed or as an unsigned integer. */
  s64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value)
      throw new AssemblerError(`Expected an integer of 64 bits, got ${value}.`);
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.u8(Number(rest & 0x7fn));
  }

  f32(value: number): void {
    scratch.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.u8(scratch.getUint8(i));
  }

  f64(value: number): void {
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.u8(scratch.getUint8(i));
  }

  /** A UTF-8 string preceded by its length in bytes. */
  text(value: string): void {
    const encoded = utf8.encode(value);
    this.u32(encoded.length);
    this.bytes(encoded);
  }
}
