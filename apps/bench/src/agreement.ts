import { random } from '@flowfield/tensor-webgpu';
import type { Job } from './contender.ts';
import { endsOf, lossAt, mapOf, productOf } from './oracle.ts';
import type { MapProblem, Problem, ProductProblem, SamplingProblem, TrainingProblem } from './problem.ts';

/** `null` when a job computes what it should, else what is wrong with it. */
export type Verdict = string | null;

export type Check = (job: Job) => Promise<Verdict>;

/** A float32 mean over a batch, with activations good to a few units in the last place. */
const LOSS_TOLERANCE = 1e-4;
/** Relative error of a directional derivative: float32 gradients against central differences in float64. */
const SLOPE_TOLERANCE = 5e-3;
/** Relative error of losses after steps of Adam, which gives small gradients full weight. */
const LATER_LOSS_TOLERANCE = 1e-3;
/** Largest error of an element of a product, per unit of summation length: float32 sums in any order. */
const PRODUCT_TOLERANCE = 4e-7;
/** Error of an elementwise function, per unit of its size or of 1; some libraries are content with five digits. */
const MAP_TOLERANCE = 2e-5;
/** Error of a float32 sum of a million numbers, per unit of the sum of their sizes. */
const SUM_TOLERANCE = 1e-6;
/** Distance of points at the end of some hundred float32 steps. */
const END_TOLERANCE = 1e-3;
/** Distance of two first steps, per unit of their length: parameters are rounded where they moved little. */
const STEP_TOLERANCE = 2e-2;
const DIFFERENCE = 1e-4;
const SEED = 3;
const ADAM_STEPS = 3;

/** Compares what a job gives with float64. */
export function check(problem: Problem): Check {
  if (problem.kind === 'training') return problem.optimizer === 'adam' ? adamCheck(problem) : descentCheck(problem);
  if (problem.kind === 'product') return productCheck(problem);
  return problem.kind === 'map' ? mapCheck(problem) : samplingCheck(problem);
}

/**
 * Runs one step of descent and compares with the float64 oracle: the loss; and the gradient `g = (p0 - p1) / rate` along itself
 * and along a random direction `r`, where `(L(p0 + h·r) - L(p0 - h·r)) / 2h = g·r`.
 */
function descentCheck(problem: TrainingProblem): Check {
  const start = problem.parameters.map(({ data }) => Float64Array.from(data));
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

/** Runs steps of Adam and compares the loss before each with steps of float64, whose gradients are central differences. */
function adamCheck(problem: TrainingProblem): Check {
  const expected = adamLosses(problem);
  return async (job) => {
    for (const [step, loss] of expected.entries()) {
      await job.run();
      const [[given]] = await job.outputs();
      const tolerance = step === 0 ? LOSS_TOLERANCE : LATER_LOSS_TOLERANCE;
      if (!near(given, loss, tolerance * Math.abs(loss))) {
        return `loss ${show(given)} after ${step} steps, expected ${show(loss)}`;
      }
    }
    return null;
  };
}

function adamLosses(problem: TrainingProblem): number[] {
  const now = problem.parameters.map(({ data }) => Float64Array.from(data));
  const [mean, square] = [0, 1].map(() => now.map((data) => new Float64Array(data.length)));
  const losses: number[] = [];
  for (let step = 1; step <= ADAM_STEPS; step++) {
    losses.push(lossAt(problem, now));
    const gradient = now.map((data) =>
      data.map((_, i) => {
        const kept = data[i];
        const [up, down] = [DIFFERENCE, -DIFFERENCE].map((by) => {
          data[i] = kept + by;
          return lossAt(problem, now);
        });
        data[i] = kept;
        return (up - down) / (2 * DIFFERENCE);
      }),
    );
    gradient.forEach((g, k) => {
      g.forEach((each, i) => {
        mean[k][i] = 0.9 * mean[k][i] + 0.1 * each;
        square[k][i] = 0.999 * square[k][i] + 0.001 * each ** 2;
        const [m, s] = [mean[k][i] / (1 - 0.9 ** step), square[k][i] / (1 - 0.999 ** step)];
        now[k][i] -= (problem.rate * m) / (Math.sqrt(s) + 1e-8);
      });
    });
  }
  return losses;
}

function productCheck(problem: ProductProblem): Check {
  const expected = productOf(problem);
  return elementwise(expected, () => PRODUCT_TOLERANCE * problem.n);
}

function mapCheck(problem: MapProblem): Check {
  const sizes = Float64Array.from(problem.x.data, Math.abs).reduce((sum, each) => sum + each, 0);
  return elementwise(mapOf(problem), (value) =>
    problem.name === 'sum' ? SUM_TOLERANCE * sizes : MAP_TOLERANCE * Math.max(1, Math.abs(value)),
  );
}

const samplingCheck = (problem: SamplingProblem): Check => elementwise(endsOf(problem), () => END_TOLERANCE);

/** Runs a job once and compares every element. */
function elementwise(expected: Float64Array, tolerance: (value: number) => number): Check {
  return async (job) => {
    await job.run();
    const [given] = await job.outputs();
    if (given?.length !== expected.length) return `${given?.length} elements, expected ${expected.length}`;
    const at = expected.findIndex((value, i) => !near(given[i], value, tolerance(value)));
    return at < 0 ? null : `element ${at} is ${show(given[at])}, expected ${show(expected[at])}`;
  };
}

/**
 * Compares the first step of two jobs at a size that the oracle would take too long for: losses, and parameters as far as they
 * moved; of Adam, whose first step has the size of its rate wherever it goes, the losses alone; else every element.
 */
export function agreesWith(problem: Problem, expected: readonly Float32Array[]): Check {
  if (problem.kind !== 'training') {
    const tolerance = problem.kind === 'product' ? PRODUCT_TOLERANCE * problem.n : END_TOLERANCE;
    return elementwise(Float64Array.from(expected[0]), (value) => tolerance * Math.max(1, Math.abs(value)));
  }
  return async (job) => {
    await job.run();
    const [[loss], ...after] = await job.outputs();
    const [[wanted], ...moved] = expected;
    if (!near(loss, wanted, LOSS_TOLERANCE * Math.abs(wanted))) return `loss ${show(loss)}, ours ${show(wanted)}`;
    if (problem.optimizer === 'adam') return null;
    let [distance, length] = [0, 0];
    problem.parameters.forEach(({ data }, i) => {
      data.forEach((start: number, j: number) => {
        distance += (after[i][j] - moved[i][j]) ** 2;
        length += (moved[i][j] - start) ** 2;
      });
    });
    const apart = Math.sqrt(distance / length);
    return apart <= STEP_TOLERANCE ? null : `the gradient differs from ours by ${show(apart)} of its length`;
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
