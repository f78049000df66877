import { ArgumentError, type random, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';

/** A function of a parameter tree: `init` draws the tree, `apply` computes. Layers hold no numbers themselves. */
export interface Layer<P> {
  /** The extent of the last axis of the input. */
  readonly inputs: number;
  /** The extent of the last axis of the output. */
  readonly outputs: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor): Tensor;
}

/** Throws `ArgumentError` unless `value` is a whole number of at least 1. */
export function checkWidth(what: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ArgumentError(`${what} must be a whole number of at least 1, got ${value}.`);
}

/** Throws `ArgumentError` unless `x` is a tensor, `ShapeError` unless its last axis has the extent `width`. */
export function checkLastAxis(layer: string, x: Tensor, width: number): void {
  if (!Array.isArray(x?.shape)) {
    throw new ArgumentError(
      `${layer}: expected a tensor, got ${Array.isArray(x) ? 'an array' : typeof x}. Use tensor(x).`,
    );
  }
  if (x.shape.length > 0 && x.shape[x.shape.length - 1] === width) return;
  throw new ShapeError(
    `${layer}: expected an input of shape [..., ${width}], got [${x.shape.join(', ')}]. Reshape it, or set inputs to its last extent.`,
  );
}
