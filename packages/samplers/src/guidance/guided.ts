import {
  ArgumentError,
  checkedOptions,
  checkFunctions,
  concat,
  ShapeError,
  type Tensor,
  tree,
} from '@flowfield/tensor-webgpu';
import { GuidanceError } from '../errors.ts';
import { evaluationsOf, type Velocity } from '../field.ts';
import { returnedLike, returnedTensor } from '../returned.ts';
import { spread } from '../rows.ts';
import { checkWeight, type GuidanceSchedule } from './weights.ts';

/** Two fields of one path. */
export interface GuidedFields {
  readonly conditional: Velocity;
  readonly unconditional: Velocity;
}

/** A weight, or one at each time. */
export type GuidanceWeight = number | GuidanceSchedule;

export interface GuidedOptions {
  /** Replaces the weight by one at each time, (batch). */
  readonly schedule?: GuidanceSchedule;
}

/**
 * Classifier-free guidance: u(x) + ω (u(x | y) - u(x)). ω = 0 is the unconditional field, 1 the conditional one, and each
 * of these two evaluates no other; beyond 1 samples are pushed towards y. Its score is that of p^(1-ω) p(·|y)^ω at each t,
 * but the flow does not sample that density. Papers that write (1 + w) u(x|y) - w u(x) mean ω = 1 + w.
 *
 * The result is a velocity like any other, for solvers, likelihoods and transitions; its `evaluations` count both fields.
 *
 * Source: Zheng et al. 2023, "Guided Flows for Generative Modeling and Decision Making"; Ho and Salimans 2022.
 * @throws ArgumentError for fields or weights of another kind; (the result) GuidanceError for tokens.
 */
export function guided(fields: GuidedFields, weight: GuidanceWeight, options: GuidedOptions = {}): Velocity {
  const use = 'guided';
  const { conditional, unconditional } = checkedOptions(use, fields, ['conditional', 'unconditional']);
  checkFunctions(use, conditional, unconditional);
  const { schedule = typeof weight === 'function' ? weight : undefined } = checkedOptions(use, options, ['schedule']);
  if (schedule === undefined) {
    checkWeight(use, weight as number);
    if (weight === 1) return refusingTokens(use, conditional, evaluationsOf(conditional));
    if (weight === 0) return refusingTokens(use, unconditional, evaluationsOf(unconditional));
  } else checkFunctions(use, schedule);
  const call = (field: Velocity, x: Tensor, t: Tensor): Tensor => returnedLike(use, 'a velocity', field(x, t), x);
  const both = (x: Tensor, t: Tensor): Tensor => {
    const plain = call(unconditional, x, t);
    return plain.add(weighed(use, schedule ?? weight, call(conditional, x, t).sub(plain), t));
  };
  return refusingTokens(use, both, evaluationsOf(conditional) + evaluationsOf(unconditional));
}

/** A network with a condition: rows of x, times (batch) and a tree of conditions with one row each. */
export type ConditionalModel<C> = (x: Tensor, t: Tensor, condition: C) => Tensor;

export interface GuidedModelOptions<C> extends GuidedOptions {
  /** The condition of each row: a tensor (batch, …) or a tree of them. */
  readonly condition: C;
  /** The condition that training put in the place of a dropped one, of the same shapes. */
  readonly empty: C;
}

/**
 * `guided` for one network that was trained with and without its condition: both fields are one call with 2 · batch rows,
 * the condition first.
 *
 * @throws ArgumentError for options of another kind; (the result) GuidanceError for tokens.
 */
