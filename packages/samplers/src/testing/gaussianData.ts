import { type Scheduler, schedulerAt } from '@flowfield/paths';
import type { Tensor } from '@flowfield/tensor-webgpu';
import type { Velocity } from '../index.ts';

/** Mean and standard deviation of the data. */
export const mean = 0.7;
export const spread = 0.4;

/** The exact velocity for data N(mean, spread^2 I): alpha' m + V' / (2 V) (x - alpha m), V = alpha^2 s^2 + sigma^2. */
export const gaussianVelocity =
  (scheduler: Scheduler): Velocity =>
  (x, t) => {
    const c = schedulerAt(scheduler, t);
    const variance = c.alphaT
      .square()
      .mul(spread ** 2)
      .add(c.sigmaT.square());
    const slope = c.alphaT
      .mul(c.dAlphaT)
      .mul(spread ** 2)
      .add(c.sigmaT.mul(c.dSigmaT))
      .div(variance);
    const center = c.alphaT.mul(mean).expandDims(-1);
    return x.sub(center).mul(slope.expandDims(-1)).add(c.dAlphaT.mul(mean).expandDims(-1));
  };

/** log N(x; mean, spread^2 I) for each row. */
export const gaussianLogDensity = (x: Tensor): Tensor =>
  x
    .sub(mean)
    .div(spread)
    .square()
    .sum({ axis: -1 })
    .div(-2)
    .sub(x.shape[1] * Math.log(spread * Math.sqrt(2 * Math.PI)));
