import {
  boundOf,
  type CheckedLibrary,
  type CheckedOp,
  type CheckedTensor,
  compare,
  drawSpecial,
  epsilon,
  fail,
  isFloat,
  type Operands,
  ORACLE,
  sameShape,
  tensors,
} from './operands.ts';

/** Draws of special numbers for each function. */
const SPECIAL_DRAWS = 3;

/** Eager calls and compiled ones run the same code: not even a zero's sign may differ. */
export function sameBits(op: CheckedOp, where: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(actual[i], expected[i]))
      fail(op, where, `got ${show(actual[i])} for ${show(expected[i])} at flat index ${i}.`);
}

const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** NaN, an infinity or a zero with its sign as they are; other numbers as numbers of one kind. */
const kindOf = (x: number): string => (x === 0 || !Number.isFinite(x) ? show(x) : 'a number');

/** Zeros of both signs, infinities and NaN come out as on the oracle, and integers and truth values are equal. */
export async function checkSpecial(
  library: CheckedLibrary,
  op: CheckedOp,
  device: string,
  dtype: string,
): Promise<void> {
  for (let seed = 0; seed < SPECIAL_DRAWS; seed++) {
    const operands = drawSpecial(op, dtype, seed);
    const where = `special numbers on ${device} ${dtype}`;
    let expected: CheckedTensor;
    try {
      expected = op.apply(...tensors(library, operands, ORACLE));
    } catch {
      // What may not be asked of the oracle has no answer to compare with.
      continue;
    }
    const args = tensors(library, operands, device);
    const actual: CheckedTensor = op.apply(...args);
    const [got, wanted] = [await actual.data(), await expected.data()];
    sameBits(
      op,
      `jit, ${where}`,
      await library
        .jit(op.apply)(...args)
        .data(),
      got,
    );
    for (let i = 0; i < wanted.length; i++) {
      const same = isFloat(actual.dtype) ? kindOf(got[i]) === kindOf(wanted[i]) : got[i] === wanted[i];
      if (same) continue;
      const given = operands.data.map((numbers) => (numbers.length === wanted.length ? show(numbers[i]) : '…'));
      fail(op, where, `got ${show(got[i])} for ${show(wanted[i])} at flat index ${i}, of (${given.join(', ')}).`);
    }
  }
}

/** A plain number in the place of an operand is the tensor of it, on every device, eagerly and as an argument of jit. */
export async function checkNumbers(
  library: CheckedLibrary,
  op: CheckedOp,
  device: string,
  dtype: string,
  operands: Operands,
): Promise<void> {
  const [left, right] = op.examples;
  const alike = op.examples.length === 2 && left.shape.join() === right.shape.join() && right.dtype === undefined;
  if (!alike || !isFloat(dtype)) return;
  const number = operands.data[1][0];
  const whole = { ...operands, data: [operands.data[0], operands.data[1].map(() => number)] };
  const [x, y] = tensors(library, whole, device);
  const expected: CheckedTensor = op.apply(x, y);
  // Of whole vectors and matrices a number is none.
  if (!sameShape(expected, x)) return;
  const where = `a plain number on ${device} ${dtype}`;
  for (const found of [op.apply(x, number), library.jit(op.apply)(x, number)] as CheckedTensor[]) {
    if (found.dtype !== expected.dtype || !sameShape(found, expected))
      fail(op, where, 'shape or dtype differs from that of the tensor.');
    const unit = epsilon(dtype);
    compare(op, where, await found.data(), await expected.data(), unit, 2 * boundOf(op, dtype), op.scale ?? 0);
  }
}
