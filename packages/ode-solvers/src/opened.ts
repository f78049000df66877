import { closureConvert, type Tensor } from '@flowfield/tensor-webgpu';

/** Something of a solve, given all tensors that its functions take from outside. */
export type From<T> = (outside: readonly Tensor[]) => T;

/** The functions of a solve without what they close over. */
export class Opened {
  /** What tells the functions from others: those that compute the same are the same object. */
  readonly shared: object[] = [];
  readonly outside: Tensor[] = [];

  tensor(x: Tensor | null): From<Tensor | null> {
    if (!x) return () => null;
    const at = this.outside.length;
    this.outside.push(x);
    return (outside) => outside[at];
  }

  /** Evaluates f once at arguments like those of every call, to see what it computes with what it closes over today. */
  open<A extends unknown[], R>(f: (...args: A) => R, ...args: A): From<(...args: A) => R> {
    const [converted, captured] = closureConvert(f, ...args);
    const start = this.outside.length;
    this.shared.push(converted);
    this.outside.push(...captured);
    return (outside) => {
      const own = outside.slice(start, start + captured.length);
      return (...given) => converted(...given, ...own);
    };
  }

  /** The same where there may be no function. */
  openSome<A extends unknown[], R>(f: ((...args: A) => R) | null, ...args: A): From<((...args: A) => R) | null> {
    return f ? this.open(f, ...args) : () => null;
  }
}
