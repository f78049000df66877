import type { Element } from './element.ts';
import type { LineStrides, StripPlan } from './pack.ts';

/** One operand as the tiles read it, strip by strip: in place, or packed. Strides and steps count elements. */
export interface TiledOperand {
  readonly plan: StripPlan;
  readonly packed: boolean;
  /** From one line to the next inside a strip. */
  readonly lineStride: number;
  /** From one k to the next, in a full strip and in the last. */
  readonly step: number;
  readonly lastStep: number;
  /** From one full strip to the next. */
  readonly stripStride: number;
  /** Where the packed strips begin in scratch memory, in bytes. */
  readonly scratchOffset: number;
}

/** An operand that is read where it is. */
export function inPlace(plan: StripPlan, strides: LineStrides): TiledOperand {
  return {
    plan,
    packed: false,
    lineStride: strides.line,
    step: strides.step,
    lastStep: strides.step,
    stripStride: plan.width * strides.line,
    scratchOffset: 0,
  };
}

/** An operand that is read from packed strips. */
export function inStrips(plan: StripPlan, element: Element, scratchOffset: number): TiledOperand {
  return {
    plan,
    packed: true,
    lineStride: 1,
    step: plan.width,
    lastStep: plan.paddedRest,
    stripStride: plan.stripBytes / element.bytes,
    scratchOffset,
  };
}
