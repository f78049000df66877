import {
  ArgumentError,
  checkedOptions,
  checkFunctions,
  type random,
  type Tensor,
  type TensorLike,
  tree,
  where,
} from '@flowfield/tensor-webgpu';
import { checkedChoice } from '../inputs/choice.ts';
import { checkFinite } from '../inputs/finite.ts';
import { asMask } from '../inputs/mask.ts';
import { onBatchedCopies, onMappedCopies } from './copies.ts';
import type { DegeneratePolicy } from './degenerate.ts';
import { type EuclideanGroupName, euclideanGroup } from './euclideanGroup.ts';
import { checkFrameChoices, framesOf } from './pointFrames.ts';
import { alongAxes, type Kind, outOfFrames } from './transport.ts';

/** The kinds of the results: one, or a list or record like the results. */
export type OutputKinds = Kind | readonly OutputKinds[] | { readonly [name: string]: OutputKinds };

export interface FrameAverageOptions {
  readonly group: EuclideanGroupName;
  /**
   * The kind of each argument. The first 'point' (else the first 'vector') must be [lead…, n, d], and defines the frames. A 'scalar'
   * may be anything, such as a parameter tree.
   */
  readonly inputs: Kind | readonly Kind[];
  /** The kind of the result, or of each of several (default 'scalar'). */
  readonly outputs?: OutputKinds;
  /** 'full' (default): the mean over all elements; 'sampled': one element for each cloud, at random, as in training. */
  readonly frames?: 'full' | 'sampled';
  /** Whether frames are constants to derivatives (default true). */
  readonly detach?: boolean;
  /** For clouds without principal axes (default 'error'). */
  readonly degenerate?: DegeneratePolicy;
  /** Least relative gap of eigenvalues (default 1e-4 in f32, 1e-8 in f64). */
  readonly gapTolerance?: number;
  /**
   * 'mapped' (default): the function sees one copy, of the shapes given, and is evaluated on all copies as one batch.
   * 'batched': it sees all copies as one larger batch, [frames · batch, …], for normalization over a batch. There scalars that are tensors are
   * repeated like the batch; parameters belong in a tree.
   */
  readonly copies?: 'mapped' | 'batched';
}

export interface FrameCallOptions {
  /** Which points are real, [lead…, n]; copies and results that are vectors or points are 0 at padding. */
  readonly mask?: TensorLike;
  /** For sampled frames and for `degenerate: 'randomBasis'`. */
  readonly key?: random.Key;
  /** In place of the option of the same name. */
  readonly frames?: 'full' | 'sampled';
}

/** A function averaged over frames; the declarations can be read back. */
export interface FrameAveraged<A extends unknown[], R> {
  (...args: [...A, options?: FrameCallOptions]): R;
  readonly group: EuclideanGroupName;
  readonly inputs: readonly Kind[];
  readonly outputs: OutputKinds;
}

const optionNames = [
  'group',
  'inputs',
  'outputs',
  'frames',
  'detach',
  'degenerate',
  'gapTolerance',
  'copies',
] as const satisfies readonly (keyof FrameAverageOptions)[];
const KINDS: readonly Kind[] = ['scalar', 'vector', 'point'];

/**
 * Any function made exactly invariant or equivariant: ⟨Φ⟩(X) = 1/|F| Σ_{g ∈ F(X)} ρ₂(g) Φ(ρ₁(g)⁻¹ X), over the frame of principal axes
 * of the first cloud. Scalars are averaged, vectors turned back, points turned and shifted back. Functions that are
 * equivariant already do not change. All copies are one batched evaluation. Puny et al. 2022, "Frame averaging", equations 2 and 4.
 *
 * Frames are constants to derivatives unless `detach` is false. Where eigenvalues cross, results jump. Inside a trace
 * degenerate clouds cannot be seen: then some basis is taken, never NaN; `pointFrames(x, …).gap` tells outside.
 * @throws UnknownGroupError; ArgumentError for unknown options, kinds, a missing key or too few arguments; LayerShapeError, MaskError;
 *   outside a trace NonFiniteInputError and, with `degenerate: 'error'`, DegenerateSpectrumError.
 */
