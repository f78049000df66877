import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkFunctions,
  gather,
  jit,
  onHost,
  random,
  type Tensor,
  tensor,
} from '@flowfield/tensor-webgpu';
import { checkedNumber, checkOneOf } from '../choices.ts';
import { returnedRows } from '../returned.ts';
import { scalarType } from '../rows.ts';
import { allFinite, type ChainOptions, chainGrid, notFinite } from '../transitions/chain.ts';
import type { ChainProgress } from '../transitions/runChain.ts';
import { checkTransition, moved, type Transition } from '../transitions/transition.ts';
import { checkBatch } from '../velocity.ts';
import { freshMemory, inherit, type Potential, potentialStep, potentials } from './potentials.ts';
import { type ResamplingScheme, resample, resamplingSchemes } from './resample.ts';
import { effectiveSampleSize, logMean, normalised } from './weights.ts';

export interface SteerOptions extends ChainOptions {
  /** r for each row of the samples, (batch). */
  readonly reward: (x: Tensor) => Tensor;
  /**
   * The reward foreseen at x_t, (batch), at times (batch): ln E[exp r(x_1) | x_t] at best, or r of predicted data.
   * Without it weights fall at the end only.
   */
  readonly value?: (x: Tensor, t: Tensor) => Tensor;
  /** Multiplies reward and value (default 1). */
  readonly strength?: number;
  /** Default: 'difference'. */
  readonly potential?: Potential;
  /** Default: 'systematic'. */
  readonly resampling?: ResamplingScheme;
  /** Resamples where the effective sample size is below this share of the particles (default 0.5; 1 always, 0 never). */
  readonly threshold?: number;
  /** Particles of one population: rows in consecutive groups that compete among themselves (default: all rows). */
  readonly particles?: number;
  /** Resample at the end, so that the samples have equal weights (default true). */
  readonly finalResampling?: boolean;
  /** Network evaluations of one call of `value` per row, for the count (default 1 with a value, else 0). */
  readonly valueEvaluations?: number;
  readonly onProgress?: (progress: SteerProgress) => void;
  readonly signal?: AbortSignal;
  /** Called after each step: `true` ends the run there. The samples are then points at an earlier time. */
  readonly stopWhen?: (x: Tensor, t: number) => boolean | Promise<boolean>;
}

export interface SteerProgress extends ChainProgress {
  /** The effective sample size of each population before resampling. */
  readonly effectiveSampleSizes: readonly number[];
}

export interface SteeredSamples {
  /** (batch, …) */
  readonly x: Tensor;
  /** ln of the weights of the rows, normalised in each population: -ln(particles) after resampling. */
  readonly logWeights: Float64Array;
  /** For each time of the grid, the row of the parent of each row (its own row where nothing was resampled). */
  readonly ancestry: readonly Int32Array[];
  /** For each time of the grid, the effective sample size of each population before resampling. */
  readonly effectiveSampleSizes: readonly (readonly number[])[];
  /** The estimate of ln E[exp r(x_1)] by each population. */
  readonly logNormalizers: Float64Array;
  /** Network evaluations per particle. */
  readonly evaluations: number;
}

const names = [
  'grid',
  'steps',
  'key',
  'reward',
  'value',
  'strength',
  'potential',
  'resampling',
  'threshold',
  'particles',
  'finalResampling',
  'valueEvaluations',
  'onProgress',
  'signal',
  'stopWhen',
] as const satisfies readonly (keyof SteerOptions)[];

/**
 * Feynman-Kac steering: particles move by a transition that keeps the marginals of the model, are weighed by rewards, and
 * resampled, so that they become samples of p_1(x) exp(r(x)) / Z. The weights multiply to exp r(x_1); between resamplings
 * they accumulate, and their normaliser is kept. Proposals: `glass(...)`, `ancestral(...)`, `eulerMaruyama(...)`, or any
 * `Transition`; a deterministic one keeps the copies of a particle together for ever.
 *
 * `x0` holds all particles, groups · particles rows of noise. Step k has the key `foldIn(key, k)`.
 *
 * Source: Singhal et al. 2025, "A General Framework for Inference-time Scaling and Steering of Diffusion Models";
 * Holderrieth et al. 2025, "GLASS Flows", section 5.
 * @throws (rejects) WeightError when a reward is NaN or all weights of a population are 0; ShapeError for a reward that is not
 * (batch); ChainTimeError, NonFiniteSampleError and ArgumentError; the signal's reason when it is aborted.
 */
