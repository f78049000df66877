import { type Expression, visit } from '../../../kernels/expression.ts';
import type { Affine } from '../../../shape/affine.ts';
import type { Shape } from '../../../shape/shape.ts';
import type { Collapse } from './expression-code.ts';

/** Loops with as few axes as the accesses allow. */
export interface Nest {
  /** Steps of each axis; for axis 0, when it holds the rows, `rowFactor` steps belong to each row. */
  readonly extents: readonly number[];
  readonly collapse: Collapse;
  /** Whether axis 0 counts rows (not so when there is only one row). */
  readonly hasRows: boolean;
  readonly rowFactor: number;
  /** How many of the axes lie in the first `kept` axes of the space. */
  readonly kept: number;
}

/** Every place that the values read at. */
export function placesOf(values: readonly Expression[]): Affine[] {
  const places: Affine[] = [];
  visit(values, (node) => {
    if (node.kind === 'load' || node.kind === 'index') places.push(node.place);
  });
  return places;
}

/**
 * Merges neighbouring axes that every place walks in one stride, and leaves out axes of one step. Axes before and after
 * `kept` are not merged with each other.
 */
export function collapseNest(space: Shape, places: readonly Affine[], kept: number): Nest {
  /** Last axis of each merged run, and the number of steps. */
  const runs: { last: number; extent: number; first: number }[] = [];
  let rowFactor = 1;
  for (let axis = 0; axis < space.length; axis++) {
    if (space[axis] === 1) continue;
    const run = runs.at(-1);
    const joins =
      run !== undefined &&
      run.last < kept === axis < kept &&
      places.every((place) => place.strides[run.last] === place.strides[axis] * space[axis]);
    if (joins) {
      run.last = axis;
      run.extent *= space[axis];
      if (run.first === 0) rowFactor *= space[axis];
    } else runs.push({ last: axis, extent: space[axis], first: axis });
  }
  const keptRuns = runs.filter((run) => run.last < kept).length;
  if (keptRuns === 0) runs.unshift({ last: -1, extent: 1, first: -1 });
  if (kept === space.length && runs.length === 0) runs.push({ last: -1, extent: 1, first: -1 });
  const hasRows = runs[0].first === 0;
  return {
    extents: runs.map((run) => run.extent),
    collapse: (place) => ({
      offset: place.offset,
      strides: runs.map((run) => (run.last < 0 ? 0 : place.strides[run.last])),
    }),
    hasRows,
    rowFactor: hasRows ? rowFactor : 1,
    kept: Math.max(1, keptRuns),
  };
}
