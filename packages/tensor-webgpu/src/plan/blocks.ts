import { madeBy, readBy, valuesOf } from '../kernels/access.ts';
import { loadsOf } from '../kernels/expression.ts';
import type { RowPart, Schedule, Stage } from '../kernels/form.ts';
import { contractsOwnRows, readOwnRows } from '../kernels/rows.ts';
import type { Target } from '../kernels/target.ts';
import type { Var } from '../program/aval.ts';
import { sizeOf } from '../shape/shape.ts';
import { aligned, type Block, packArena } from './arena.ts';

/** What a part keeps of its block of rows alone: bytes for one thread, and where each variable begins in them. */
export interface BlockMemory {
  readonly bytes: number;
  readonly offsets: ReadonlyMap<Var, number>;
  readonly rowBytes: ReadonlyMap<Var, number>;
}

/** Whole vectors may be stored past the last row. */
const BEYOND = 16;

/**
 * The memory of parts that run in blocks of `rowsPerBlock` rows, for variables that only one part makes and reads: they are
 * needed for the rows of one block at a time, which stay in the cache, and each thread has its own.
 */
export function planBlocks(
  schedule: Schedule,
  target: Target,
  rowsPerBlock: (part: RowPart) => number,
): Map<RowPart, BlockMemory> {
  const shared = new Set<Var>([...schedule.inputs, ...schedule.outputs]);
  const owner = new Map<Var, unknown>();
  for (const { parts } of schedule.groups) {
    for (const part of parts) {
      for (const variable of [...part.reads, ...part.writes]) {
        const known = owner.get(variable);
        if (known !== undefined && known !== part) shared.add(variable);
        owner.set(variable, part);
      }
    }
  }
  const planned = new Map<RowPart, BlockMemory>();
  for (const { parts } of schedule.groups) {
    for (const part of parts) {
      if (part.kind !== 'rows' || part.stages.length === 1) continue;
      const rows = rowsPerBlock(part);
      if (rows >= part.rows) continue;
      const memory = memoryOf(part, rows, target, shared);
      if (memory.offsets.size > 0) planned.set(part, memory);
    }
  }
  return planned;
}

function memoryOf(part: RowPart, rows: number, target: Target, shared: ReadonlySet<Var>): BlockMemory {
  const blocks = new Map<Var, { -readonly [K in keyof Block]: Block[K] }>();
  const rowBytes = new Map<Var, number>();
  const excluded = new Set<Var>();
  part.stages.forEach((stage, at) => {
    for (const variable of beyondRows(stage, part.rows)) excluded.add(variable);
    for (const variable of new Set([...madeBy(stage), ...readBy(stage)])) {
      if (shared.has(variable)) continue;
      const block = blocks.get(variable);
      if (block) {
        block.to = at;
        continue;
      }
      const bytes = (sizeOf(variable.shape) / part.rows) * target.bytesPerElement(variable.dtype);
      rowBytes.set(variable, bytes);
      blocks.set(variable, { bytes: rows * bytes + BEYOND, from: at, to: at, offset: 0 });
    }
  });
  for (const variable of excluded) blocks.delete(variable);
  const bytes = packArena([...blocks.values()], target.alignment);
  return {
    bytes: aligned(bytes, target.alignment),
    offsets: new Map([...blocks].map(([variable, { offset }]) => [variable, offset])),
    rowBytes,
  };
}

/** Variables that a stage does not read or write row by row. */
function beyondRows(stage: Stage, rows: number): Var[] {
  if (stage.kind === 'update') return [stage.variable, ...readBy(stage)];
  if (stage.kind === 'contraction') {
    if (stage.epilogue || stage.at !== undefined) return [...madeBy(stage), ...readBy(stage)];
    return readBy(stage).filter((variable) => !contractsOwnRows(stage, rows, { has: (other) => other === variable }));
  }
  const wide = loadsOf(valuesOf(stage)).filter((load) => !readOwnRows([load], stage.space, rows, { has: () => true }));
  const pieces = stage.kind === 'reduce' && stage.at !== undefined ? [stage.variable] : [];
  return [...pieces, ...wide.map((load) => load.variable)];
}
