import { ArgumentError, checkTensor, type random, type Shape, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';
import type { ParameterDType } from '../initializers/initializer.ts';

/** A function of a parameter tree: `init` draws the tree, `apply` computes. Layers hold no numbers themselves. */
export interface Layer<P> {
  /** The extent of the feature axis of the input: the last one, or the second of images and sequences [N, C, …]. */
  readonly inputs: number;
  /** The extent of the feature axis of the output. */
  readonly outputs: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor): Tensor;
}

/** How a layer with state is applied. */
export interface Mode {
  /** Whether the statistics are those of this batch, and the state learns them (true), or those of the state (false). */
  readonly training: boolean;
}

/** A layer that also keeps numbers which are not trained: `apply` takes them and returns the next ones. */
export interface StatefulLayer<P, S, O extends Mode = Mode> {
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): P;
  /** The first state; on the device of the key, if there is one. */
  initState(key?: random.Key): S;
  apply(params: P, state: S, x: Tensor, options: O): [y: Tensor, next: S];
}

/** Throws `ArgumentError` unless `x` is a tensor, `ShapeError` unless its last axis has the extent `width`. */
export function checkLastAxis(layer: string, x: Tensor, width: number): void {
  checkTensor(layer, 'x', x);
  if (x.shape.length > 0 && x.shape[x.shape.length - 1] === width) return;
  throw new ShapeError(
    `${layer}: expected an input of shape [..., ${width}], got [${x.shape.join(', ')}]. Reshape it, or set inputs to its last extent.`,
  );
}

/**
 * Throws unless `params` has the tensors of `shapes` and no others: `ArgumentError` for a name that is missing or one too
 * many, `ShapeError` for another shape.
 */
export function checkParams(
  layer: string,
  params: object,
  shapes: Readonly<Record<string, Shape>>,
  source = 'init(key)',
): void {
  const given = (params ?? {}) as Readonly<Record<string, Tensor | undefined>>;
  const expected = Object.entries(shapes).map(([name, shape]) => `${name} [${shape.join(', ')}]`);
  const wanted = `${layer}: expected parameters { ${expected.join(', ')} }`;
  for (const [name, shape] of Object.entries(shapes)) {
    const found = given[name]?.shape;
    if (!Array.isArray(found)) throw new ArgumentError(`${wanted}, got none named ${name}. Draw them with ${source}.`);
    if (found.length === shape.length && found.every((extent, i) => extent === shape[i])) continue;
    throw new ShapeError(`${wanted}, got ${name} [${found.join(', ')}]. Take those of a layer with the same options.`);
  }
  for (const name in given) {
    if (name in shapes || given[name] === undefined) continue;
    throw new ArgumentError(`${wanted}, got one more named ${name}. Take those of a layer with the same options.`);
  }
}

/** Where and in which dtype a layer makes what it does not draw; throws `ArgumentError` unless `key` is a tensor. */
export function madeAt(
  layer: string,
  key: random.Key,
  dtype: ParameterDType,
): { dtype: ParameterDType; device: string | undefined } {
  checkTensor(layer, 'key', key);
  return { dtype, device: key.device?.name };
}

/** Throws `ArgumentError` unless all of `given` are tensors. */
export function checkTensors(layer: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) checkTensor(layer, name, value);
}

/** Throws `ArgumentError` unless `x` is a tensor, `ShapeError` unless it is [N, channels, …] with `rank` axes behind. */
export function checkChannels(layer: string, x: Tensor, channels: number, rank?: number): void {
  checkTensor(layer, 'x', x);
  const { shape } = x;
  if (shape[1] === channels && (rank === undefined ? shape.length >= 2 : shape.length === rank + 2)) return;
  const axes = rank === undefined ? '…' : ['L', 'H, W', 'D, H, W'][rank - 1];
  throw new ShapeError(
    `${layer}: expected an input of shape [N, ${channels}, ${axes}], got [${shape.join(', ')}]. Put the channels second, or set inputs to their number.`,
  );
}

/** Throws `ArgumentError` unless the parameters have a list `name` of that many entries. */
export function checkList(layer: string, name: string, given: unknown, length: number): void {
  if (Array.isArray(given) && given.length === length) return;
  const found = Array.isArray(given) ? `a list of ${given.length}` : 'no such list';
  throw new ArgumentError(
    `${layer}: expected parameters with a list '${name}' of ${length}, got ${found}. Draw them with init(key) of a network with the same options.`,
  );
}

/** `params[name]` of a network; throws `ArgumentError` where it is missing. */
export function partOf<P extends object, K extends keyof P & string>(layer: string, params: P, name: K): P[K] {
  const part = params?.[name];
  if (typeof part === 'object' && part !== null) return part;
  throw new ArgumentError(
    `${layer}: expected parameters with a part '${name}', got none. Draw them with init(key) of a network with the same options.`,
  );
}
