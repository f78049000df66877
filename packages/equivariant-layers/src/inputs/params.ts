import { ArgumentError, type Shape, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';

/**
 * Throws unless `params` has the tensors of `shapes` and no others: `ArgumentError` for a name that is missing or one too
 * many, `ShapeError` for another shape.
 */
export function checkParams(layer: string, params: object, shapes: Readonly<Record<string, Shape>>): void {
  const given = (params ?? {}) as Readonly<Record<string, Tensor | undefined>>;
  const wanted = `${layer}: expected parameters { ${Object.entries(shapes)
    .map(([name, shape]) => `${name} [${shape.join(', ')}]`)
    .join(', ')} }`;
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

/** Throws `ArgumentError` unless parameters may have this dtype. */
export function checkedDType(op: string, dtype: string): void {
  if (dtype === 'f32' || dtype === 'f64') return;
  throw new ArgumentError(`${op}: dtype must be 'f32' or 'f64', got ${String(dtype)}. Use one of these.`);
}

/** Throws `ArgumentError` unless `given` is true or false. */
export function checkedFlag(what: string, given: unknown): void {
  if (typeof given === 'boolean') return;
  throw new ArgumentError(`${what} must be true or false, got ${String(given)}. Give one of them.`);
}

/** Throws `ArgumentError` unless `given` is a finite number of at least 0. */
export function checkedTolerance(what: string, given: number): void {
  if (given >= 0 && Number.isFinite(given)) return;
  throw new ArgumentError(`${what} must be a finite number of at least 0, got ${String(given)}.`);
}
