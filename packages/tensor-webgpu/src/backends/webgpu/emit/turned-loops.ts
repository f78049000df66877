import { type Load, loadsOf } from '../../../kernels/expression.ts';
import type { LoopStage } from '../../../kernels/form.ts';
import { type Affine, affineKey } from '../../../shape/affine.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { fromBits, toBits } from './combine.ts';
import { Elements, type Locate } from './elements.ts';
import { type Body, type Kernel, WORKGROUP } from './kernel.ts';
import { placesIn, storeAll } from './loops.ts';
import { sumOf, Walk } from './space.ts';
import { u32 } from './wgsl-types.ts';

/** Elements along each side of a tile in workgroup memory, whose rows lie one further apart, against bank conflicts. */
const SIDE = 32;
const ROW = SIDE + 1;
/** Tiles at once: 4 KB each of the 16 that every device has. */
const MOST_TILES = 3;
/** Below these extents, strides and sizes lanes use most of the sectors that they bring, or little is brought. */
const LEAST_EXTENT = 16;
const LEAST_STRIDE = 8;
const LEAST_ELEMENTS = 1 << 13;

/** Loops that read some variables along another axis than they write: axes of `walk`, and places with one tile each. */
export interface TurnedLoops {
  readonly stage: LoopStage;
  readonly walk: Walk;
  /** The axis that neighbouring elements are written along, and the one that the turned ones are read along. */
  readonly written: number;
  readonly read: number;
  readonly tiles: readonly (readonly Load[])[];
}

/** How loops go through tiles; `null` for loops that lanes go through as they are. */
export function turnedLoops(stage: LoopStage): TurnedLoops | null {
  const { space, stores } = stage;
  if (sizeOf(space) < LEAST_ELEMENTS) return null;
  const values = stores.map(({ value }) => value);
  const walk = new Walk(space, [...placesIn(values), ...stores.map(({ place }) => place)]);
  const axes = walk.extents.flatMap((extent, axis) => (extent >= LEAST_EXTENT ? [axis] : []));
  /** The axis that most of these places go along one by one. */
  const along = (places: readonly Affine[]): number => {
    const counts = axes.map((axis) => places.filter((place) => walk.stride(place, axis) === 1).length);
    const most = Math.max(0, ...counts);
    return most === 0 ? -1 : axes[counts.indexOf(most)];
  };
  const written = along(stores.map(({ place }) => place));
  if (written < 0) return null;
  const far = loadsOf(values).filter(
    ({ place, terms }) => terms.length === 0 && Math.abs(walk.stride(place, written)) >= LEAST_STRIDE,
  );
  const read = along(far.map(({ place }) => place));
  if (read < 0) return null;
  const tiles = new Map<string, Load[]>();
  for (const load of far) {
    if (walk.stride(load.place, read) !== 1) continue;
    const key = `${load.variable.id}@${affineKey(load.place)}`;
    const same = tiles.get(key);
    if (same) same.push(load);
    else if (tiles.size < MOST_TILES) tiles.set(key, [load]);
  }
  return { stage, walk, written, read, tiles: [...tiles.values()] };
}

/**
 * A workgroup takes a square: it brings what lies along the other axis into workgroup memory, neighbouring lanes along that
 * axis, and then computes and writes with neighbouring lanes along its own.
 */
export function turnedBody(kernel: Kernel, { stage, walk, written, read, tiles }: TurnedLoops): Body {
  const { extents } = walk;
  const [index, square, q] = ['i', 'square', 'q'].map((name) => kernel.name(name));
  const others = extents.map((_, axis) => axis).filter((axis) => axis !== written && axis !== read);
  const [across, down] = [written, read].map((axis) => Math.ceil(extents[axis] / SIDE));
  const squares = others.reduce((product, axis) => product * extents[axis], across * down);
  const lines = [`let ${square}_w = (block % ${u32(across)}) * ${u32(SIDE)};`];
  lines.push(`let ${square}_r = ((block / ${u32(across)}) % ${u32(down)}) * ${u32(SIDE)};`);
  let inner = across * down;
  for (const axis of others.reverse()) {
    lines.push(`let ${index}_${axis} = (block / ${u32(inner)}) % ${u32(extents[axis])};`);
    inner *= extents[axis];
  }
  lines.push(`let ${square}_lane = lane % ${u32(SIDE)};`);
  const locate: Locate = (place) => sumOf(walk.terms(`${index}_`, place), place.offset);
  const each = (fast: number, slow: number, body: readonly string[]): string[] => [
    `for (var ${q} = lane / ${u32(SIDE)}; ${q} < ${u32(SIDE)}; ${q} += ${u32(WORKGROUP / SIDE)}) {`,
    `let ${index}_${fast} = ${square}_${fast === written ? 'w' : 'r'} + ${square}_lane;`,
    `let ${index}_${slow} = ${square}_${slow === written ? 'w' : 'r'} + ${q};`,
    `if (${index}_${fast} < ${u32(extents[fast])} && ${index}_${slow} < ${u32(extents[slow])}) {`,
    ...body,
    '}',
    '}',
  ];
  const ready = new Map<Load, string>();
  const brought = tiles.map((loads, i) => {
    const [{ variable, dtype, place }] = loads;
    kernel.declare(`turned${i}`, `var<workgroup> turned${i}: array<u32, ${SIDE * ROW}>;`);
    for (const load of loads) ready.set(load, fromBits(`turned${i}[${q} * ${u32(ROW)} + ${square}_lane]`, load.dtype));
    return `turned${i}[${square}_lane * ${u32(ROW)} + ${q}] = ${toBits(kernel.load(variable, locate(place)), dtype)};`;
  });
  lines.push(...each(read, written, brought), 'workgroupBarrier();');
  const elements = new Elements(kernel, locate, ready);
  lines.push(...each(written, read, [storeAll(kernel, stage.stores, elements, locate)]));
  return { workgroups: squares, text: lines.join('\n') };
}