export function frameAverage<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: FrameAverageOptions,
): FrameAveraged<A, R> {
  const op = 'frameAverage';
  checkFunctions(op, fn);
  const { group, outputs = 'scalar', copies = 'mapped', ...framing } = checkedOptions(op, options, optionNames);
  euclideanGroup(op, group);
  checkFrameChoices(op, framing);
  checkedChoice(`${op}: copies`, copies, ['mapped', 'batched']);
  const inputs: readonly Kind[] = typeof framing.inputs === 'string' ? [framing.inputs] : framing.inputs;
  checkKinds(op, inputs, outputs);
  const defining = definingInput(op, inputs, euclideanGroup(op, group).translations);

  const averaged = (...given: unknown[]): R => {
    const args = given.slice(0, inputs.length);
    const { mask, key, frames: which = framing.frames } = callOptions(op, given, inputs.length);
    const cloud = args[defining] as Tensor;
    const { detach, degenerate, gapTolerance } = framing;
    const frames = framesOf(op, cloud, { group, mask, key, frames: which, detach, degenerate, gapTolerance });
    const clear = paddingOf(op, mask, cloud);
    const seen = args.map((arg, i) => {
      if (inputs[i] === 'scalar') return arg;
      const real = clear(arg as Tensor);
      const moved = clear(alongAxes(real, inputs[i], frames));
      if (i !== defining) checkFinite(op, `the ${inputs[i]} of argument ${i}`, real);
      return moved;
    });
    const results = (copies === 'batched' ? onBatchedCopies : onMappedCopies)(op, fn, seen, inputs, frames);
    return takenBack(op, results, outputs, (y, kind) => {
      const back = outOfFrames(y, kind, frames);
      return kind === 'scalar' ? back : clear(back);
    }) as R;
  };
  return Object.assign(averaged as (...args: [...A, options?: FrameCallOptions]) => R, { group, inputs, outputs });
}

/** Sets rows at padding to 0, in tensors that run over the cloud's points after the batch axes. */
function paddingOf(op: string, mask: TensorLike | undefined, cloud: Tensor): (x: Tensor) => Tensor {
  if (mask === undefined || mask === null) return (x) => x;
  const own = cloud.shape.slice(0, -1);
  const flags = asMask(op, mask, own.slice(0, -1), own[own.length - 1], cloud);
  return (x) => {
    const rest = x.shape.length - own.length;
    if (rest < 1 || own.some((extent, i) => x.shape[i] !== extent)) return x;
    return where(flags.reshape([...own, ...Array<number>(rest).fill(1)]), x, 0);
  };
}

/** Results taken back by their kinds; a list or record of kinds must be like the results. */
function takenBack(op: string, results: unknown, kinds: OutputKinds, take: (y: Tensor, kind: Kind) => Tensor): unknown {
  if (typeof kinds === 'string') {
    if (tree.leaves(results).length === 0) {
      throw new ArgumentError(`${op}: expected a ${kinds} from the function, got ${String(results)}. Return a tensor.`);
    }
    return tree.map((y: Tensor) => take(y, kinds), results);
  }
  const names = Object.keys(kinds);
  const given = results as Readonly<Record<string, unknown>>;
  const fits = typeof results === 'object' && results !== null && Array.isArray(results) === Array.isArray(kinds);
  if (!fits || Object.keys(given).sort().join() !== [...names].sort().join()) {
    throw new ArgumentError(
      `${op}: expected results like the outputs ${JSON.stringify(kinds)}, got ${fits ? `{ ${Object.keys(given).join(', ')} }` : 'another structure'}. Declare one kind for each result.`,
    );
  }
  const taken = names.map(
    (name) => [name, takenBack(op, given[name], (kinds as Readonly<Record<string, OutputKinds>>)[name], take)] as const,
  );
  return Array.isArray(kinds) ? taken.map(([, value]) => value) : Object.fromEntries(taken);
}

function callOptions(op: string, given: readonly unknown[], count: number): FrameCallOptions {
  if (given.length < count || given.length > count + 1) {
    throw new ArgumentError(
      `${op}: expected ${count} arguments and options { mask, key, frames }, got ${given.length} arguments. Declare every argument in inputs.`,
    );
  }
  return checkedOptions(op, (given[count] ?? {}) as FrameCallOptions, ['mask', 'key', 'frames']);
}

function checkKinds(op: string, inputs: readonly Kind[], outputs: OutputKinds): void {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new ArgumentError(
      `${op}: expected inputs as kinds, one for each argument, got ${String(inputs)}. Use 'scalar', 'vector' or 'point'.`,
    );
  }
  inputs.forEach((kind, i) => {
    checkedChoice(`${op}: inputs[${i}]`, kind, KINDS);
  });
  const check = (kinds: OutputKinds): void => {
    if (typeof kinds === 'object' && kinds !== null) Object.values(kinds).forEach(check);
    else checkedChoice(`${op}: outputs`, kinds as Kind, KINDS);
  };
  check(outputs);
}

function definingInput(op: string, inputs: readonly Kind[], translations: boolean): number {
  const point = inputs.indexOf('point');
  if (point >= 0) return point;
  const vector = inputs.indexOf('vector');
  if (vector >= 0 && !translations) return vector;
  throw new ArgumentError(
    `${op}: expected an input of kind 'point'${translations ? '' : " or 'vector'"} to take frames from, got [${inputs.join(', ')}]. Declare the cloud's positions so.`,
  );
}
