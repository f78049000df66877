import { accessOf } from '../../../kernels/access.ts';
import { loadsOf } from '../../../kernels/expression.ts';
import type { ComputedOperand, ContractionOperand, ContractionStage } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { type Shape, sizeOf } from '../../../shape/shape.ts';
import type { Draft } from './draft.ts';
import { Elements } from './elements.ts';
import { gridOf, type Kernel, touchedBy, WORKGROUP } from './kernel.ts';
import { finishElement, operandPlace, steps } from './product.ts';
import type { Region } from './region.ts';
import { placeBy } from './space.ts';
import { elementType, u32 } from './wgsl-types.ts';

/**
 * Products of many small matrices whose elements lie beside each other (`einsum('bijd,bjkd->bikd')`): neighbouring lanes take
 * neighbouring matrices, so that every read and write is of whole sectors and nothing is copied to another order of axes.
 */

/** Matrices beside each other from which on lanes read whole sectors. */
const LEAST_BESIDE = 8;
/** Rows that a lane computes, by as many columns as a vector has. */
const LANE_ROWS = 8;
const LANE_COLUMNS = 4;

/** Of how many axes of a space the batch, the free and the contracted index of an operand consist. */
function axesOf({ space }: ComputedOperand, batch: number, free: number): [number, number] {
  const ends: number[] = [];
  let axis = 0;
  for (const size of [batch, free]) {
    let product = 1;
    while (axis < space.length && product < size) product *= space[axis++];
    ends.push(axis);
  }
  return [ends[0], ends[1]];
}

/** The extent of the last batch axis, and how an operand walks along it: 1 beside each other, 0 the same for all. */
function lastBatch(operand: ContractionOperand, batch: number, free: number): { extent: number; strides: number[] } {
  if (operand.kind === 'memory') return { extent: batch, strides: [operand.batch] };
  const [end] = axesOf(operand, batch, free);
  let last = end - 1;
  while (last > 0 && operand.space[last] === 1) last--;
  const strides = loadsOf([operand.value]).map(({ place }) => place.strides[last]);
  return { extent: operand.space[last], strides };
}

/** How many matrices of a product lie beside each other in all that it reads; 0 when they do not. */
export function matricesBeside({ batch, m, n, k, lhs, rhs }: ContractionStage): number {
  if (batch < LEAST_BESIDE || m * n * k === 0) return 0;
  const walks = [lastBatch(lhs, batch, m), lastBatch(rhs, batch, n)];
  const extent = Math.min(...walks.map((walk) => walk.extent));
  const strides = walks.flatMap((walk) => walk.strides);
  const beside = strides.every((stride) => stride === 1 || stride === 0) && strides.includes(1);
  return beside && extent >= LEAST_BESIDE ? extent : 0;
}

/** Whether what a product's elements become lies beside each other where its matrices do. */
export function finishesBeside(product: ContractionStage, turned: readonly Affine[]): boolean {
  const { shape } = product.variable;
  const beside = matricesBeside(product);
  if (beside === 0) return false;
  let axis = 0;
  for (let matrices = shape[0]; matrices < product.batch; matrices *= shape[axis]) axis++;
  while (shape[axis] === 1) axis--;
  return shape[axis] >= LEAST_BESIDE && turned.findLast(({ strides }) => strides.includes(1))?.strides[axis] === 1;
}

/** The dispatch of a product of matrices that lie beside each other. */
export function besideDraft(region: Region, stage: ContractionStage, label: string, flops: number): Draft {
  const { batch, m, n } = stage;
  const lanes = batch * Math.ceil(m / LANE_ROWS) * Math.ceil(n / LANE_COLUMNS);
  const workgroups = gridOf(Math.ceil(lanes / WORKGROUP));
  const { reads, writes } = accessOf([stage]);
  return {
    label: `${label} beside`,
    touched: touchedBy(region, new Set([...reads, ...writes])),
    flops,
    workgroups,
    module: (kernel) => source(kernel, stage, workgroups[0], lanes),
  };
}

