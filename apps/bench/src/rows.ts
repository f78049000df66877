import { type Check, productCheck, trainingCheck } from './agreement.ts';
import type { Contender, Job } from './contender.ts';
import { type Activation, type ProductForm, productProblem, type TrainingProblem, trainingProblem } from './problem.ts';

/** A way to set the computation up in a contender; null where it has no such way. */
export interface Way {
  /** What is to be said when this way is the one timed. */
  readonly note?: string;
  start(contender: Contender): Job | null;
}

/** One line of the table: a computation that every contender sets up and must get right before it is timed. */
export interface Row {
  readonly name: string;
  /** Floating-point operations of one run, where they can be counted without regard to the method. */
  readonly flops: number | null;
  prepare(): { readonly check: Check; readonly ways: readonly Way[] };
}

const byHand = (problem: TrainingProblem): Way => ({
  note: 'timed with the gradient in x written by hand',
  start: (contender) => contender.trainingByHand?.(problem) ?? null,
});

export const trainingRow = (
  loss: TrainingProblem['loss'],
  activation: Activation,
  widths: readonly number[],
  batch: number,
): Row => ({
  name: `${loss} step, ${activation}, ${widths.join('-')}, batch ${batch}`,
  flops: null,
  prepare() {
    const problem = trainingProblem(loss, activation, widths, batch);
    return {
      check: trainingCheck(problem),
      ways: [{ start: (contender) => contender.training(problem) }, ...(loss === 'eikonal' ? [byHand(problem)] : [])],
    };
  },
});

export const productRow = (form: ProductForm, n: number): Row => ({
  name: `${form}, n = ${n}`,
  flops: 2 * n ** 3,
  prepare() {
    const problem = productProblem(form, n);
    return { check: productCheck(problem), ways: [{ start: (contender) => contender.product(problem) }] };
  },
});

const small = { widths: [3, 64, 64, 1], batch: 256 };
const wide = { widths: [3, 256, 256, 256, 1], batch: 1024 };
const losses = ['regression', 'eikonal'] as const;
const activations = ['softplus', 'tanh'] as const;
const forms = ['A·B', 'A·Bᵀ', 'Aᵀ·B'] as const;
/** Sizes of whole tiles, and 127 and 130, which no tile divides. */
const sizes = [64, 127, 128, 130, 256, 512];

export const rows: readonly Row[] = [
  ...[small, wide].flatMap(({ widths, batch }) =>
    losses.flatMap((loss) => activations.map((activation) => trainingRow(loss, activation, widths, batch))),
  ),
  ...sizes.flatMap((n) => forms.map((form) => productRow(form, n))),
];
