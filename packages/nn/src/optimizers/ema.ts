import { ArgumentError, checkedOptions, minimum, ones, type Tensor } from '@flowfield/tensor-webgpu';
import { copyTree } from './copyTree.ts';
import { checkDecay } from './ranges.ts';
import { mapTree, scalarZero, zerosOf } from './transform.ts';

export interface EmaOptions {
  /** How much of the average stays at each update, in [0, 1). */
  readonly decay: number;
  /** Start with min(decay, (1 + n) / (10 + n)) after n updates, so that the first parameters are soon forgotten (default false). */
  readonly warmup?: boolean;
  /** Start at zero and divide by the weight that has been given so far, as Adam does (default false: start at the parameters). */
  readonly debias?: boolean;
}

/** `average` is a tree like the parameters; `remaining`, kept for `debias` only, is the weight still on the start, Π decay. */
export type EmaState<P> = { average: P; step: Tensor; remaining: Tensor | null };

/** A running average of parameters. */
export interface Ema {
  init<P>(params: P): EmaState<P>;
  update<P>(params: P, state: EmaState<P>): EmaState<P>;
  /** The averaged parameters. With `debias` there are none before the first update, and these are zeros. */
  value<P>(state: EmaState<P>): P;
}

/**
 * average <- d · average + (1 - d) · params with d = `decay`, or less during the warm-up.
 * @throws ArgumentError unless 0 <= decay < 1.
 */
export function ema(options: EmaOptions): Ema {
  const { decay, warmup = false, debias = false } = checkedOptions('ema', options, ['decay', 'warmup', 'debias']);
  checkDecay('ema: decay', decay);
  return {
    init: <P>(params: P): EmaState<P> => {
      const step = scalarZero(params, 'i32');
      return {
        average: debias ? zerosOf(params) : copyTree(params),
        step,
        remaining: debias ? ones([], { dtype: 'f32', device: step.device?.name }) : null,
      };
    },
    update: <P>(params: P, state: EmaState<P>): EmaState<P> => {
      const { average, step, remaining } = checkedAverage(state);
      const n = step.astype('f32');
      const kept = warmup ? minimum(n.add(1).div(n.add(10)), decay) : decay;
      const blend = (old: Tensor, now: Tensor): Tensor => {
        const weight = typeof kept === 'number' ? kept : kept.astype(old.dtype);
        // In this form an average of equal parameters stays as it is, to the last bit.
        return old.add(now.sub(old).mul(typeof weight === 'number' ? 1 - weight : weight.neg().add(1)));
      };
      return {
        average: mapTree(blend, average, params),
        step: step.add(1),
        remaining: remaining?.mul(kept) ?? null,
      };
    },
    value: <P>(state: EmaState<P>): P => {
      const { average, step, remaining } = checkedAverage(state);
      if (!remaining) return average;
      const given = remaining.neg().add(1);
      const divisor = given.add(step.equal(0).astype('f32'));
      return mapTree((leaf) => leaf.div(divisor.astype(leaf.dtype)), average);
    },
  };
}

function checkedAverage<P>(state: EmaState<P>): EmaState<P> {
  if (state?.average !== undefined && state.step !== undefined) return state;
  throw new ArgumentError(
    'ema: expected its state { average, step, remaining }, got something else. Make it with init(params).',
  );
}
