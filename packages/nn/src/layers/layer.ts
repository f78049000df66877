import { ArgumentError, checkTensor, type random, type Shape, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';

/** A function of a parameter tree: `init` draws the tree, `apply` computes. Layers hold no numbers themselves. */
export interface Layer<P> {
  /** The extent of the last axis of the input. */
  readonly inputs: number;
  /** The extent of the last axis of the output. */
  readonly outputs: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor): Tensor;
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
export function checkParams(layer: string, params: object, shapes: Readonly<Record<string, Shape>>): void {
  const given = (params ?? {}) as Readonly<Record<string, Tensor | undefined>>;
  const expected = Object.entries(shapes).map(([name, shape]) => `${name} [${shape.join(', ')}]`);
  const wanted = `${layer}: expected parameters { ${expected.join(', ')} }`;
  for (const [name, shape] of Object.entries(shapes)) {
    const found = given[name]?.shape;
    if (!Array.isArray(found)) throw new ArgumentError(`${wanted}, got none named ${name}. Draw them with init(key).`);
    if (found.length === shape.length && found.every((extent, i) => extent === shape[i])) continue;
    throw new ShapeError(`${wanted}, got ${name} [${found.join(', ')}]. Take those of a layer with the same options.`);
  }
  for (const name in given) {
    if (name in shapes || given[name] === undefined) continue;
    throw new ArgumentError(`${wanted}, got one more named ${name}. Take those of a layer with the same options.`);
  }
}
