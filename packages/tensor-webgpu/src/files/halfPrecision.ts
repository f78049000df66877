/** The two 16-bit floats of array files: IEEE binary16, and the upper half of a binary32. */
export type HalfType = 'F16' | 'BF16';

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** The binary32 of a binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest binary16, ties to even. */
function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  // From halfway between the largest number, 65504, and the next power of two on.
  if (size >= 65520) return sign | 0x7c00;
  // Below the smallest normal number steps are of 2⁻²⁴; above they double with each power of two.
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const step = 2 ** (exponent - 10);
  const steps = roundToEven(size / step);
  // A carry into the next power of two is a carry of the bits as well.
  return sign | (exponent === -14 ? steps : ((exponent + 14) << 10) + steps);
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function fromBrain(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}

/** The nearest bfloat16 of a binary32, ties to even. */
function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  single[0] = value;
  return (word[0] + 0x7fff + ((word[0] >>> 16) & 1)) >>> 16;
}

/** The numbers that 16-bit floats stand for, all of which are f32 too. */
export const numbersOf = (bits: Uint16Array, type: HalfType): Float32Array =>
  Float32Array.from(bits, type === 'F16' ? fromHalf : fromBrain);

/** The bits of the nearest 16-bit floats. */
export const bitsOf = (numbers: Float32Array, type: HalfType): Uint16Array =>
  Uint16Array.from(numbers, type === 'F16' ? toHalf : toBrain);