export function guidedModel<C>(
  model: ConditionalModel<C>,
  weight: GuidanceWeight,
  options: GuidedModelOptions<C>,
): Velocity {
  const use = 'guidedModel';
  checkFunctions(use, model);
  const { condition, empty, schedule } = checkedOptions(use, options, ['condition', 'empty', 'schedule']);
  tree.checkSameStructure(`${use}: condition and empty`, tree.structure(condition), tree.structure(empty));
  const varies = schedule ?? (typeof weight === 'function' ? weight : undefined);
  if (varies === undefined && (weight === 0 || weight === 1)) {
    const one = weight === 1 ? condition : empty;
    return refusingTokens(use, (x, t) => returnedLike(use, 'a velocity', model(x, t, one), x), 1);
  }
  if (varies === undefined) checkWeight(use, weight as number);
  else checkFunctions(use, varies);
  const two = tree.map((a: Tensor, b: Tensor) => concat([a, b], 0), condition as never, empty as never) as C;
  return refusingTokens(
    use,
    (x, t) => {
      const rows = x.shape[0];
      const pair = concat([x, x], 0);
      const result = returnedLike(use, 'velocities', model(pair, concat([t, t], 0), two), pair);
      const [given, plain] = [result.slice([0, rows]), result.slice([rows, 2 * rows])];
      return plain.add(weighed(use, varies ?? weight, given.sub(plain), t));
    },
    2,
  );
}

/** One of several conditions: its field and its weight. */
export interface WeightedCondition {
  readonly conditional: Velocity;
  readonly weight: GuidanceWeight;
}

/**
 * Several conditions with a weight each: u + Σ ω_i (u_i - u). A negative weight leads away from its condition.
 *
 * Source: Liu et al. 2022, "Compositional Visual Generation with Composable Diffusion Models".
 * @throws ArgumentError for fields or weights of another kind, or no condition; (the result) GuidanceError for tokens.
 */
export function guidedByMany(unconditional: Velocity, conditions: readonly WeightedCondition[]): Velocity {
  const use = 'guidedByMany';
  checkFunctions(use, unconditional);
  if (!Array.isArray(conditions) || conditions.length === 0) {
    throw new ArgumentError(`${use}: expected a list of at least one { conditional, weight }.`);
  }
  for (const condition of conditions as readonly WeightedCondition[]) {
    const { conditional, weight } = checkedOptions(use, condition, ['conditional', 'weight']);
    checkFunctions(use, conditional);
    if (typeof weight !== 'function') checkWeight(use, weight);
  }
  const list: readonly WeightedCondition[] = conditions;
  const total = list.reduce((sum, { conditional }) => sum + evaluationsOf(conditional), evaluationsOf(unconditional));
  return refusingTokens(
    use,
    (x, t) => {
      const call = (field: Velocity): Tensor => returnedLike(use, 'a velocity', field(x, t), x);
      const plain = call(unconditional);
      return list.reduce(
        (sum, { conditional, weight }) => sum.add(weighed(use, weight, call(conditional).sub(plain), t)),
        plain,
      );
    },
    total,
  );
}

/** A difference of fields, (batch, …), times its weight at t. */
function weighed(use: string, weight: GuidanceWeight, step: Tensor, t: Tensor): Tensor {
  if (typeof weight === 'number') return step.mul(weight);
  const given: unknown = weight(t);
  if (typeof given === 'number') return step.mul(given);
  const weights = returnedTensor(use, 'weights', given);
  const rows = step.shape[0];
  if (weights.ndim === 0 || (weights.shape[0] === rows && weights.size === rows))
    return step.mul(spread(weights, step));
  throw new ShapeError(
    `${use}: expected weights of the shape of t [${t.shape.join(', ')}], got [${weights.shape.join(', ')}]. Return one for each time.`,
  );
}

/** The field with its cost; throws `GuidanceError` where it is given tokens. */
function refusingTokens(use: string, field: Velocity, evaluations: number): Velocity {
  const checked = (x: Tensor, t: Tensor): Tensor => {
    if (x.dtype === 'f32' || x.dtype === 'f64') return field(x, t);
    throw new GuidanceError(
      `${use}: expected floating points, got ${x.dtype}. Velocities of tokens are rates, which guidance may take below 0: mix the logits of the two models instead.`,
    );
  };
  return Object.assign(checked, { evaluations });
}
