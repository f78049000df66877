import { ofType, wholeIn } from './arguments/checks.ts';
import { checkedBytes, type FileBytes } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import { GraphLengthError, GraphValueError } from './graphFileError.ts';
import type { GraphTextOptions } from './plainGraph.ts';

/** Simulations of charged particles, row-major. */
export interface NBody {
  readonly count: number;
  /** Particles of each simulation. */
  readonly bodies: number;
  /** [count, bodies] */
  readonly charges: Float32Array;
  /** [count, bodies, 3] */
  readonly positions: Float32Array;
  /** [count, bodies, 3] */
  readonly velocities: Float32Array;
  /** Positions that are to be predicted, [count, bodies, 3]. */
  readonly targets: Float32Array;
}

export interface NBodyOptions extends GraphTextOptions {
  /** Particles of each simulation (default 5). */
  readonly bodies?: number;
}

/** Numbers of a particle: charge, position, velocity, target. */
const PER_BODY = 10;

/**
 * Reads the charged particles of Satorras et al. 2021 («E(n) equivariant graph neural networks») as little-endian 32-bit numbers: for each simulation all charges,
 * then positions, velocities and later positions.
 *
 * @throws GraphLengthError for a file that is not whole rows, GraphValueError for numbers that are not finite; DataArgumentError for
 * arguments of another kind
 */
export function parseNBody(content: FileBytes, options: NBodyOptions = {}): NBody {
  const checks = { file: ofType('string'), bodies: wholeIn(1) };
  const { file = 'n-body', bodies = 5 } = checkedOptions('parseNBody', options, checks);
  const bytes = checkedBytes('parseNBody', 'the file', content);
  const row = bodies * PER_BODY;
  const count = bytes.length / (4 * row);
  if (!Number.isInteger(count) || count === 0) {
    throw new GraphLengthError({
      file,
      line: 0,
      expected: `rows of ${row} numbers of 4 bytes, ${4 * row} bytes each`,
      given: `${bytes.length} bytes`,
      remedy: 'The file is cut, or holds another number of bodies.',
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const part = (from: number, width: number): Float32Array => {
    const values = new Float32Array(count * width);
    for (let i = 0; i < values.length; i++) {
      const at = Math.floor(i / width) * row + from + (i % width);
      const value = view.getFloat32(4 * at, true);
      if (!Number.isFinite(value)) {
        throw new GraphValueError({
          file,
          line: Math.floor(i / width) + 1,
          column: (at % row) + 1,
          expected: 'a finite number',
          given: `${value}`,
          remedy: 'Lines count rows here, columns their numbers. The file is damaged, or not little-endian float32.',
        });
      }
      values[i] = value;
    }
    return values;
  };
  return {
    count,
    bodies,
    charges: part(0, bodies),
    positions: part(bodies, 3 * bodies),
    velocities: part(4 * bodies, 3 * bodies),
    targets: part(7 * bodies, 3 * bodies),
  };
}
