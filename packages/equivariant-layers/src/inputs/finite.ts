import { firstNonFinite, knownData, type Tensor } from '@flowfield/tensor-webgpu';
import { NonFiniteInputError } from '../errors.ts';

/** Throws `NonFiniteInputError` for NaN or infinity in `x`, where its elements are known; inside a trace they are not. */
export function checkFinite(op: string, what: string, x: Tensor): void {
  const data = knownData(x);
  if (data === null) return;
  const index = firstNonFinite(data);
  if (index < 0) return;
  throw new NonFiniteInputError(
    `${op}: expected finite numbers in ${what}, got ${data[index]} at [${placeOf(index, x.shape).join(', ')}]. ` +
      'Look for missing values or divisions by 0; padding may hold anything when a mask marks it.',
  );
}

function placeOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return [...shape]
    .reverse()
    .map((extent) => {
      const at = rest % extent;
      rest = (rest - at) / extent;
      return at;
    })
    .reverse();
}
