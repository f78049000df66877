import { FlowfieldError } from '@flowfield/tensor-webgpu';

const ADVICE =
  'Lower the learning rate, clip gradients (clipByGlobalNorm), or look for a logarithm, root or division at 0 in the loss. The last checkpoint was written before it.';

/** A run met numbers that are not finite. Checkpoints hold none of them. */
export class NonFiniteError extends FlowfieldError {
  /** The step at which they came up: that many updates had been made. */
  readonly step: number;
  /** The path of the first parameter (in the order of the tree) that they touch; `null` where only the loss is not finite. */
  readonly path: string | null;

  constructor(message: string, step: number, path: string | null) {
    super(`train: ${message}`);
    this.step = step;
    this.path = path;
  }
}

/** The loss became NaN or infinite. */
export class NonFiniteLossError extends NonFiniteError {
  readonly loss: number;

  constructor(step: number, loss: number, path: string | null = null) {
    const touched =
      path === null
        ? 'All its gradients were finite.'
        : `The gradient of '${path}' is the first in the tree that is not finite either.`;
    super(`expected a finite loss, got ${loss} at step ${step}. ${ADVICE} ${touched}`, step, path);
    this.loss = loss;
  }
}

/** A gradient became NaN or infinite, though the loss was finite. */
export class NonFiniteGradientError extends NonFiniteError {
  constructor(step: number, path: string) {
    super(
      `expected finite gradients, but that of '${path}' is not at step ${step}, where the loss still was. ${ADVICE}`,
      step,
      path,
    );
  }
}

/** A parameter became NaN or infinite by an update, though loss and gradients were finite. */
export class NonFiniteParameterError extends NonFiniteError {
  constructor(step: number, path: string) {
    super(
      `expected finite parameters, but '${path}' is not after ${step} updates, though loss and gradients were. ${ADVICE}`,
      step,
      path,
    );
  }
}
