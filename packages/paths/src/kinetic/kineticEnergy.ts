import { atan2, cos, hypot, sin, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { checkScheduler, type Scheduler } from '../scheduler.ts';
import { flatSpline } from './flatAngle.ts';
import { splineAt } from './monotoneSpline.ts';
import { checkSeparation, type DataSeparation } from './separation.ts';

/** Steps of the polygon by which the energy is measured. */
const STEPS = 4096;

/**
 * The kinetic energy per dimension of the marginal velocity of a path, KE = (1/d) int_0^1 E|u_t(x_t)|² dt, for data of
 * the given separation. In polar form α = r sin θ, σ = r cos θ:
 *
 *   KE = int r'² + r² w(θ) θ'² dt,
 *
 * the energy of the plane curve with polar coordinates (r, φ(θ)), found from a polygon through 4,097 of its points and
 * extrapolated. A schedule whose σ' is infinite at t = 1 (VP, linear VP) has infinite energy on separated points; the
 * result is then a large number without meaning.
 *
 * Source: Shaul et al. 2023, eq. 11.
 * @throws SchedulerError and SeparationError for arguments of another kind.
 */
export function kineticEnergy(scheduler: Scheduler, separation: DataSeparation): number {
  checkScheduler('kineticEnergy', scheduler);
  checkSeparation('kineticEnergy', separation);
  const t = tensor(
    Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS),
    { dtype: 'f64' },
  );
  const [alpha, sigma] = [scheduler.alpha(t), scheduler.sigma(t)];
  const radius = hypot(alpha, sigma);
  const phi = splineAt(flatSpline(separation), atan2(alpha, sigma));
  const [x, y] = [radius.mul(cos(phi)), radius.mul(sin(phi))].map((part) => (part as Tensor).dataSync());
  const energy = (stride: number): number => {
    let sum = 0;
    for (let i = stride; i <= STEPS; i += stride) sum += (x[i] - x[i - stride]) ** 2 + (y[i] - y[i - stride]) ** 2;
    return (sum * STEPS) / stride;
  };
  return (4 * energy(1) - energy(2)) / 3;
}
