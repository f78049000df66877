import type { Tensor } from '../tensor/tensor.ts';

/** Which arguments are differentiated: one, or several in a list. */
export type Argnums = number | readonly number[];

/** The gradients of a function of arguments `A`: a tree like the argument `N`, or a list of them. */
export type GradientOf<A extends readonly unknown[], N extends Argnums> = number extends N
  ? // biome-ignore lint/suspicious/noExplicitAny: which argument it is shows at run time only.
    any
  : N extends number
    ? GradientIn<A[N]>
    : N extends readonly number[]
      ? { -readonly [K in keyof N]: GradientIn<A[N[K] & number]> }
      : never;

/** A tree like the argument; a tensor for a number, and for what may be a number or an array as well. */
type GradientIn<T> = 0 extends T & 1 ? T : Tensor extends T ? Tensor : T extends number ? Tensor : T;

/** A tree like `Tree` with a `Leaf` for each tensor. */
export type TreeOf<Tree, Leaf> = unknown extends Tree
  ? // biome-ignore lint/suspicious/noExplicitAny: of a result without a type nothing is known.
    any
  : Tree extends Tensor | number | boolean
    ? Leaf
    : { [K in keyof Tree]: TreeOf<Tree[K], Leaf> };