export async function steer(transition: Transition, x0: Tensor, options: SteerOptions): Promise<SteeredSamples> {
  const use = 'steer';
  checkTransition(use, transition);
  const {
    key,
    reward,
    value,
    strength = 1,
    potential = 'difference',
    resampling = 'systematic',
    threshold = 0.5,
    finalResampling = true,
    valueEvaluations = value ? 1 : 0,
    onProgress,
    signal,
    stopWhen,
    ...rest
  } = checkedOptions(use, options, names);
  checkFunctions(use, reward);
  if (value !== undefined) checkFunctions(use, value);
  checkedNumber(`${use}: strength`, strength, -Number.MAX_VALUE);
  checkedNumber(`${use}: threshold`, threshold, 0, 1);
  checkOneOf(use, 'a potential', potential, potentials);
  checkOneOf(use, 'a resampling scheme', resampling, resamplingSchemes);
  const grid = chainGrid(use, rest);
  const rows = checkBatch(use, x0).shape[0];
  const particles = checkedWhole(`${use}: particles`, options.particles ?? rows);
  if (rows % particles !== 0) {
    throw new ArgumentError(`${use}: expected a multiple of ${particles} particles, got ${rows} rows of x0.`);
  }
  const groups = rows / particles;
  const dtype = scalarType(x0);
  const scalar = (t: number): Tensor => tensor(t, { dtype, device: x0.device?.name });
  const step = jit((x: Tensor, t: Tensor, next: Tensor, stepKey: random.Key) => {
    const y = moved(use, transition, x, t, next, random.foldIn(stepKey, 0));
    return { y, finite: allFinite(y) };
  });
  const look = jit(
    (x: Tensor, t: Tensor): Tensor =>
      returnedRows(
        use,
        'value',
        (value as NonNullable<typeof value>)(x, t.astype(floating(x)).broadcastTo([rows])),
        rows,
      ),
  );
  const final = jit((x: Tensor): Tensor => returnedRows(use, 'reward', reward(x), rows));
  const pick = jit((x: Tensor, parents: Tensor): Tensor => gather(x, parents));

  let x = x0;
  let memory = freshMemory(rows, potential);
  let logWeights = new Float64Array(rows).fill(-Math.log(particles));
  const logNormalizers = new Float64Array(groups);
  const ancestry: Int32Array[] = [];
  const sizes: number[][] = [];
  let evaluations = 0;
  const total = grid.length - 1;
  for (let k = 0; k <= total; k++) {
    signal?.throwIfAborted();
    if (k > 0) {
      const moved = step(x, scalar(grid[k - 1]), scalar(grid[k]), random.foldIn(key, k));
      if ((await moved.finite.data())[0] === 0) throw notFinite(use, grid, k - 1, moved.y);
      x = moved.y;
      evaluations += transition.evaluations ?? 1;
    }
    const last = k === total;
    if (last || value) {
      const seen = Float64Array.from(await (last ? final(x) : look(x, scalar(grid[k]))).data()).map(
        // A weak reward of -∞ is still -∞; one that does not count is 0.
        (r) => (strength === 0 && !Number.isNaN(r) ? 0 : r * strength),
      );
      if (!last) evaluations += valueEvaluations;
      const weighed = potentialStep(potential, memory, seen, last);
      memory = weighed.memory;
      logWeights = logWeights.map((w, i) => w + weighed.logWeights[i]);
    }
    const parents = Int32Array.from({ length: rows }, (_, i) => i);
    const size: number[] = [];
    let changed = false;
    for (let g = 0; g < groups; g++) {
      const [from, to] = [g * particles, (g + 1) * particles];
      const group = logWeights.slice(from, to);
      const weights = normalised(`${use}: step ${k}${groups > 1 ? `, population ${g}` : ''}`, group);
      size.push(effectiveSampleSize(group));
      // The weights of a population start from a sum of 1: what their sum became belongs to the normaliser.
      const growth = logMean(group) + Math.log(particles);
      logNormalizers[g] += growth;
      for (let i = from; i < to; i++) logWeights[i] -= growth;
      const due = last ? finalResampling : size[g] < threshold * particles || threshold === 1;
      if (!due) continue;
      changed = true;
      const groupKey = random.foldIn(random.foldIn(key, k), g + 1);
      const drawn = await onHost(resample)(weights, { scheme: resampling, key: groupKey });
      for (let i = 0; i < particles; i++) parents[from + i] = from + drawn[i];
      logWeights.fill(-Math.log(particles), from, to);
    }
    if (changed) {
      x = pick(x, tensor(parents, { dtype: 'i32', shape: [rows], device: x.device?.name }));
      memory = inherit(memory, parents);
    }
    ancestry.push(parents);
    sizes.push(size);
    if (k > 0) onProgress?.({ done: k, total, t: grid[k], effectiveSampleSizes: size });
    if (k > 0 && (await stopWhen?.(x, grid[k]))) break;
    await new Promise<void>((resume) => setTimeout(resume, 0));
  }
  signal?.throwIfAborted();
  return { x, logWeights, ancestry, effectiveSampleSizes: sizes, logNormalizers, evaluations };
}

const floating = (x: Tensor): 'f32' | 'f64' => (x.dtype === 'f64' ? 'f64' : 'f32');
