/** Reproducible draws (mulberry32): the same seed gives the same program on every machine. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  };
}

/** A list of numbers read as choices. Zero is always the plainest choice, so that smaller lists make smaller programs. */
export class Picks {
  private readonly numbers: readonly number[];
  private at = 0;

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    const number = this.numbers.length === 0 ? 0 : this.numbers[this.at++ % this.numbers.length];
    return bound <= 1 ? 0 : number % bound;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** True once in `n` times, and never for a list of zeros. */
  once(n: number): boolean {
    return this.below(n) === n - 1;
  }

  /** The whole numbers below `n` in some order. */
  shuffled(n: number): number[] {
    const left = Array.from({ length: n }, (_, i) => i);
    return Array.from({ length: n }, () => left.splice(this.below(left.length), 1)[0]);
  }
}
