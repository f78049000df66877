import { ArgumentError, type DType, type random, type Shape, type Tensor } from '@flowfield/tensor-webgpu';

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
  if (shape.length < 2) {
    throw new ArgumentError(
      `contextOf: expected a weight of shape [..., inputs, outputs], got [${shape.join(', ')}]. Give fanIn and fanOut yourself.`,
    );
  }
  const field = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return { dtype, fanIn: field * shape[shape.length - 2], fanOut: field * shape[shape.length - 1] };
}

/** Throws `ArgumentError` unless `value` is a finite number of at least 0. */
export function checkScale(what: string, value: number): number {
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new ArgumentError(`${what} must be a finite number of at least 0, got ${String(value)}.`);
}
