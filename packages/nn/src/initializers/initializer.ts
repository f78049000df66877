import {
  ArgumentError,
  checkFunctions,
  checkTensor,
  type DType,
  type random,
  type Shape,
  ShapeError,
  type Tensor,
} from '@flowfield/tensor-webgpu';

/** What an initializer may use besides the shape. */
export interface InitializerContext {
  readonly dtype: 'f32' | 'f64';
  /** Inputs that reach one unit. A bias has the fans of its weight. */
  readonly fanIn: number;
  /** Units that one input reaches. */
  readonly fanOut: number;
}

/** Draws the first value of a parameter. */
export type Initializer = (key: random.Key, shape: Shape, context: InitializerContext) => Tensor;

/** The dtypes that parameters may have. */
export type ParameterDType = Extract<DType, 'f32' | 'f64'>;

/**
 * The context of a weight of shape [..., inputs, outputs]: axes before the last two count as receptive field.
 * @throws ArgumentError for fewer than two axes.
 */
export function contextOf(shape: Shape, dtype: ParameterDType = 'f32'): InitializerContext {
  if (!(Array.isArray(shape) && shape.length >= 2)) {
    const given = Array.isArray(shape) ? `[${shape.join(', ')}]` : String(shape);
    throw new ArgumentError(
      `contextOf: expected a weight of shape [..., inputs, outputs], got ${given}. Give fanIn and fanOut yourself.`,
    );
  }
  const field = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return { dtype, fanIn: field * shape[shape.length - 2], fanOut: field * shape[shape.length - 1] };
}

/**
 * A parameter as `initializer` draws it.
 * @throws ArgumentError when it is no function or returns no tensor; ShapeError when it returns another shape.
 */
export function drawn(
  what: string,
  initializer: Initializer,
  key: random.Key,
  shape: Shape,
  context: InitializerContext,
): Tensor {
  checkFunctions(what, initializer);
  const value = initializer(key, shape, context);
  checkTensor(what, 'what it returns', value);
  if (value.shape.length === shape.length && value.shape.every((extent, i) => extent === shape[i])) return value;
  throw new ShapeError(
    `${what}: expected shape [${shape.join(', ')}] from the initializer, got [${value.shape.join(', ')}]. Return a tensor of the shape that it is given.`,
  );
}

/** `context` itself. Throws `ArgumentError` unless it is one, which whoever calls an initializer by hand may forget. */
export function checkedContext(what: string, context: InitializerContext): InitializerContext {
  if (context?.dtype === 'f32' || context?.dtype === 'f64') return context;
  throw new ArgumentError(
    `${what}: expected a context { dtype: 'f32' or 'f64', fanIn, fanOut } after key and shape, got ${context && typeof context === 'object' ? 'one without a dtype' : String(context)}. Make one with initializers.contextOf(shape).`,
  );
}

/** Throws `ArgumentError` unless `value` is a finite number of at least 0. */
export function checkScale(what: string, value: number): number {
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new ArgumentError(`${what} must be a finite number of at least 0, got ${String(value)}.`);
}
