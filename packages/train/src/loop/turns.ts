import type { GradientTransform } from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, type Tensor, tree } from '@flowfield/tensor-webgpu';
import type { LossFunction } from './loss.ts';

/** Some of the parameters, which one optimizer trains while the others stay as they are. */
export interface Turn<P, B, S = null> {
  readonly optimizer: GradientTransform;
  /** What this turn lowers (default: the loss of the run). */
  readonly loss?: LossFunction<P, B, S>;
  /** Which parameters it trains, by path (default: those under the turn's own name). */
  readonly trains?: (path: string) => boolean;
  /** Steps before the next turn begins (default 1). */
  readonly steps?: number;
}

/** A turn with all that it depends on settled. */
export interface SettledTurn<P, B, S> {
  readonly name: string;
  readonly optimizer: GradientTransform;
  readonly loss: LossFunction<P, B, S>;
  /** Places of its parameters among the leaves of the tree. */
  readonly own: readonly number[];
  readonly steps: number;
}

/** The name of the only turn of a run with one optimizer. */
export const SOLE = '';

interface TurnOptions<P, B, S> {
  readonly params: P;
  readonly loss?: LossFunction<P, B, S>;
  readonly optimizer?: GradientTransform;
  readonly turns?: Readonly<Record<string, Turn<P, B, S>>>;
}

const needsOptimizer = 'optimizer must have init and update. Use one of @flowfield/nn, such as adam';
const needsLoss = 'loss must be a function (params, batch, key) => scalar';

/** Throws `ArgumentError` with the message unless it holds. */
export function expectThat(holds: boolean, expected: string): asserts holds {
  if (!holds) throw new ArgumentError(`train: ${expected}.`);
}

/**
 * The turns of a run, in their order; one where it has one optimizer.
 * @throws ArgumentError for parts that are missing or of another kind, or a turn that trains nothing.
 */
export function settledTurns<P, B, S>({
  params,
  loss,
  optimizer,
  turns,
}: TurnOptions<P, B, S>): readonly SettledTurn<P, B, S>[] {
  const paths = tree.paths(params);
  if (turns === undefined) {
    expectThat(typeof loss === 'function', needsLoss);
    expectThat(typeof optimizer?.update === 'function' && typeof optimizer.init === 'function', needsOptimizer);
    return [{ name: SOLE, optimizer, loss, own: paths.map((_, i) => i), steps: 1 }];
  }
  expectThat(
    optimizer === undefined,
    'give either optimizer or turns, got both. Each turn has an optimizer of its own',
  );
  expectThat(
    typeof turns === 'object' && turns !== null && Object.keys(turns).length > 0,
    'turns must be an object with at least one turn, as in { encoder: { optimizer }, decoder: { optimizer } }',
  );
  return Object.entries(turns).map(([name, turn]) => {
    const what = `train: turn '${name}'`;
    const given = checkedOptions(what, turn, ['optimizer', 'loss', 'trains', 'steps']);
    const lowered = given.loss ?? loss;
    expectThat(typeof lowered === 'function', `turn '${name}': ${needsLoss}`);
    expectThat(
      typeof given.optimizer?.update === 'function' && typeof given.optimizer.init === 'function',
      `turn '${name}': ${needsOptimizer}`,
    );
    const trains = given.trains ?? ((path: string) => path === name || path.startsWith(`${name}.`));
    expectThat(typeof trains === 'function', `turn '${name}': trains must be a function (path) => boolean`);
    const own = paths.flatMap((path, i) => {
      const answer = trains(path);
      expectThat(
        typeof answer === 'boolean',
        `turn '${name}': trains must return true or false, got ${String(answer)} for '${path}'`,
      );
      return answer ? [i] : [];
    });
    expectThat(
      own.length > 0,
      `turn '${name}' trains no parameter. Name it like a part of params, or give trains: (path) => boolean. The paths begin with ${[...new Set(paths.map((path) => path.split('.')[0]))].join(', ')}`,
    );
    return {
      name,
      optimizer: given.optimizer,
      loss: lowered,
      own,
      steps: checkedWhole(`${what}: steps`, given.steps ?? 1),
    };
  });
}

/** Steps of one round of all turns. */
export const roundOf = (turns: readonly { readonly steps: number }[]): number =>
  turns.reduce((sum, { steps }) => sum + steps, 0);

/** Which turn has the step. */
export function turnAt(turns: readonly { readonly steps: number }[], step: number): number {
  let left = step % roundOf(turns);
  return turns.findIndex(({ steps }) => {
    left -= steps;
    return left < 0;
  });
}

/** The tree with `null`, which is no leaf, in place of the leaves that are not at `own`: paths stay what they are. */
export function pickedLeaves<P>(params: P, own: readonly number[]): P {
  const leaves = tree.leaves<Tensor>(params).map((leaf, i) => (own.includes(i) ? leaf : null));
  return tree.unflatten(tree.structure(params), leaves) as P;
}

/** `params` with the leaves at `own` replaced by those of `picked`. */
export function withLeaves<P>(params: P, own: readonly number[], picked: P): P {
  const leaves = [...tree.leaves<Tensor>(params)];
  const changed = tree.leaves<Tensor>(picked);
  own.forEach((place, i) => {
    leaves[place] = changed[i];
  });
  return tree.unflatten(tree.structure(params), leaves) as P;
}
