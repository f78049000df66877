import type { Expression } from '../../../kernels/expression.ts';
import { visit } from '../../../kernels/expression.ts';
import type { UpdateStage } from '../../../kernels/form.ts';
import type { Kernel } from './kernel.ts';
import { scalarCall } from './scalar.ts';
import { u32 } from './wgsl-types.ts';

/** Axes of a space in the order of its loops, and statements that find the steps along them. */
export function declareSteps(
  space: readonly number[],
  axes: readonly number[],
  names: string[],
  position: string,
): string {
  const lines: string[] = [];
  let inner = 1;
  const wide = axes.filter((axis) => space[axis] > 1);
  for (const axis of [...wide].reverse()) {
    const above = inner === 1 ? position : `(${position}) / ${u32(inner)}`;
    lines.push(`let ${names[axis]} = ${axis === wide[0] ? above : `(${above}) % ${u32(space[axis])}`};`);
    inner *= space[axis];
  }
  return lines.join('\n');
}

/** Whether different indices of these strides and extents always give different places. */
function isInjective(axes: readonly { readonly stride: number; readonly extent: number }[]): boolean {
  const wide = axes
    .filter(({ extent }) => extent > 1)
    .map(({ stride, extent }) => ({ stride: Math.abs(stride), extent }));
  wide.sort((a, b) => a.stride - b.stride);
  let reach = 0;
  for (const { stride, extent } of wide) {
    if (stride <= reach) return false;
    reach += stride * (extent - 1);
  }
  return true;
}

/** The axes along which a value changes. */
export function changing(values: readonly Expression[], space: readonly number[]): Set<number> {
  const axes = new Set<number>();
  visit(values, (node) => {
    if (node.kind !== 'load' && node.kind !== 'index') return;
    node.place.strides.forEach((stride, axis) => {
      if (stride !== 0 && space[axis] > 1) axes.add(axis);
    });
  });
  return axes;
}

/** How the elements of an update are found by lanes of their own. */
export interface Split {
  /** Axes whose steps a lane has for itself, and those it goes through in order. */
  readonly own: readonly number[];
  readonly turns: readonly number[];
  /** Whether a lane has one value of each index for itself and takes the updates that choose it. */
  readonly chosen: boolean;
}

/**
 * Lanes of their own for every place that is written: all steps of the space when no two write one place; else the axes
 * that move the place, with the values that indices may take; `null` when two of these could be one place.
 */
export function splitOf({ space, place, terms }: UpdateStage): Split | null {
  const axes = space.map((_, axis) => axis);
  const indices = changing(
    terms.map(({ index }) => index),
    space,
  );
  const moving = axes.filter((axis) => place.strides[axis] !== 0 && space[axis] > 1);
  const turns = axes.filter((axis) => place.strides[axis] === 0 && space[axis] > 1);
  const strides = moving.map((axis) => ({ stride: place.strides[axis], extent: space[axis] }));
  if (indices.size === 0 && turns.length === 0 && isInjective(strides))
    return { own: moving, turns: [], chosen: false };
  const chosen = terms.map(({ stride, limit }) => ({ stride, extent: limit + 1 }));
  return isInjective([...strides, ...chosen]) ? { own: moving, turns, chosen: true } : null;
}

/** The axes along which one update is a window of different places, and the others; `null` where there is no such window. */
export function windowsOf({ space, place, terms }: UpdateStage): Pick<Split, 'own' | 'turns'> | null {
  const indices = changing(
    terms.map(({ index }) => index),
    space,
  );
  const axes = space.map((_, axis) => axis);
  const own = axes.filter((axis) => place.strides[axis] !== 0 && space[axis] > 1 && !indices.has(axis));
  const strides = own.map((axis) => ({ stride: place.strides[axis], extent: space[axis] }));
  return isInjective(strides) ? { own, turns: axes.filter((axis) => !own.includes(axis)) } : null;
}

export const stepNames = (kernel: Kernel, space: readonly number[]): string[] => {
  const prefix = kernel.name('i');
  return space.map((extent, axis) => (extent === 1 ? '0u' : `${prefix}_${axis}`));
};

/** The number of a place that an index value chooses, and whether the update is dropped. */
export function choice(stage: UpdateStage, k: number, index: string): { position: string; dropped: string | null } {
  const { limit, clamp, index: node } = stage.terms[k];
  const unsigned = node.dtype === 'u32';
  if (clamp)
    return {
      position: unsigned ? `min(${index}, ${u32(limit)})` : `u32(clamp(${index}, 0i, ${limit}i))`,
      dropped: null,
    };
  // As an unsigned number a negative index is beyond every limit.
  const position = unsigned ? index : `bitcast<u32>(${index})`;
  return { position, dropped: `${position} > ${u32(limit)}` };
}

export function combined(
  kernel: Kernel,
  { mode, variable: { dtype } }: UpdateStage,
  before: string,
  value: string,
): string {
  return mode === 'set' ? value : scalarCall(kernel, { code: mode, from: [dtype, dtype], to: dtype }, [before, value]);
}
