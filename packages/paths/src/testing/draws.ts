import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import {
  condOTScheduler,
  cosineScheduler,
  linearVPScheduler,
  polynomialScheduler,
  type Scheduler,
  veScheduler,
  vpScheduler,
} from '../index.ts';

export const f64 = { dtype: 'f64' } as const;

/** Every scheduler, some with other parameters. */
export const schedulers: Readonly<Record<string, Scheduler>> = {
  condOT: condOTScheduler(),
  'condOT with a floor': condOTScheduler({ sigmaMin: 0.1 }),
  'polynomial 1': polynomialScheduler(1),
  'polynomial 2.5': polynomialScheduler(2.5),
  cosine: cosineScheduler(),
  linearVP: linearVPScheduler(),
  VP: vpScheduler(),
  'VP with other rates': vpScheduler({ betaMin: 0.5, betaMax: 12 }),
  VE: veScheduler(),
};

export const numbers = (x: Tensor): number[] => Array.from(x.dataSync());

/** The largest |a - b| over all elements. */
export const gap = (a: Tensor, b: Tensor | number): number => Math.max(...numbers(a.sub(b).abs()), 0);

export const normals = (seed: number, shape: readonly number[]): Tensor => random.normal(random.key(seed), shape, f64);

/** Evenly spaced inner times from 0.01 to 0.99. */
export const innerTimes = (count: number): Tensor =>
  tensor(
    Array.from({ length: count }, (_, i) => 0.01 + (0.98 * i) / (count - 1)),
    f64,
  );
