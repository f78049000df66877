import { midpoint, type OdeSolver } from '@flowfield/ode-solvers';
import {
  checkedOptions,
  checkedWhole,
  checkFunctions,
  concat,
  grad,
  hypot,
  linspace,
  random,
  type Tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { type ModelOptions, modelOptionNames, type PathModel, pathModel } from '../denoiser.ts';
import { evaluationsOf, type Velocity } from '../field.ts';
import { returnedRows } from '../returned.ts';
import { floatType, perRow, scalarType, spread } from '../rows.ts';
import { type Correlation, checkCorrelation, glassCoefficients } from './glassCoefficients.ts';
import { checkSolver, integrate, integrateAll } from './integrate.ts';
import { type Transition, transitionOf } from './transition.ts';

export interface GlassOptions extends ModelOptions {
  /** Correlation of the noises at both times, in [-1, 1], or 'ddpm' (default 0.4). Every value keeps the marginals. */
  readonly rho?: Correlation;
  /** Steps of the inner ODE (default 8). */
  readonly steps?: number;
  /** One-step solver of the inner ODE (default `midpoint()`). */
  readonly solver?: OdeSolver;
  /** Scale of the noise at the start of the inner ODE (default 1). */
  readonly s0?: number;
  /**
   * V(y, t) for each row of y, (batch): tilts the denoiser by (σ²/α) ∇_y V. With V = ln E[exp r(x_1) | x_t = y] the chain
   * samples the data tilted by exp r.
   */
  readonly tilt?: (y: Tensor, t: Tensor) => Tensor;
}

export const glassOptionNames = [
  ...modelOptionNames,
  'rho',
  'steps',
  'solver',
  's0',
  'tilt',
] as const satisfies readonly (keyof GlassOptions)[];

/** Solvers other than these two look at the end of a step, where the inner field may be singular. */
const LOOK_BEFORE_THE_END: readonly string[] = ['euler', 'midpoint'];
const LAST_INNER_TIME = 1 - 1e-3;
/** (σ²/α) ∇V is taken no earlier than here: it is finite at t = 0, its factors are not. */
const LEAST_TILT_TIME = 1e-3;

/**
 * Transitions x_t to x_t' of a trained model of an affine path, by an inner ODE from fresh noise whose field is one call
 * of the model at another time and another input. For exact models the step samples the joint law in which the noises of
 * both times have correlation ρ: p(x_t' | x_t) = E[N(x_t'; ᾱ z + γ x_t, σ̄² I) | x_t]. So any chain of them keeps the
 * marginals; one transition costs `steps` times the stages of the solver.
 *
 *   dX/ds = (S'/S) (X - γ x_t) + (A' - A S'/S) E[z | x_t, X],  A = s ᾱ,  S = (1 - s) S_0 + s σ̄,  X(0) = γ x_t + S_0 e.
 *
 * The few numbers of a step are computed in f64 where the device has it. A classifier-free-guided velocity is the velocity
 * of no Gaussian path: it can be used, without the guarantee.
 *
 * Source: Holderrieth et al. 2025, "GLASS Flows: Transition Sampling for Alignment of Flow and Diffusion Models".
 * @throws SchedulerError for something else than a scheduler; ArgumentError for |rho| > 1 and other options.
 */
export function glass(model: Velocity, options: GlassOptions): Transition {
  const inner = innerProblem('glass', model, options);
  return transitionOf(inner.evaluations, (x, t, tNext, key) => {
    const { start, velocity, grid } = inner.from(x, t, tNext, key);
    const end = integrate(velocity, start, grid, inner.solver);
    return inner.endsEarly ? lastStep(velocity, end, grid) : end;
  });
}

/**
 * The inner path of one transition, X(s) for s = 0, 1/steps, …, 1, of shape [steps + 1, batch, …]: from fresh noise to the
 * points that `glass` returns for the same key. (With a solver that looks at the end of its steps, s stops at 0.999 before
 * the last step, and one more row follows.)
 */
export function glassTrajectory(
  model: Velocity,
  options: GlassOptions,
): (x: Tensor, t: Tensor, tNext: Tensor, key: random.Key) => Tensor {
  const inner = innerProblem('glassTrajectory', model, options);
  return (x, t, tNext, key) => {
    const { start, velocity, grid } = inner.from(x, t, tNext, key);
    const all = integrateAll(velocity, start, grid, inner.solver);
    const rows = [start.expandDims(0), all];
    if (inner.endsEarly) rows.push(lastStep(velocity, all.slice(-1), grid).expandDims(0));
    return concat(rows, 0);
  };
}

/** Checked options, and the inner problem that they make of each step. */
function innerProblem(use: string, model: Velocity, options: GlassOptions) {
  const { rho = 0.4, steps = 8, solver = midpoint(), s0 = 1, tilt } = checkedOptions(use, options, glassOptionNames);
  const known = pathModel(use, model, options);
  checkCorrelation(use, rho);
  if (tilt !== undefined) checkFunctions(`${use}: tilt`, tilt);
  checkedWhole(`${use}: steps`, steps);
  checkSolver(use, solver);
  checkedNumber(`${use}: s0`, s0, Number.MIN_VALUE);
  const endsEarly = !LOOK_BEFORE_THE_END.includes(solver.name);
  const calls = solver.stages * steps + (endsEarly ? 1 : 0);
  return {
    solver,
    endsEarly,
    evaluations: calls * evaluationsOf(model),
    from(x: Tensor, t: Tensor, tNext: Tensor, key: random.Key) {
      const dtype = scalarType(x);
      const { base, velocity } = innerField(known, {
        x,
        t: t.astype(dtype),
        tNext: tNext.astype(dtype),
        rho,
        s0,
        tilt,
      });
      const start = base.add(random.normal(key, x.shape, { dtype: floatType(x) }).mul(s0));
      return { start, velocity, grid: linspace(0, endsEarly ? LAST_INNER_TIME : 1, steps + 1, { dtype }) };
    },
  };
}

/** The Euler step over the end, where the field may be singular. */
const lastStep = (velocity: (s: Tensor, x: Tensor) => Tensor, x: Tensor, grid: Tensor): Tensor =>
  x.add(velocity(grid.slice(-1), x).mul(1 - LAST_INNER_TIME));

interface InnerOptions {
  readonly x: Tensor;
  readonly t: Tensor;
  readonly tNext: Tensor;
  readonly rho: Correlation;
  readonly s0: number;
  readonly tilt?: (y: Tensor, t: Tensor) => Tensor;
}

/** The inner field of a transition from x, and γ x, from which it starts. Inner times are scalars. */
function innerField(model: PathModel, { x, t, tNext, rho, s0, tilt }: InnerOptions) {
  const c = glassCoefficients(model.scheduler, t, tNext, rho);
  const base = x.mul(spread(c.gammaBar, x));
  const outer = c.alphaT.div(c.sigmaT);
  const velocity = (innerTime: Tensor, at: Tensor): Tensor => {
    const s = innerTime.astype(t.dtype);
    const signal = c.alphaBar.mul(s);
    const noise = s.neg().add(1).mul(s0).add(c.sigmaBar.mul(s));
    const growth = c.sigmaBar.sub(s0).div(noise);
    const centered = at.sub(base);
    // Precisions of x_t and X add up: together they are one look at z through noise of some time t*.
    const inner = signal.div(noise);
    const ratio = hypot(outer, inner);
    const apart = ratio.greater(0);
    const safe = where(apart, ratio, 1);
    const fromX = where(apart, outer.div(safe), 0).div(c.sigmaT);
    const fromInner = where(apart, inner.div(safe), 1).div(noise);
    const time = model.scheduler.snrInverse(ratio).clip(0, 1);
    // Paths that keep some noise at t = 1 do not reach every ratio: there the signal is scaled as at their end.
    const [sigma, alpha] = [model.scheduler.sigma(time), model.scheduler.alpha(time)];
    const scale = where(apart.logicalAnd(alpha.greater(0)), sigma.minimum(alpha.div(safe)), sigma);
    const y = x.mul(spread(fromX.mul(scale), x)).add(centered.mul(spread(fromInner.mul(scale), x)));
    const data = tilted(model, y, time, tilt);
    const onData = c.alphaBar.sub(signal.mul(growth));
    return centered.mul(spread(growth, x)).add(data.mul(spread(onData, x)));
  };
  return { base, velocity };
}

/** E[z | x_t = y], with (σ²/α) ∇V added. */
function tilted(model: PathModel, y: Tensor, t: Tensor, tilt: InnerOptions['tilt']): Tensor {
  const data = model.as('data', y, t);
  if (!tilt) return data;
  const later = t.maximum(LEAST_TILT_TIME);
  const slope = grad((at: Tensor) =>
    returnedRows('glass: tilt', 'value', tilt(at, perRow(later, at)), y.shape[0]).sum(),
  )(y);
  const factor = model.scheduler.sigma(later).square().div(model.scheduler.alpha(later));
  return data.add(slope.mul(spread(factor, y)));
}
