import type { FunctionBuilder } from '../assembler/index.ts';

/** What a long run of f32 has for its largest or smallest element, in vectors. */
export interface Extremes {
  /** Takes the vector on the stack into an accumulator. */
  take(accumulator: number): void;
  /** Takes one accumulator into another. */
  join(accumulator: number, from: number): void;
  /** Makes an accumulator what `max` or `min` of all elements gives, and gives the marks back. */
  settle(accumulator: number): void;
}

/**
 * The largest (or smallest) of f32 elements, three cheap instructions each. `f32x4.max` itself must order zeros by their
 * sign and let NaN through, for which processors take eight instructions that wait for each other. Here the accumulators
 * compare only, and two marks over all elements keep what they miss: where one was NaN, and whether the signs of zeros
 * decide.
 */
export function extremesOf(f: FunctionBuilder, operation: 'reduceMax' | 'reduceMin'): Extremes {
  const largest = operation === 'reduceMax';
  const [nan, signs] = f.locals('v128', 2);
  f.f32x4Const(0);
  f.localSet(nan);
  // A largest zero is -0 where every sign is set, a smallest one where any is.
  f.i32x4Const(largest ? -1 : 0);
  f.localSet(signs);
  const compare = largest ? f.f32x4Pmax : f.f32x4Pmin;
  const gather = largest ? f.v128And : f.v128Or;
  const join = (accumulator: number, from: number): void => {
    f.localGet(accumulator);
    f.localGet(from);
    compare.call(f);
    f.localSet(accumulator);
  };
  return {
    join,
    take: (accumulator) =>
      f.withLocal('v128', (value) => {
        f.localSet(value);
        join(accumulator, value);
        f.localGet(nan);
        f.localGet(value);
        f.localGet(value);
        f.f32x4Ne();
        f.v128Or();
        f.localSet(nan);
        f.localGet(signs);
        f.localGet(value);
        gather.call(f);
        f.localSet(signs);
      }),
    settle(accumulator) {
      f.localGet(signs);
      f.f32x4Const(-0);
      f.v128And();
      f.localGet(accumulator);
      f.localGet(accumulator);
      f.f32x4Const(0);
      f.f32x4Eq();
      f.v128Bitselect();
      f.localSet(accumulator);
      f.f32x4Const(Number.NaN);
      f.localGet(accumulator);
      f.localGet(nan);
      f.v128Bitselect();
      f.localSet(accumulator);
      f.release(nan, signs);
    },
  };
}
