import { ArgumentError, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';

/** A guidance weight at each time, (batch): 0 is the unconditional model, 1 the conditional one. */
export type GuidanceSchedule = (t: Tensor) => Tensor;

/** `weight` for from <= t <= to, and `outside` elsewhere (default 1, the conditional model). */
export function guidanceInterval(weight: number, from: number, to: number, outside = 1): GuidanceSchedule {
  checkWeight('guidanceInterval', weight);
  checkWeight('guidanceInterval', outside);
  checkedNumber('guidanceInterval: from', from, 0, 1);
  checkedNumber('guidanceInterval: to', to, from, 1);
  return (t) => {
    const inside = t.greaterEqual(from).logicalAnd(t.lessEqual(to)).astype(t.dtype);
    return inside.mul(weight - outside).add(outside);
  };
}

/** From `start` at t = 0 in a straight line to `end` at t = 1. */
export function linearGuidance(start: number, end: number): GuidanceSchedule {
  checkWeight('linearGuidance', start);
  checkWeight('linearGuidance', end);
  return (t) => t.mul(end - start).add(start);
}

/** From `start` at t = 0 to `end` at t = 1 along half a cosine wave. */
export function cosineGuidance(start: number, end: number): GuidanceSchedule {
  checkWeight('cosineGuidance', start);
  checkWeight('cosineGuidance', end);
  return (t) =>
    t
      .mul(Math.PI)
      .cos()
      .mul((start - end) / 2)
      .add((start + end) / 2);
}

/** Throws `ArgumentError` unless `weight` is a finite number. */
export function checkWeight(use: string, weight: number): void {
  if (typeof weight === 'number' && Number.isFinite(weight)) return;
  throw new ArgumentError(
    `${use}: expected a weight as a finite number, got ${typeof weight === 'string' ? `'${weight}'` : String(weight)}. 1 is the conditional model; papers that write (1 + w) c - w u mean 1 + w.`,
  );
}
