import type { DType } from '../dtype/dtype.ts';
import type { Shape } from '../shape/shape.ts';
import { generator } from './picks.ts';

/** A random program before its operands are chosen: names of operations, and the numbers their choices are read from. */
export interface Sketch {
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  readonly steps: readonly { readonly operation: string; readonly picks: readonly number[] }[];
  readonly outputs: readonly number[];
  /** Transforms around the whole, the innermost first. */
  readonly wraps: readonly { readonly name: string; readonly picks: readonly number[] }[];
  /** Seed of the numbers in the inputs. */
  readonly seed: number;
  /** Whether zeros of both signs, infinities, NaN and the ends of the dtypes are among them. */
  readonly special: boolean;
}

const PICKS_PER_STEP = 24;
const EXTENTS = [2, 3, 1, 4, 5, 3, 2, 8, 7, 17, 4, 1, 6, 3, 2, 5, 9, 12, 2, 33];
const DTYPES: readonly DType[] = ['f32', 'f64', 'f32', 'f64', 'f32', 'i32', 'f32', 'u32', 'f32', 'bool'];

/** One program in so many has special numbers in its inputs. */
const SPECIAL_EVERY = 6;

/** A program of 1,000 to 3,000 operations that are cheap to run, on small inputs. */
export function longSketch(seed: number, operations: readonly string[], transforms: readonly string[]): Sketch {
  const draw = generator(seed);
  const below = (n: number): number => draw() % n;
  const numbers = (count: number): number[] => Array.from({ length: count }, draw);
  return {
    inputs: Array.from({ length: 3 }, (_, i) => ({ shape: [[3], [2, 3], []][i], dtype: 'f32' as const })),
    steps: Array.from({ length: 1100 + below(2200) }, () => ({
      operation: operations[below(operations.length)],
      picks: numbers(PICKS_PER_STEP),
    })),
    outputs: numbers(2),
    wraps: below(2) === 0 ? [] : [{ name: transforms[below(transforms.length)], picks: numbers(PICKS_PER_STEP) }],
    seed,
    special: false,
  };
}

/** A program of 5 to 40 operations with up to three transforms around it. */
export function sketch(seed: number, operations: readonly string[], transforms: readonly string[]): Sketch {
  const draw = generator(seed);
  const below = (n: number): number => draw() % n;
  const numbers = (count: number): number[] => Array.from({ length: count }, draw);
  // One floating dtype for most of a program, so that its parts meet without casts.
  const main: DType = below(3) === 0 ? 'f64' : 'f32';
  const inputs = Array.from({ length: 1 + below(4) }, (_, i) => ({
    shape: Array.from({ length: below(20) === 0 ? 0 : below(4) }, () =>
      below(60) === 0 ? 0 : EXTENTS[below(EXTENTS.length)],
    ),
    dtype: i === 0 || below(3) > 0 ? main : DTYPES[below(DTYPES.length)],
  }));
  // Long programs are rarer: they cost more and find the same.
  const length = 5 + Math.min(below(36), below(36), below(36));
  return {
    inputs,
    steps: Array.from({ length }, () => ({
      operation: operations[below(operations.length)],
      picks: numbers(PICKS_PER_STEP),
    })),
    special: below(SPECIAL_EVERY) === 0,
    outputs: numbers(1 + below(3)),
    wraps: Array.from({ length: [0, 1, 1, 1, 2, 2, 3][below(7)] }, () => ({
      name: transforms[below(transforms.length)],
      picks: numbers(PICKS_PER_STEP),
    })),
    seed,
  };
}
