import { atan, cos, sin, tensor } from '@flowfield/tensor-webgpu';
import type { Scheduler } from '../scheduler.ts';
import { ratio } from './ratios.ts';

const QUARTER_TURN = Math.PI / 2;

/** α = sin(πt/2), σ = cos(πt/2), a path of unit variance; snr⁻¹(s) = (2/π) atan s. */
export function cosineScheduler(): Scheduler {
  return {
    name: 'cosine',
    convex: false,
    zeros: { alpha: 0, sigma: 1 },
    alpha: (t) => sin(tensor(t).mul(QUARTER_TURN)),
    // As a sine, so that it is exactly 0 at t = 1 where rounding of π/2 would leave a rest.
    sigma: (t) => sin(tensor(t).mul(-1).add(1).mul(QUARTER_TURN)),
    dAlpha: (t) => cos(tensor(t).mul(QUARTER_TURN)).mul(QUARTER_TURN),
    dSigma: (t) => cos(tensor(t).mul(-1).add(1).mul(QUARTER_TURN)).mul(-QUARTER_TURN),
    snrInverse: (snr) => atan(ratio(snr)).div(QUARTER_TURN),
  };
}
