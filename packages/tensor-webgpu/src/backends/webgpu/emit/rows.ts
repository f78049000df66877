import type { RowPart } from '../../../kernels/form.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { sharesFor } from './gathering.ts';
import { type Body, type Kernel, WORKGROUP } from './kernel.ts';
import { busyLoops, loopElement } from './loops.ts';
import { reduceRange, termsOf } from './reduce.ts';
import { u32 } from './wgsl-types.ts';

/** Elements that a workgroup takes of a row part's widest stage, so that every lane has work. */
const ELEMENTS_AT_ONCE = 4 * WORKGROUP;

/**
 * Stages that follow each other on blocks of rows: a workgroup takes a block through all of them, and waits for its lanes
 * and their writes in between.
 */
export function rowsBody(kernel: Kernel, part: RowPart): Body {
  const { rows, stages } = part;
  const widest = Math.max(1, ...stages.map((stage) => ('space' in stage ? sizeOf(stage.space) / rows : 1)));
  const block = Math.min(rows, Math.max(1, Math.floor(ELEMENTS_AT_ONCE / widest)));
  const lines = [`let first = block * ${u32(block)};`, `let end = min(first + ${u32(block)}, ${u32(rows)});`];
  for (const stage of stages) {
    if (stage.kind === 'loops') {
      const busy = busyLoops(stage, kernel.region);
      if (!busy) continue;
      const each = u32(sizeOf(stage.space) / rows);
      const element = kernel.name('e');
      lines.push(
        `for (var ${element} = first * ${each} + lane; ${element} < end * ${each}; ${element} += ${u32(WORKGROUP)}) {`,
      );
      lines.push(loopElement(kernel, busy, element), '}');
    } else if (stage.kind === 'reduce') {
      const each = sizeOf(stage.space.slice(0, stage.kept)) / rows;
      // Lanes beyond the results of a block would idle.
      const shares = sharesFor(1, Math.max(termsOf(stage), 1) * (each * block >= WORKGROUP ? 0 : 1), true);
      lines.push(reduceRange(kernel, stage, shares, `first * ${u32(each)}`, `end * ${u32(each)}`));
    } else throw new Error(`emit: a part of several stages holds a ${stage.kind}.`);
    lines.push('storageBarrier();');
  }
  return { workgroups: Math.ceil(rows / block), text: lines.join('\n') };
}
