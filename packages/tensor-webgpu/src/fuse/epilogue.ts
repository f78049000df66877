import { type Expression, loadsOf } from '../kernels/expression.ts';
import type { ContractionStage } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import type { Var } from '../program/aval.ts';
import { type Affine, composed, identityCoordinates, turnedCoordinates } from '../shape/affine.ts';
import { rowMajorStrides, type Shape } from '../shape/shape.ts';
import type { Draft } from './draft.ts';

/** Whether a value over a product's elements needs none of them but its own, and nothing else that the part makes. */
export function finishesOwn(
  value: Expression,
  draft: Draft,
  product: ContractionStage,
  finished: ReadonlySet<Expression>,
): boolean {
  const { shape } = product.variable;
  const own = { offset: 0, strides: rowMajorStrides(shape) };
  return loadsOf([value], finished).every(
    (load) =>
      !draft.has(load.variable) ||
      (load.variable === product.variable && load.terms.length === 0 && sameOverSpace(load.place, own, shape)),
  );
}

/** Whether two places are the same for every index of a space. */
const sameOverSpace = (a: Affine, b: Affine, space: Shape): boolean =>
  a.offset === b.offset && space.every((extent, axis) => extent <= 1 || a.strides[axis] === b.strides[axis]);

/** What a product is finished as: the coordinates of each result over the product's elements. */
export type Finished = ReadonlyMap<Var, readonly Affine[]>;

/**
 * The coordinates over a product of a space whose value reads the product, or what it was finished as, in another order of
 * axes, where the target finishes elements for that order; otherwise `null`.
 */
export function turnedOver(
  product: ContractionStage,
  finished: Finished | undefined,
  value: Expression,
  space: Shape,
  target: Target,
): Affine[] | null {
  if (!target.finishesTurned) return null;
  const { variable } = product;
  const { shape } = variable;
  const known = (made: Var): readonly Affine[] | undefined =>
    made === variable ? identityCoordinates(shape.length) : finished?.get(made);
  const load = loadsOf([value]).find((each) => known(each.variable) !== undefined);
  if (!load || load.terms.length > 0) return null;
  const own = turnedCoordinates(load.place, space, load.variable.shape);
  const over = known(load.variable) as readonly Affine[];
  const turned = own?.map((form) => composed(form, over, shape.length));
  return turned && target.finishesTurned(product, turned) ? turned : null;
}