function source(kernel: Kernel, stage: ContractionStage, width: number, lanes: number): string {
  const { batch, m, n, k, lhs, rhs, variable } = stage;
  const type = elementType(variable.dtype);
  const beside = matricesBeside(stage);
  const [down, across] = [Math.ceil(m / LANE_ROWS), Math.ceil(n / LANE_COLUMNS)];
  const rows = Array.from({ length: LANE_ROWS }, (_, r) => r);
  const columns = Array.from({ length: LANE_COLUMNS }, (_, q) => q);
  const before: string[] = [];
  const names = (base: string, extent: number, count: readonly number[]): string[] =>
    count.map((i) => {
      const name = `${base}${i}`;
      // Beyond the last one the last one is read: it is not kept.
      before.push(`let ${name} = min(${base} + ${i}u, ${u32(extent - 1)});`);
      return name;
    });
  const [i, j] = [names('row', m, rows), names('column', n, columns)];
  const left = reader(kernel, lhs, [batch, m, k], before);
  const right = reader(kernel, rhs, [batch, n, k], before);
  const inner: string[] = [];
  const factors = i.map((row) => left(row, inner));
  inner.push(`let across = vec4<${type}>(${j.map((column) => right(column, inner)).join(', ')});`);
  for (const r of rows) {
    const factor = `vec4<${type}>(${factors[r]})`;
    inner.push(type === 'f32' ? `sum${r} = fma(${factor}, across, sum${r});` : `sum${r} += ${factor} * across;`);
  }
  return `
fn take(b: u32, i: u32, j: u32, value: ${type}) {
let position = (b * ${u32(m)} + i) * ${u32(n)} + j;
${finishElement(kernel, stage, 'position', 'value')}
}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
let id = (group.y * ${u32(width)} + group.x) * ${u32(WORKGROUP)} + lane;
if (id >= ${u32(lanes)}) { return; }
let tile = id / ${u32(beside)};
let column = (tile % ${u32(across)}) * ${u32(LANE_COLUMNS)};
let row = ((tile / ${u32(across)}) % ${u32(down)}) * ${u32(LANE_ROWS)};
let b = (tile / ${u32(across * down)}) * ${u32(beside)} + id % ${u32(beside)};
${rows.map((r) => `var sum${r} = vec4<${type}>();`).join('\n')}
${before.join('\n')}
for (var c = 0u; c < ${u32(k)}; c++) {
${inner.join('\n')}
}
for (var r = 0u; r < ${u32(Math.min(LANE_ROWS, m))}; r++) {
if (row + r >= ${u32(m)}) { break; }
var value: vec4<${type}>;
switch r {
${rows.map((r) => `case ${r}u: { value = sum${r}; }`).join('\n')}
default: {}
}
${columns.map((q) => `if (column + ${q}u < ${u32(n)}) { take(b, row + r, column + ${q}u, value[${q}]); }`).join('\n')}
}
}`;
}

/** How the element of an operand at a free index is read: statements that need no contracted index go before the loop over it. */
function reader(
  kernel: Kernel,
  operand: ContractionOperand,
  [batch, free, contract]: readonly [number, number, number],
  before: string[],
): (index: string, lines: string[]) => string {
  if (operand.kind === 'memory')
    return (index) => kernel.load(operand.variable, operandPlace(operand, ['b', index, 'c']));
  const { space, value } = operand;
  const [afterBatch, afterFree] = axesOf(operand, batch, free);
  const group = (axes: Shape, position: string, lines: string[]): string[] => {
    if (axes.filter((extent) => extent > 1).length <= 1) return axes.map((extent) => (extent > 1 ? position : '0u'));
    const made = steps(kernel, axes, position);
    lines.push(made.text);
    return made.names;
  };
  if (sizeOf(space.slice(afterFree)) !== contract) throw new Error('emit: an operand that is not of its product.');
  const ofBatch = group(space.slice(0, afterBatch), 'b', before);
  return (index, lines) => {
    const ofFree = group(space.slice(afterBatch, afterFree), index, before);
    const ofContract = group(space.slice(afterFree), 'c', lines);
    const names = [...ofBatch, ...ofFree, ...ofContract];
    const elements = new Elements(kernel, (place) => placeBy(names, place));
    const found = elements.value(value);
    lines.push(...elements.lines);
    return found;
  };
}
