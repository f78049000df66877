import { LayerShapeError, MaskError, NonFiniteInputError } from '@flowfield/equivariant-layers';
import { checkTensor, firstNonFinite, knownData, type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';

const isTensor = (given: TensorLike): given is Tensor => Array.isArray((given as Tensor | null | undefined)?.shape);

/** A tensor as it is; numbers as a tensor on the device of x. */
export const placed = (given: TensorLike, x: Tensor): Tensor =>
  isTensor(given) ? given : tensor(given, { device: x.device?.name });

/** x itself where it is floating; whole numbers and truth values as f32. */
export const floating = (x: Tensor): Tensor => (x.dtype === 'f32' || x.dtype === 'f64' ? x : x.astype('f32'));

/** Throws `NonFiniteInputError` for NaN or infinity in rows of features that are known at once; inside a trace they are not. */
export function checkFinite(op: string, what: string, x: Tensor): void {
  const data = knownData(x);
  if (data === null) return;
  const at = firstNonFinite(data);
  if (at < 0) return;
  const width = x.shape[x.shape.length - 1];
  throw new NonFiniteInputError(
    `${op}: expected finite ${what}, got ${data[at]} as number ${at % width} of row ${Math.floor(at / width)}. Look for missing values; padding may hold anything.`,
  );
}

/** Numbers below `count` as integers: a list, any typed array or a tensor, checked where they are known at once. */
export function segmentIds(op: string, name: string, given: TensorLike, count: number, x: Tensor): Tensor {
  const list = Array.isArray(given) || ArrayBuffer.isView(given) ? (given as unknown as ArrayLike<number>) : null;
  const values = list ?? (isTensor(given) ? knownData(given) : null);
  for (let i = 0; values !== null && i < values.length; i++) {
    if (Number.isInteger(values[i]) && values[i] >= 0 && values[i] < count) continue;
    throw new GraphError(
      `${op}: expected ${name} 0 to ${count - 1}, got ${String(values[i])} at place ${i}. Numbers count from 0.`,
    );
  }
  const ids = list ? placed(Int32Array.from(list), x) : placed(given, x);
  if (ids.shape.length !== 1)
    throw new GraphError(`${op}: expected ${name} as one list of numbers, got [${ids.shape.join(', ')}].`);
  return ids.dtype === 'i32' || ids.dtype === 'u32' ? ids : ids.astype('i32');
}

/**
 * Which nodes are real as bool, [lead…, n] or [n]; `null` without a mask. Graphs without a real node are fine.
 * @throws MaskError for other shapes, and for other values than 0 and 1 where they are known.
 */
export function realNodes(
  op: string,
  mask: TensorLike | null | undefined,
  lead: readonly number[],
  n: number,
  x: Tensor,
): Tensor | null {
  if (mask === undefined || mask === null) return null;
  const given = placed(mask, x);
  checkTail(op, 'the mask', given, lead, [n], MaskError);
  const wrong = knownData(given)?.find((value) => value !== 0 && value !== 1);
  if (wrong !== undefined)
    throw new MaskError(`${op}: expected a mask of 0 and 1, got ${wrong}. Weights are no mask; multiply the features.`);
  return given.notEqual(0);
}

/**
 * Where arcs are, [lead…, n, n] or [n, n]: entries other than 0.
 * @throws LayerShapeError for other shapes, NonFiniteInputError for NaN or infinity.
 */
export function arcsOf(op: string, adjacency: TensorLike, lead: readonly number[], n: number, x: Tensor): Tensor {
  const matrix = placed(adjacency, x);
  checkTail(op, 'the adjacency', matrix, lead, [n, n], LayerShapeError);
  checkFinite(op, 'entries of the adjacency', matrix);
  return matrix.notEqual(0);
}

/** Features of arcs, `width` of them where that is known. Throws `LayerShapeError` unless there are some for every arc. */
export function edgeRows(op: string, edges: Tensor, arcs: readonly number[], width: number | null): Tensor {
  checkTensor(op, 'edges', edges);
  const { shape } = edges;
  const fits = shape.length === arcs.length + 1 && arcs.every((extent, i) => shape[i] === extent);
  if (fits && (width === null || shape[arcs.length] === width)) return floating(edges);
  throw new LayerShapeError(
    `${op}: expected features of arcs [${arcs.join(', ')}, ${width ?? 'e'}], got [${shape.join(', ')}]. Give one row for each arc, in the order of the arcs.`,
  );
}

/** Throws unless a tensor is [lead…, tail…] or [tail…]. */
function checkTail(
  op: string,
  what: string,
  given: Tensor,
  lead: readonly number[],
  tail: readonly number[],
  Failure: new (message: string) => Error,
): void {
  const shape = given.shape.join();
  if (shape === [...lead, ...tail].join() || shape === tail.join()) return;
  throw new Failure(
    `${op}: expected ${what} of shape [${[...lead, ...tail].join(', ')}]${lead.length > 0 ? ` or [${tail.join(', ')}]` : ''}, got [${given.shape.join(', ')}].`,
  );
}
