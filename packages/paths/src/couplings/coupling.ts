import { checkedOptions, gather, type random, type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { PathShapeError } from '../errors.ts';
import { asFloating, checkFinite, checkGiven } from '../times.ts';

/** Fields with one row per point. */
export type Fields = Readonly<Record<string, TensorLike>>;

/** Fields of the same names, as tensors. */
export type Taken<F> = { readonly [Name in keyof F]: Tensor };

/** Unpaired rows of both sides. */
export interface CouplingInput<S extends Fields = Fields, D extends Fields = Fields> {
  /** Source points, (n0, …). */
  readonly x0: TensorLike;
  /** Data points, (n1, …). */
  readonly x1: TensorLike;
  /** For couplings that draw. */
  readonly key?: random.Key;
  /** Fields with one row per source point, which travel with x0. */
  readonly source?: S;
  /** Fields with one row per data point (labels, conditions, weights, …), which travel with x1. */
  readonly data?: D;
}

/** Paired rows, ready for `path.sample`. */
export interface Pairs<S extends Fields = Fields, D extends Fields = Fields> {
  readonly x0: Tensor;
  readonly x1: Tensor;
  /** The rows of the input that were taken, i32 [pairs]. */
  readonly index0: Tensor;
  readonly index1: Tensor;
  /** The given fields, in the order of the pairs. */
  readonly source: Taken<S>;
  readonly data: Taken<D>;
  /** Where a plan was solved: the masses, f64 [n0, n1]. */
  readonly plan?: Tensor;
  /** Where costs are known: the mean cost of the pairs. */
  readonly cost?: number;
}

/** A rule that pairs source with data points. */
export interface Coupling {
  readonly name: string;
  pair<S extends Fields = Record<never, never>, D extends Fields = Record<never, never>>(
    input: CouplingInput<S, D>,
  ): Pairs<S, D>;
}

/** Both sides as floating tensors of rows of one shape. */
export function checkSides(use: string, input: CouplingInput): { x0: Tensor; x1: Tensor } {
  const { x0, x1 } = checkedOptions(`${use}.pair`, input, ['x0', 'x1', 'key', 'source', 'data']);
  checkGiven(use, 'x0', x0);
  checkGiven(use, 'x1', x1);
  const [source, data] = [asFloating(x0), asFloating(x1)];
  const equal = source.shape.slice(1).join() === data.shape.slice(1).join();
  if (source.ndim === 0 || source.ndim !== data.ndim || !equal || source.shape[0] === 0 || data.shape[0] === 0) {
    throw new PathShapeError(
      `${use}: expected x0 (n0, …) and x1 (n1, …) with rows of one shape and at least one row each, got [${source.shape.join(', ')}] and [${data.shape.join(', ')}].`,
    );
  }
  checkFinite(use, 'x0', source);
  checkFinite(use, 'x1', data);
  return { x0: source, x1: data };
}

/** The rows of both sides, and of their fields, at the given indices. */
export function takePairs<S extends Fields, D extends Fields>(
  use: string,
  input: CouplingInput<S, D>,
  sides: { x0: Tensor; x1: Tensor },
  rows: { index0: Tensor; index1: Tensor },
): Pairs<S, D> {
  const { index0, index1 } = rows;
  const fields = <F extends Fields>(side: string, given: F | undefined, count: number, index: Tensor): Taken<F> =>
    Object.fromEntries(
      Object.entries(given ?? {}).map(([name, value]) => {
        const field = tensor(value);
        if (field.shape[0] === count) return [name, gather(field, index)];
        throw new PathShapeError(
          `${use}: expected the field ${side}.${name} with one row for each of the ${count} points, got shape [${field.shape.join(', ')}].`,
        );
      }),
    ) as Taken<F>;
  return {
    x0: gather(sides.x0, index0),
    x1: gather(sides.x1, index1),
    index0,
    index1,
    source: fields('source', input.source, sides.x0.shape[0], index0),
    data: fields('data', input.data, sides.x1.shape[0], index1),
  };
}

/** Row numbers as a tensor. */
export const rowNumbers = (rows: ArrayLike<number>): Tensor =>
  tensor(Int32Array.from(rows), { dtype: 'i32', shape: [rows.length] });
