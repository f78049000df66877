import { FlowfieldError, knownData, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { EmptySetError, MaskError } from '../errors.ts';
import { placed } from './beside.ts';

/**
 * A mask of `lead` + [n] as bool: true (or 1) where an element is real, false (or 0) at padding. One mask [n] serves a
 * whole batch.
 * @throws MaskError for other shapes, and, where its elements are known, for values other than 0 and 1; EmptySetError
 *   for a row without a real element.
 */
export function asMask(op: string, mask: TensorLike, lead: readonly number[], n: number, x: Tensor): Tensor {
  const given = maskTensor(op, mask, x);
  const wanted = [...lead, n];
  const { shape } = given;
  const whole = shape.length === wanted.length && shape.every((extent, i) => extent === wanted[i]);
  if (!whole && !(shape.length === 1 && shape[0] === n)) {
    const either = lead.length > 0 ? ` or [${n}]` : '';
    throw new MaskError(
      `${op}: expected a mask of shape [${wanted.join(', ')}]${either}, got [${shape.join(', ')}]. Give one entry for each element, 1 where it is real.`,
    );
  }
  checkEntries(op, given, n);
  const flags = given.dtype === 'bool' ? given : given.notEqual(0);
  return whole ? flags : flags.broadcastTo(wanted);
}

/** A mask as a tensor, an array on the device of x. Throws `MaskError` for what is none. */
export function maskTensor(op: string, mask: TensorLike, x: Tensor): Tensor {
  try {
    return placed(mask, x);
  } catch (error) {
    if (!(error instanceof FlowfieldError)) throw error;
    throw new MaskError(`${op}: expected a mask of 0 and 1, got ${String(mask)}. Give a tensor or nested arrays.`);
  }
}

function checkEntries(op: string, mask: Tensor, n: number): void {
  const data = knownData(mask);
  if (data === null) return;
  const wrong = data.findIndex((value) => value !== 0 && value !== 1);
  if (wrong >= 0) {
    throw new MaskError(
      `${op}: expected a mask of 0 and 1, got ${data[wrong]} in row ${Math.floor(wrong / n)}. Weights are no mask; multiply the input by them.`,
    );
  }
  for (let row = 0; row * n < data.length; row++) {
    if (data.subarray(row * n, (row + 1) * n).includes(1)) continue;
    throw new EmptySetError(`${op}: row ${row} of the mask has no real element. Leave out empty sets before batching.`);
  }
}

/** Throws `EmptySetError` for extents of 0. */
export function checkNotEmpty(op: string, extents: readonly number[]): void {
  if (!extents.includes(0)) return;
  throw new EmptySetError(`${op}: expected at least one element, got none. Leave out empty sets before batching.`);
}
