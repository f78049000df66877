import { ArgumentError, type random, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';

/** Scalars to follow beside the loss, by name. */
export type Metrics = Record<string, Tensor>;

/** What a loss may return: the scalar; the scalar and metrics; or these and the next state of the model, by name. */
export type LossResult<S = null> =
  | Tensor
  | readonly [Tensor, Metrics]
  | { readonly loss: Tensor; readonly metrics?: Metrics; readonly modelState?: S };

/**
 * The loss of a batch. Traced: must not read data. `modelState` is what layers with state carry, such as batch norm; `null` for
 * a run without the option of this name. A run with it expects its next value back.
 */
export type LossFunction<P, B, S = null> = (params: P, batch: B, key: random.Key, modelState: S) => LossResult<S>;

/** A result in its longest form. */
export interface LossParts<S> {
  readonly loss: Tensor;
  readonly metrics: Metrics;
  readonly modelState: S;
}

/** Names of numbers that the log of a run has anyway. */
const reserved = ['step', 'loss', 'stepsPerSecond', 'validation', 'diverged', 'firstLoss'];

const isTensor = (value: unknown): value is Tensor => Array.isArray((value as Tensor | null | undefined)?.shape);

/**
 * The parts of what a loss returned.
 * @throws ArgumentError for another form, or a model state that is missing; ShapeError for metrics that are no scalars.
 */
export function lossParts<S>(result: LossResult<S>, modelState: S): LossParts<S> {
  const parts = partsOf(result);
  if (!parts || !isTensor(parts.loss)) {
    throw new ArgumentError(
      `train: the loss must return a scalar tensor, [scalar, metrics] or { loss, metrics, modelState }, got ${describe(result)}. Return the loss last.`,
    );
  }
  const { loss, metrics = {} } = parts;
  if (loss.shape.length !== 0 || (loss.dtype !== 'f32' && loss.dtype !== 'f64')) {
    throw new ShapeError(
      `train: the loss must be one floating scalar, got ${loss.dtype}[${loss.shape.join(', ')}]. Reduce it with .mean() or .sum().`,
    );
  }
  for (const [name, metric] of Object.entries(metrics)) {
    if (reserved.includes(name)) {
      throw new ArgumentError(
        `train: a metric may not be named '${name}', which the log has already. Choose another name than ${reserved.join(', ')}.`,
      );
    }
    if (isTensor(metric) && metric.shape.length === 0) continue;
    const given = isTensor(metric) ? `shape [${metric.shape.join(', ')}]` : describe(metric);
    throw new ShapeError(`train: metric '${name}' must be a scalar, got ${given}. Reduce it with .mean().`);
  }
  const hasState = modelState !== null && modelState !== undefined;
  if (hasState !== (parts.modelState !== undefined && parts.modelState !== null)) {
    throw new ArgumentError(
      hasState
        ? 'train: the run has a modelState, so the loss must return { loss, modelState } with its next value. A layer that only reads it returns it as it is.'
        : 'train: the loss returned a modelState, but the run has none. Give its first value as the option modelState.',
    );
  }
  return { loss, metrics, modelState: hasState ? (parts.modelState as S) : modelState };
}

function partsOf<S>(result: LossResult<S>): { loss: Tensor; metrics?: Metrics; modelState?: S } | null {
  if (isTensor(result)) return { loss: result };
  if (Array.isArray(result)) {
    const [loss, metrics] = result as readonly [Tensor, Metrics];
    const named = typeof metrics === 'object' && metrics !== null && !isTensor(metrics);
    return result.length === 2 && named ? { loss, metrics } : null;
  }
  if (typeof result !== 'object' || result === null) return null;
  const unknown = Object.keys(result).find((name) => !['loss', 'metrics', 'modelState'].includes(name));
  if (unknown === undefined) return result as { loss: Tensor; metrics?: Metrics; modelState?: S };
  throw new ArgumentError(
    `train: the loss returned { ${Object.keys(result).join(', ')} }, expected { loss, metrics, modelState }. Put '${unknown}' into metrics, or leave it out.`,
  );
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? `an object { ${Object.keys(value).join(', ')} }` : String(value);
}
