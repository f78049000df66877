import { ArgumentError, random } from '@flowfield/tensor-webgpu';
import { TransportError } from '../errors.ts';
import {
  type Coupling,
  type CouplingInput,
  checkSides,
  type Fields,
  type Pairs,
  rowNumbers,
  takePairs,
} from './coupling.ts';

/**
 * Pairs row i of the source with row i of the data; with a `key`, with a random permutation of the source rows instead.
 * Both sides need equally many rows.
 */
export function independentCoupling(): Coupling {
  const use = 'independentCoupling';
  return {
    name: 'independent',
    pair<S extends Fields, D extends Fields>(input: CouplingInput<S, D>): Pairs<S, D> {
      const sides = checkSides(use, input);
      const [n0, n1] = [sides.x0.shape[0], sides.x1.shape[0]];
      if (n0 !== n1) {
        throw new TransportError(
          `${use}: expected as many source as data points, got ${n0} and ${n1}. Draw one source point for each data point.`,
        );
      }
      const rows = rowNumbers(Array.from({ length: n0 }, (_, i) => i));
      const index0 = input.key ? random.permutation(input.key, n0) : rows;
      return takePairs(use, input, sides, { index0, index1: rows });
    },
  };
}

/**
 * Pairs that the caller knows: `pairs` are [source row, data row], in the order in which they are returned. A row may
 * stand in several pairs or in none.
 * @throws (pair) TransportError for a row number that does not exist; ArgumentError for something else than pairs.
 */
export function givenCoupling(pairs: readonly (readonly [number, number])[]): Coupling {
  const use = 'givenCoupling';
  const list: readonly (readonly [number, number])[] = Array.isArray(pairs) ? pairs : [];
  if (list.length === 0 || list.some((pair) => pair?.length !== 2)) {
    throw new ArgumentError(`${use}: expected a list of pairs [source row, data row] with at least one pair.`);
  }
  return {
    name: 'given',
    pair<S extends Fields, D extends Fields>(input: CouplingInput<S, D>): Pairs<S, D> {
      const sides = checkSides(use, input);
      const counts = [sides.x0.shape[0], sides.x1.shape[0]];
      for (const pair of list) {
        const wrong = pair.findIndex((row, side) => !(Number.isInteger(row) && row >= 0 && row < counts[side]));
        if (wrong < 0) continue;
        throw new TransportError(
          `${use}: expected ${wrong === 0 ? 'source' : 'data'} rows from 0 to ${counts[wrong] - 1}, got ${pair[wrong]}. Count rows from 0.`,
        );
      }
      return takePairs(use, input, sides, {
        index0: rowNumbers(list.map(([row]) => row)),
        index1: rowNumbers(list.map(([, row]) => row)),
      });
    },
  };
}
