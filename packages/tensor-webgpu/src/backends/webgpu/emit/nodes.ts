import type { Spot } from './spot.ts';

/** One dispatch of a program. */
export interface DispatchNode {
  readonly kind: 'dispatch';
  readonly label: string;
  readonly source: string;
  /** What is bound in group 0, in order. */
  readonly spots: readonly Spot[];
  /** The loops whose turns are bound in group 1, in order, and by how many numbers each. */
  readonly turns: readonly { readonly loop: number; readonly counters: number }[];
  /** How many numbers these are in all. */
  readonly counters: number;
  readonly workgroups: readonly [number, number, number];
  /** About how many operations it does and bytes it touches. */
  readonly flops: number;
  readonly bytes: number;
}

/** Nodes that are encoded again for every turn, in two forms that alternate between the buffers of carried values. */
export interface LoopNode {
  readonly kind: 'loop';
  /** How many loops are around it. */
  readonly loop: number;
  readonly length: number;
  readonly even: readonly Node[];
  readonly odd: readonly Node[];
}

export type Node = DispatchNode | LoopNode;
