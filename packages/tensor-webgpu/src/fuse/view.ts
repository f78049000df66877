import type { Eqn } from '../program/program.ts';
import type { Shape } from '../shape/shape.ts';
import { type Affine, constantAffine, flatten, scaled, unflatten } from './affine.ts';

/**
 * The coordinates in a view's input of the element seen at `coordinates` of its output; `null` when they are not
 * linear in the space's index (a reshape that cuts across a transpose), so that the input must lie in memory.
 */
export function throughView(eqn: Eqn, coordinates: readonly Affine[], space: Shape): Affine[] | null {
  const input = eqn.inputs[0];
  const output = eqn.outputs[0];
  const { params } = eqn;
  switch (eqn.primitive.name) {
    case 'reshape':
      return unflatten(flatten(coordinates, output.shape, space.length), input.shape, space);
    case 'transpose': {
      const source = new Array<Affine>(input.shape.length);
      params.permutation.forEach((from: number, to: number) => {
        source[from] = coordinates[to];
      });
      return source;
    }
    case 'broadcastInDim':
      return input.shape.map((extent, axis) =>
        extent === 1 ? constantAffine(0, space.length) : coordinates[params.dims[axis]],
      );
    case 'slice':
      return input.shape.map((_, axis) => scaled(coordinates[axis], params.strides?.[axis] ?? 1, params.start[axis]));
    case 'rev':
      return input.shape.map((extent, axis) =>
        params.axes.includes(axis) ? scaled(coordinates[axis], -1, extent - 1) : coordinates[axis],
      );
    default:
      return [...coordinates];
  }
}
