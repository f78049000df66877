import { random } from '@flowfield/tensor-webgpu';
import type { Job } from './contender.ts';
import { lossAt, productOf } from './oracle.ts';
import type { ProductProblem, TrainingProblem } from './problem.ts';

/** `null` when a job computes what it should, else what is wrong with it. */
export type Verdict = string | null;

export type Check = (job: Job) => Promise<Verdict>;

/** A float32 mean over a batch, with activations good to a few units in the last place. */
const LOSS_TOLERANCE = 1e-4;
/** Relative error of a directional derivative: float32 gradients against central differences in float64. */
const SLOPE_TOLERANCE = 5e-3;
/** Largest error of an element of a product, per unit of summation length: float32 sums in any order. */
const PRODUCT_TOLERANCE = 4e-7;
const DIFFERENCE = 1e-4;
const SEED = 3;

/**
 * Runs one step of a training job and compares with the float64 oracle: the loss; and the gradient
 * `g = (p0 - p1) / rate` along itself and along a random direction `r`, where `(L(p0 + h·r) - L(p0 - h·r)) / 2h = g·r`.
 */
export function trainingCheck(problem: TrainingProblem): Check {
  const start = problem.parameters.map((data) => Float64Array.from(data));
  const loss = lossAt(problem, start);
  const randomDirection = normalized(
    start.map((data, i) =>
      Float64Array.from(random.normal(random.foldIn(random.key(SEED), i), [data.length]).dataSync()),
    ),
  );
  const randomSlope = slopeAlong(problem, start, randomDirection);
  return async (job) => {
    await job.run();
    const [[given], ...after] = await job.outputs();
    if (!near(given, loss, LOSS_TOLERANCE * Math.abs(loss))) return `loss ${show(given)}, expected ${show(loss)}`;
    const gradient = after.map((data, i) => start[i].map((p, j) => (p - data[j]) / problem.rate));
    const length = Math.sqrt(dot(gradient, gradient));
    const steepest = slopeAlong(problem, start, normalized(gradient));
    if (!near(steepest, length, SLOPE_TOLERANCE * length)) {
      return `gradient: slope along it ${show(steepest)}, its length ${show(length)}`;
    }
    const along = dot(gradient, randomDirection);
    const typical = length / Math.sqrt(start.reduce((sum, data) => sum + data.length, 0));
    if (!near(along, randomSlope, SLOPE_TOLERANCE * Math.max(typical, Math.abs(randomSlope)))) {
      return `gradient: slope along a random direction ${show(along)}, expected ${show(randomSlope)}`;
    }
    return null;
  };
}

/** Runs a product job once and compares every element with the float64 product. */
export function productCheck(problem: ProductProblem): Check {
  const expected = productOf(problem);
  return async (job) => {
    await job.run();
    const [given] = await job.outputs();
    if (given?.length !== expected.length) return `${given?.length} elements, expected ${expected.length}`;
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - given[i])), 0);
    return worst <= PRODUCT_TOLERANCE * problem.n ? null : `largest error ${show(worst)}`;
  };
}

/** Whether the job's numbers are still finite; a training that diverged times other work than it claims. */
export async function stillFinite(job: Job): Promise<Verdict> {
  const finite = (await job.outputs()).every((data) => data.every(Number.isFinite));
  return finite ? null : 'numbers no longer finite';
}

/** Written so that NaN is never near. */
const near = (given: number, expected: number, tolerance: number): boolean => Math.abs(given - expected) <= tolerance;

const show = (value: number | undefined): string => (value === undefined ? 'nothing' : value.toPrecision(5));

const dot = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((sum, data, i) => sum + data.reduce((inner, value, j) => inner + value * b[i][j], 0), 0);

function normalized(direction: readonly Float64Array[]): Float64Array[] {
  const length = Math.sqrt(dot(direction, direction));
  return direction.map((data) => data.map((value) => value / length));
}

function slopeAlong(problem: TrainingProblem, from: readonly Float64Array[], to: readonly Float64Array[]): number {
  const moved = (by: number) => from.map((data, i) => data.map((value, j) => value + by * to[i][j]));
  return (lossAt(problem, moved(DIFFERENCE)) - lossAt(problem, moved(-DIFFERENCE))) / (2 * DIFFERENCE);
}
