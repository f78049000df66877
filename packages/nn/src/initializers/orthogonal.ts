import { ArgumentError, random } from '@flowfield/tensor-webgpu';
import { checkedContext, checkScale, type Initializer } from './initializer.ts';

/**
 * `gain` times a random matrix with orthonormal columns (or rows, where there are fewer rows): a block of a
 * Haar-uniform orthogonal matrix (Saxe et al. 2014). Shape [..., n, m].
 * @throws ArgumentError for fewer than two axes.
 */
export const orthogonal = (gain = 1): Initializer => {
  checkScale('orthogonal: gain', gain);
  return (key, shape, context) => {
    const { dtype } = checkedContext('orthogonal', context);
    if (shape.length < 2) {
      throw new ArgumentError(
        `orthogonal: expected a matrix, got shape [${shape.join(', ')}]. Use it for weights only.`,
      );
    }
    const [rows, columns] = shape.slice(-2);
    const batch = shape.slice(0, -2);
    const square = random.orthogonal(key, Math.max(rows, columns), batch, { dtype });
    return square.slice('...', [0, rows], [0, columns]).mul(gain);
  };
};
