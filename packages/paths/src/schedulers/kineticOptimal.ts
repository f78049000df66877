import { atan, atan2, div, maximum, sin, sqrt, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { flatAngle } from '../kinetic/flatAngle.ts';
import { checkSeparation, type DataSeparation } from '../kinetic/separation.ts';
import type { Scheduler } from '../scheduler.ts';
import { asFloating } from '../times.ts';

/**
 * The schedule of least kinetic energy for data of the given separation. In the plane with polar coordinates (r, φ) it is
 * the straight segment from (1, 0) to the point at angle Φ on the unit circle:
 *
 *   r² = 1 - b t (1 - t),  b = 4 sin²(Φ/2),  φ = angle of the point,  θ = φ⁻¹(φ),  α = r sin θ,  σ = r cos θ,
 *   θ' = sin Φ / (r² sqrt(w(θ))).
 *
 * λ = 1 (far points) gives the straight path, Gaussian data the cosine one. The path is meant for data divided by the
 * separation's `scale`, paired independently with the noise. For centred data α' is infinite at t = 0, and so is the
 * target of a velocity: train the prediction of the data, and start to sample at 0.01.
 *
 * Source: Shaul et al. 2023, "On Kinetic Optimal Probability Paths for Generative Models", theorem 3.
 * @throws SeparationError for something else than a separation.
 */
export function kineticOptimalScheduler(separation: DataSeparation): Scheduler {
  checkSeparation('kineticOptimalScheduler', separation);
  const angle = flatAngle(separation);
  const { total } = angle;
  const [across, along] = [Math.sin(total), Math.cos(total)];

  /** The point of the segment at t, and its speed. */
  function polar(t: TensorLike) {
    const time = asFloating(t);
    const left = time.neg().add(1);
    const radius = sqrt(
      left
        .mul(time)
        .mul(-4 * Math.sin(total / 2) ** 2)
        .add(1),
    );
    const phi = atan2(time.mul(across), left.add(time.mul(along)));
    const rest = atan2(left.mul(across), left.mul(along).add(time));
    const { sin: high, cos: low, slope } = angle.at(phi, rest);
    const dRadius = time
      .mul(2)
      .sub(1)
      .mul(2 * Math.sin(total / 2) ** 2)
      .div(radius);
    const dTheta = div(across, radius.square().mul(slope));
    return { radius, high, low, dRadius, dTheta };
  }
  return {
    name: 'kineticOptimal',
    convex: false,
    zeros: { alpha: 0, sigma: 1 },
    alpha(t): Tensor {
      const { radius, high } = polar(t);
      return radius.mul(high);
    },
    sigma(t): Tensor {
      const { radius, low } = polar(t);
      return radius.mul(low);
    },
    dAlpha(t): Tensor {
      const { radius, high, low, dRadius, dTheta } = polar(t);
      return dRadius.mul(high).add(radius.mul(low).mul(dTheta));
    },
    dSigma(t): Tensor {
      const { radius, high, low, dRadius, dTheta } = polar(t);
      return dRadius.mul(low).sub(radius.mul(high).mul(dTheta));
    },
    snrInverse(snr): Tensor {
      const ratio = maximum(asFloating(snr), 0);
      const { phi, rest } = angle.of(atan(ratio), atan(div(1, ratio)));
      // The segment cuts the triangle of its ends and the origin by the law of sines.
      return sin(phi).div(sin(phi).add(sin(rest)));
    },
  };
}
