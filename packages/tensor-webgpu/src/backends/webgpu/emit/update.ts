import type { Expression } from '../../../kernels/expression.ts';
import { visit } from '../../../kernels/expression.ts';
import type { UpdateStage } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { Elements } from './elements.ts';
import { type Body, type Kernel, WORKGROUP } from './kernel.ts';
import { scalarCall } from './scalar.ts';
import { placeBy, sumOf } from './space.ts';
import { u32 } from './wgsl-types.ts';

/** Axes of a space in the order of its loops, and statements that find the steps along them. */
function declareSteps(space: readonly number[], axes: readonly number[], names: string[], position: string): string {
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
function changing(values: readonly Expression[], space: readonly number[]): Set<number> {
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
interface Split {
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
function splitOf({ space, place, terms }: UpdateStage): Split | null {
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

/**
 * Updates without atomic operations: every place has a lane of its own, which combines what is meant for it in the order
 * of the space. The outcome is that of one thread.
 */
export function updateBody(kernel: Kernel, stage: UpdateStage): Body {
  const split = splitOf(stage);
  return split ? ownPlaces(kernel, stage, split) : everyPlace(kernel, stage);
}

const stepNames = (kernel: Kernel, space: readonly number[]): string[] => {
  const prefix = kernel.name('i');
  return space.map((extent, axis) => (extent === 1 ? '0u' : `${prefix}_${axis}`));
};

const guarded = (count: number, body: string): Body => ({
  workgroups: Math.ceil(count / WORKGROUP),
  text: `let at = block * ${u32(WORKGROUP)} + lane;\nif (at >= ${u32(count)}) { return; }\n${body}`,
});

/** Loops over some axes in the order of the space. */
function loopsOver(space: readonly number[], axes: readonly number[], names: readonly string[], body: string): string {
  return axes
    .filter((axis) => space[axis] > 1)
    .reduceRight(
      (inner, axis) =>
        `for (var ${names[axis]} = 0u; ${names[axis]} < ${u32(space[axis])}; ${names[axis]}++) {\n${inner}\n}`,
      body,
    );
}

/** The number of a place that an index value chooses, and whether the update is dropped. */
function choice(stage: UpdateStage, k: number, index: string): { position: string; dropped: string | null } {
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

function combined(kernel: Kernel, { mode, variable: { dtype } }: UpdateStage, before: string, value: string): string {
  return mode === 'set' ? value : scalarCall(kernel, { code: mode, from: [dtype, dtype], to: dtype }, [before, value]);
}

function ownPlaces(kernel: Kernel, stage: UpdateStage, split: Split): Body {
  const { space, variable, place, terms, value } = stage;
  const names = stepNames(kernel, space);
  const locate = (form: Affine): string => placeBy(names, form);
  const chosen = terms.map((_, k) => `chosen${k}`);
  const limits = split.chosen ? terms.map(({ limit }) => limit + 1) : [];
  const own = sizeOf(split.own.map((axis) => space[axis]));
  const count = own * sizeOf(limits);
  // Neighbouring lanes take neighbouring steps of the place.
  const lines = [declareSteps(space, split.own, names, split.chosen ? `at % ${u32(own)}` : 'at')];
  let inner = own;
  if (split.chosen) {
    for (let k = terms.length - 1; k >= 0; k--) {
      lines.push(`let ${chosen[k]} = (at / ${u32(inner)}) % ${u32(limits[k])};`);
      inner *= limits[k];
    }
  }
  const elements = new Elements(kernel, locate);
  const positions = terms.map(({ index }, k) => choice(stage, k, elements.value(index)));
  const beside = positions.map(({ position, dropped }, k) => (split.chosen ? `${position} != ${chosen[k]}` : dropped));
  const conditions = beside.filter((condition) => condition !== null);
  const target = sumOf(
    [
      locate(place),
      ...terms.map(({ stride }, k) => `(${split.chosen ? chosen[k] : positions[k].position}) * ${u32(stride)}`),
    ],
    0,
  );
  const body = [...elements.lines];
  const left = split.turns.length > 0 ? 'continue;' : 'return;';
  if (conditions.length > 0) body.push(`if (${conditions.join(' || ')}) { ${left} }`);
  const computed = elements.lines.length;
  const found = elements.value(value);
  body.push(...elements.lines.slice(computed));
  const held = kernel.name('held');
  if (split.turns.length === 0) {
    body.push(
      `let ${held} = ${target};`,
      kernel.store(variable, held, combined(kernel, stage, kernel.load(variable, held), found)),
    );
    lines.push(...body);
  } else {
    const sum = kernel.name('sum');
    lines.push(`let ${held} = ${target};`, `var ${sum} = ${kernel.load(variable, held)};`);
    body.push(`${sum} = ${combined(kernel, stage, sum, found)};`);
    lines.push(loopsOver(space, split.turns, names, body.join('\n')), kernel.store(variable, held, sum));
  }
  return guarded(count, lines.join('\n'));
}

/** A lane for every element of the variable, which looks through all updates. */
function everyPlace(kernel: Kernel, stage: UpdateStage): Body {
  const { space, variable, place, terms, value } = stage;
  const names = stepNames(kernel, space);
  const locate = (form: Affine): string => placeBy(names, form);
  const elements = new Elements(kernel, locate);
  const positions = terms.map(({ index }, k) => choice(stage, k, elements.value(index)));
  const target = sumOf([locate(place), ...terms.map(({ stride }, k) => `(${positions[k].position}) * ${u32(stride)}`)]);
  const conditions = [...positions.flatMap(({ dropped }) => (dropped === null ? [] : [dropped])), `${target} != at`];
  const body = [...elements.lines, `if (${conditions.join(' || ')}) { continue; }`];
  const computed = elements.lines.length;
  const found = elements.value(value);
  const sum = kernel.name('sum');
  body.push(...elements.lines.slice(computed), `${sum} = ${combined(kernel, stage, sum, found)};`);
  const axes = space.map((_, axis) => axis);
  const wide = axes.some((axis) => space[axis] > 1);
  const loops = wide
    ? loopsOver(space, axes, names, body.join('\n'))
    : `loop {\n${body.join('\n').replace('continue;', 'break;')}\nbreak;\n}`;
  return guarded(
    sizeOf(variable.shape),
    [`var ${sum} = ${kernel.load(variable, 'at')};`, loops, kernel.store(variable, 'at', sum)].join('\n'),
  );
}
