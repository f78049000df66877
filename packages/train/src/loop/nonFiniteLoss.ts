import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** The loss became NaN or infinite. The last checkpoint was written before it. */
export class NonFiniteLossError extends FlowfieldError {
  /** The step whose loss it is: that many updates had been made. */
  readonly step: number;
  readonly loss: number;

  constructor(step: number, loss: number) {
    super(
      `train: expected a finite loss, got ${loss} at step ${step}. Lower the learning rate, clip gradients (clipByGlobalNorm), or look for a logarithm, root or division at 0 in the loss.`,
    );
    this.step = step;
    this.loss = loss;
  }
}
