import type { FunctionBuilder } from '../assembler/index.ts';
import type { ContractionSpec } from './spec.ts';

/** Terms summed one after the other in a register where sums are long: equal terms then round by 4e-7 at most. */
export const RUN = 32;
/** Products of more terms than this in f32 keep what rounding takes from their sums. */
const LONG_K = 4096;

/** Pieces of a long sum of at most this many terms are so few runs that adding them up loses no more than a run does. */
const SHORT_PIECE = 8 * RUN;

const isLong = ({ dtype, k, terms = k }: ContractionSpec): boolean => dtype === 'f32' && terms > LONG_K;

/** Whether a blocked product keeps a second array with what rounding took from its sums. */
export const keepsRounding = (spec: ContractionSpec): boolean =>
  isLong(spec) && spec.k > SHORT_PIECE && spec.c.rowStride >= spec.n;

/** Whether the product is a piece of long sums, short enough to add its runs to C as they are. */
export const isShortPiece = (spec: ContractionSpec): boolean => isLong(spec) && spec.k <= SHORT_PIECE;

/**
 * `sum += term`, where `lost` is what rounding took from `sum` so far, added with the next term (Kahan 1965): the error does
 * not grow with the number of terms. All are locals with vectors of f32.
 */
export function addKeeping(
  f: FunctionBuilder,
  sum: number,
  lost: number,
  term: number,
  scratch: readonly [number, number],
): void {
  const [total, added] = scratch;
  f.localGet(term);
  f.localGet(lost);
  f.f32x4Add();
  f.localTee(added);
  f.localGet(sum);
  f.f32x4Add();
  f.localSet(total);
  // lost = added - (total - sum), but nothing where the sum is infinite: the difference is no number there.
  f.localGet(added);
  f.localGet(total);
  f.localGet(sum);
  f.f32x4Sub();
  f.f32x4Sub();
  f.localTee(lost);
  f.localGet(lost);
  f.localGet(lost);
  f.f32x4Sub();
  f.localTee(added);
  f.localGet(added);
  f.f32x4Eq();
  f.v128And();
  f.localSet(lost);
  f.localGet(total);
  f.localSet(sum);
}

/** `sum += lost`, the end of a sum made by `addKeeping`. */
export function joinKept(f: FunctionBuilder, sum: number, lost: number): void {
  f.localGet(sum);
  f.localGet(lost);
  f.f32x4Add();
  f.localSet(sum);
}
