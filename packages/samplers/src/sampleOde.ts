import { type OdeSolution, type SolveOptions, solveOde, stepOptionNames } from '@flowfield/ode-solvers';
import { checkedOptions, knownData, type Tensor } from '@flowfield/tensor-webgpu';
import { ChainTimeError } from './errors.ts';
import { evaluationsOf, type Velocity } from './field.ts';
import type { EmbeddedManifold } from './tangentField.ts';
import { checkBatch, checkField, fieldInTime } from './velocity.ts';

/** Options of the solver; t0 and t1 default to 0 and 1 (for likelihoods, 1 and 0). */
export interface SampleOptions extends Omit<SolveOptions<Tensor>, 'args' | 'project' | 'events'> {
  /** Keep x on this manifold: v becomes the tangent field of the given function, and x is projected after each step. */
  readonly manifold?: EmbeddedManifold;
}

/** A solve with its cost. */
export interface OdeSample extends OdeSolution<Tensor> {
  /** Network evaluations per row: `nfe` calls of the field, times what each of them costs. */
  readonly evaluations: Tensor;
}

/**
 * Samples x1 from noise x0 ([batch, ...]) by solving `dx/dt = v(x, t)` from t = 0 to 1. `ys` of the result holds x1, or
 * the trajectory that `saveAt` asks for. Swap t0 and t1 to go back from data to noise.
 *
 * Default solver: dopri5 with tolerances of 1e-5. All of it can be traced.
 *
 * @throws ArgumentError for a velocity that is no function, a manifold without projections, or an unknown option;
 * ChainTimeError for times outside [0, 1]; and what `solveOde` throws.
 */
export function sampleOde(velocity: Velocity, x0: Tensor, options: SampleOptions = {}): OdeSample {
  const { manifold, ...solve } = checkedOptions('sampleOde', options, [...stepOptionNames, 'manifold']);
  checkField('sampleOde', velocity, manifold);
  checkInterval('sampleOde', solve);
  const field = fieldInTime('sampleOde', velocity, manifold);
  const solution = solveOde((t, x: Tensor) => field(x, t), checkBatch('sampleOde', x0), {
    ...interval(solve, 0, 1),
    ...solve,
    ...(manifold ? { project: (x: Tensor) => manifold.projectPoint(x) } : {}),
  });
  return { ...solution, evaluations: solution.nfe.mul(evaluationsOf(velocity)) };
}

/** How far sums of steps may round past an end. */
const ROUNDING = 1e-6;

/** Throws `ChainTimeError` for a time outside [0, 1] among the numbers of the options. */
export function checkInterval(use: string, { t0, t1, grid }: { t0?: unknown; t1?: unknown; grid?: unknown }): void {
  const bad = [t0, t1, grid].flatMap(knownTimes).find((time) => time < -ROUNDING || time > 1 + ROUNDING);
  if (bad === undefined) return;
  throw new ChainTimeError(
    `${use}: expected times in [0, 1], from noise to data, got ${bad}. Divide by the number of steps, or use solveOde for other clocks.`,
  );
}

/** Times as numbers, as far as they are known. */
function knownTimes(given: unknown): number[] {
  if (typeof given === 'number') return [given];
  if (Array.isArray(given)) return given.filter((time) => typeof time === 'number');
  if (!Array.isArray((given as { shape?: unknown } | null | undefined)?.shape)) return [];
  return Array.from(knownData(given as Tensor) ?? []);
}

/** The default interval, where no grid says otherwise. */
export const interval = (options: { grid?: unknown }, t0: number, t1: number): { t0?: number; t1?: number } =>
  options.grid === undefined ? { t0, t1 } : {};
