import { loweringOf } from '../program/lowering.ts';
import type { Primitive } from '../program/program.ts';
import type { Target } from './target.ts';

/** Floating operations of one element of a primitive on a target. */
export function costOf(primitive: Primitive, target: Target): number {
  const lowering = loweringOf(primitive);
  if (lowering.as === 'map') return target.costs[lowering.code ?? primitive.name] ?? lowering.cost ?? 1;
  return lowering.as === 'position' ? (lowering.cost ?? 1) : 1;
}
